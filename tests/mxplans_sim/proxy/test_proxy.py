"""The modes of a proxy, with real sockets."""

import asyncio
import socket

import httpx
import pytest
from proxy_support import SPEED_UP, Bench, on_proxy

from mxplans_sim.servers.proxy.mode import Mode, Way
from mxplans_sim.servers.proxy.server import MOST_CONNECTIONS, NetworkFaults


def test_it_passes_everything_on_unchanged():
    content = bytes(range(256)) * 8000  # 2 MB, more than any buffer

    async def work(bench: Bench):
        client = await bench.client()
        asking = asyncio.create_task(client.ask(b"", len(content)))
        client.writer.write(content)
        assert await asking == content
        client.writer.write_eof()
        assert await client.rest() == b""  # the echo ends as well
        assert bench.echo.heard == content

    on_proxy(work)


def test_a_slow_network_delays_each_answer_once_and_each_byte():
    async def work(bench: Bench):
        client = await bench.client()
        await bench.proxy.switch(Mode(Way.SLOW, latency_s=2.0, bytes_per_s=1000.0))
        for size, least_s in ((1, 2.0), (3000, 5.0)):
            begin_s = bench.clock.now_s()
            await client.ask(bytes(size))
            assert least_s <= bench.clock.now_s() - begin_s < least_s + 0.2 * SPEED_UP

    on_proxy(work)


def test_connections_are_closed_at_once_or_after_some_bytes():
    async def work(bench: Bench):
        old = await bench.client()
        await old.ask(b"before")
        await bench.proxy.switch(Mode(Way.CLOSE))
        assert await old.rest() == b""
        assert await (await bench.client()).rest() == b""
        await bench.proxy.switch(Mode(Way.CLOSE, after_bytes=5))
        client = await bench.client()
        client.writer.write(b"all of it")
        assert await client.rest() == b"all o"

    on_proxy(work)


def test_nobody_is_there_and_the_port_stays_reserved():
    async def work(bench: Bench):
        client = await bench.client()
        await client.ask(b"before")
        address = bench.proxy.address
        await bench.proxy.switch(Mode(Way.REFUSE))
        assert await client.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            await bench.client()
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", int(address.rpartition(":")[2])))
        await bench.proxy.switch(Mode())
        assert bench.proxy.address == address
        assert await (await bench.client()).ask(b"again") == b"again"

    on_proxy(work)


def test_a_server_dies_and_comes_back_by_itself():
    async def work(bench: Bench):
        client = await bench.client()
        await bench.proxy.switch(Mode(Way.DIE_AND_RETURN, down_s=3.0))
        begin_s = bench.clock.now_s()
        assert await client.rest() == b""
        with pytest.raises(ConnectionRefusedError):
            await bench.client()
        while bench.proxy.mode != Mode():
            await asyncio.sleep(0.01)
        assert 2.9 < bench.clock.now_s() - begin_s < 3.0 + 0.2 * SPEED_UP
        await asyncio.sleep(0.02)
        assert await (await bench.client()).ask(b"back") == b"back"

    on_proxy(work)


def test_another_mode_ends_the_wait_for_the_return():
    async def work(bench: Bench):
        await bench.proxy.switch(Mode(Way.DIE_AND_RETURN, down_s=1e5))
        await bench.proxy.switch(Mode())
        assert await (await bench.client()).ask(b"back") == b"back"

    on_proxy(work)


def test_garbage_repeats_with_the_seed_and_reaches_no_server():
    got = []

    async def work(bench: Bench):
        await bench.proxy.switch(Mode(Way.GARBAGE, garbage_bytes=64))
        first, second = await bench.client(), await bench.client()
        got.append([await first.ask(b"GET /", 64), await first.ask(b"GET /", 64), await second.ask(b"GET /", 64)])
        assert bench.echo.heard == b""

    for seed in (1, 1, 2):
        on_proxy(work, seed)
    assert got[0] == got[1]
    assert len({*got[0], *got[2]}) == 6


def test_a_connection_that_hangs_goes_on_when_it_is_let_go():
    async def work(bench: Bench):
        old = await bench.client()
        await old.ask(b"before")
        await bench.proxy.switch(Mode(Way.HANG))
        new = await bench.client()
        for client in (old, new):
            client.writer.write(b"late")
            assert await client.silent()
        await bench.proxy.switch(Mode())
        for client in (old, new):
            assert await client.ask(b"", 4) == b"late"

    on_proxy(work)


@pytest.mark.parametrize("status", [404, 409, 503])
def test_any_http_client_gets_the_status(status):
    async def work(bench: Bench):
        await bench.proxy.switch(Mode(Way.HTTP_STATUS, status=status))
        async with httpx.AsyncClient(trust_env=False) as client:
            for answer in (
                await client.get(f"http://{bench.proxy.address}/anything"),
                await client.post(f"http://{bench.proxy.address}/", json={"a": 1}),
            ):
                assert answer.status_code == status
        assert bench.echo.heard == b""

    on_proxy(work)


def test_a_connection_that_is_kept_alive_gets_the_status_too():
    async def work(bench: Bench):
        client = await bench.client()
        await client.ask(b"before")
        await bench.proxy.switch(Mode(Way.HTTP_STATUS))
        client.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await client.rest()).startswith(b"HTTP/1.1 503 ")

    on_proxy(work)


def test_a_server_that_is_not_there_ends_the_connection():
    async def main():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            async with NetworkFaults("127.0.0.1", free.getsockname()[1], None) as proxy:
                host, _, port = proxy.address.partition(":")
                reader, writer = await asyncio.open_connection(host, int(port))
                assert await asyncio.wait_for(reader.read(), 5) == b""
                writer.close()
                await writer.wait_closed()

    asyncio.run(main())


def test_ten_thousand_requests_in_a_burst_all_come_back():
    async def work(bench: Bench):
        async def ask(client, number):
            return [await client.ask(b"%06d" % index) for index in range(number)]

        clients = [await bench.client() for _ in range(20)]
        answers = await asyncio.gather(*(ask(client, 500) for client in clients))
        assert all(got == [b"%06d" % index for index in range(500)] for got in answers)

    on_proxy(work)


def test_half_open_connections_do_no_harm():
    async def work(bench: Bench):
        idle = [await bench.client() for _ in range(200)]
        assert await (await bench.client()).ask(b"still") == b"still"
        for client in idle[:100]:
            client.writer.transport.abort()
        assert await (await bench.client()).ask(b"still") == b"still"
        while bench.proxy.connections > 102:
            await asyncio.sleep(0.01)
        assert bench.proxy.connections < MOST_CONNECTIONS

    on_proxy(work)


def test_it_ends_twice_and_before_it_has_begun():
    async def main():
        proxy = NetworkFaults("127.0.0.1", 1, None)
        await proxy.stop()
        await proxy.start()
        waiting = asyncio.create_task(proxy.wait())
        await proxy.stop()
        await proxy.stop()
        await waiting
        assert proxy.address == ""

    asyncio.run(main())
