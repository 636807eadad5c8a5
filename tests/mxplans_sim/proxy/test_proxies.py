"""Proxies by name: where they lead, and how a fault reaches them."""

import asyncio

import pytest
from proxy_support import SPEED_UP, Client, Echo

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.servers.proxy.channel_access import ChannelAccessFaults
from mxplans_sim.servers.proxy.mode import Mode, Way
from mxplans_sim.servers.proxy.proxies import Proxies, resolved
from mxplans_sim.settings.base import SettingsError
from mxplans_sim.truth import Truth

FACTS = {
    "ca_addr": "127.0.0.1:5064",
    "ca_prefix": "SIM:",
    "simplon_url": "http://127.0.0.1:81",
    "exporter_addr": "127.0.0.1:82",
    "isara_operate_addr": "127.0.0.1:83",
    "stomp_addr": "127.0.0.1:84",
}


@pytest.mark.parametrize(
    ("target", "port"),
    [("simplon", 81), ("exporter", 82), ("isara_operate", 83), ("epics", 5064), ("zocalo", 84), ("localhost:90", 90)],
)
def test_a_target_is_an_address_or_a_server_of_the_beamline(target, port):
    assert resolved("a", target, FACTS)[1] == port


@pytest.mark.parametrize("target", ["tiled", "host", ":80", "host:0", "host:65536", "host:x", ""])
def test_another_target_is_refused(target):
    with pytest.raises(SettingsError, match="allowed are HOST:PORT and .*simplon"):
        resolved("a", target, FACTS)


def test_a_rule_breaks_the_network_and_takes_it_back():
    async def main():
        clock = RealClock(SPEED_UP)
        faults = Faults(clock, 1, Truth(None, clock))
        async with Echo().listening() as echo:
            proxies = Proxies({"lims": f"127.0.0.1:{echo.port}", "tiled": f"127.0.0.1:{echo.port}"}, clock, 1)
            facts = await proxies.start({})
            faults.on("network", proxies.act)
            acting = asyncio.create_task(faults.run())
            parameters = {"proxy": "lims", "mode": "http_status", "status": 409}
            try:
                faults.inject(Rule(kind="network", parameters=parameters))
                await asyncio.sleep(0.05)
                assert proxies.by_name["lims"].mode == Mode(Way.HTTP_STATUS, status=409)
                assert proxies.by_name["tiled"].mode == Mode()
                host, _, port = facts["lims_proxy_addr"].partition(":")
                client = Client(*await asyncio.open_connection(host, int(port)))
                client.writer.write(b"PUT / HTTP/1.1\r\n\r\n")
                assert b" 409 " in await client.rest()
                client.writer.close()
                await client.writer.wait_closed()
                faults.clear()
                assert proxies.by_name["lims"].mode == Mode()
            finally:
                acting.cancel()
                await asyncio.gather(acting, return_exceptions=True)
                await proxies.stop()
                await proxies.stop()

    asyncio.run(main())


def test_all_of_them_break_at_once_and_what_another_fault_did_stays():
    async def main():
        proxies = Proxies({"a": "127.0.0.1:1", "b": "epics"}, RealClock(), 1)
        await proxies.start(FACTS)
        try:
            assert isinstance(proxies.by_name["b"], ChannelAccessFaults)
            take_back = proxies.act({"proxy": "*", "mode": "slow", "latency_s": 3.0})
            proxies.act({"proxy": "b", "mode": "hang"})
            assert proxies.by_name["a"].mode.latency_s == 3.0
            take_back()
            assert [proxy.mode.way for proxy in proxies.by_name.values()] == [Way.PASS, Way.HANG]
            with pytest.raises(ValueError, match="no proxy 'c', there are a, b"):
                proxies.act({"proxy": "c", "mode": "hang"})
        finally:
            await proxies.stop()

    asyncio.run(main())


def test_a_wrong_target_leaves_nothing_behind():
    async def main():
        proxies = Proxies({"a": "127.0.0.1:1", "b": "nowhere"}, RealClock(), 1)
        with pytest.raises(SettingsError, match="proxy 'b' leads to 'nowhere'"):
            await proxies.start({})
        assert proxies.by_name == {}

    asyncio.run(main())
