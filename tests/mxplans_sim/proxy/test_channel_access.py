"""Channel Access through a proxy, with caproto's client."""

import asyncio

import pytest
from caproto import CaprotoError
from caproto.sync import client
from hypothesis import given, settings
from hypothesis import strategies as st
from proxy_support import SPEED_UP
from sim_bench import DEWAR

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.epics.records import Records
from mxplans_sim.servers.epics.server import EpicsServer
from mxplans_sim.servers.proxy.channel_access import HEADER, SAME_HOST, SEARCH, ChannelAccessFaults, led_to
from mxplans_sim.servers.proxy.mode import Mode, Way
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.state import World


def on_channel_access(monkeypatch, work):
    async def main():
        clock = RealClock(SPEED_UP)
        world = World(WorldSettings.model_validate({"seed": 3}), DEWAR, clock, Truth(None, clock))
        server = EpicsServer(Records(world))
        facts = await server.start()
        port = int(facts["ca_addr"].rpartition(":")[2])
        try:
            async with ChannelAccessFaults("127.0.0.1", port, clock) as proxy:
                monkeypatch.setenv("EPICS_CA_ADDR_LIST", proxy.address)
                monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
                await work(proxy)
        finally:
            await server.stop()

    asyncio.run(main())


async def read(timeout_s=3.0):
    answer = await asyncio.to_thread(client.read, "SIM:GON:OMEGA.VELO", timeout=timeout_s, repeater=False)
    return float(answer.data[0])


def test_searches_and_values_go_through_the_proxy_and_nowhere_else(monkeypatch):
    async def work(proxy):
        assert await read() == 120.0
        assert proxy.accepted == 1

    on_channel_access(monkeypatch, work)


@pytest.mark.parametrize("mode", [Mode(Way.HANG), Mode(Way.REFUSE), Mode(Way.GARBAGE)])
def test_a_search_gets_no_answer_and_one_later_does(monkeypatch, mode):
    async def work(proxy):
        await proxy.switch(mode)
        with pytest.raises((TimeoutError, CaprotoError)):  # garbage is an error to this client
            await read(0.3)
        await proxy.switch(Mode())
        assert await read() == 120.0

    on_channel_access(monkeypatch, work)


def test_a_slow_search_is_late(monkeypatch):
    async def work(proxy):
        await proxy.switch(Mode(Way.SLOW, latency_s=0.5 * SPEED_UP))
        with pytest.raises(TimeoutError):
            await read(0.2)
        assert await read(5.0) == 120.0

    on_channel_access(monkeypatch, work)


def test_only_answers_to_searches_are_led_to_the_proxy():
    version = HEADER.pack(0, 0, 1, 13, 0, 0)
    search = HEADER.pack(SEARCH, 8, 5064, 0, 0x7F000001, 17) + bytes(8)
    other = HEADER.pack(13, 0, 5064, 0, 0x7F000001, 0)
    led = HEADER.pack(SEARCH, 8, 4711, 0, SAME_HOST, 17) + bytes(8)
    assert led_to(4711, version + search + other + search) == version + led + other + led


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_datagram_keeps_its_length(data):
    assert len(led_to(1, data)) == len(data)
