"""A server that repeats what it is told, behind a proxy."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.proxy.server import NetworkFaults

SPEED_UP = 10.0
"""Simulated seconds per second: the proxies live in simulated time."""


class Echo:
    """Repeats what it is told.

    Attributes:
        heard: All that it was told.
    """

    def __init__(self) -> None:
        self.heard = b""
        self.port = 0
        self._clients: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Echo"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._clients:
                writer.transport.abort()
            await asyncio.sleep(0.01)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
                await writer.drain()
        writer.close()


class Client:
    """A connection to a proxy, closed at the end of the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, data: bytes, size: int | None = None) -> bytes:
        self.writer.write(data)
        return await asyncio.wait_for(self.reader.readexactly(len(data) if size is None else size), 5)

    async def rest(self) -> bytes:
        """What comes until the connection ends, in whatever way."""
        got = b""
        with contextlib.suppress(ConnectionError):
            while data := await asyncio.wait_for(self.reader.read(65536), 5):
                got += data
        return got

    async def silent(self, wait_s: float = 0.1) -> bool:
        """Whether nothing comes for some real seconds."""
        try:
            await asyncio.wait_for(self.reader.read(1), wait_s)
        except TimeoutError:
            return True
        return False


class Bench:
    """A proxy before an echo, and clients."""

    def __init__(self, echo: Echo, proxy: NetworkFaults, clock: RealClock) -> None:
        self.echo = echo
        self.proxy = proxy
        self.clock = clock
        self._clients: list[Client] = []

    async def client(self) -> Client:
        host, _, port = self.proxy.address.partition(":")
        client = Client(*await asyncio.open_connection(host, int(port)))
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            client.writer.close()
            with contextlib.suppress(ConnectionError):
                await client.writer.wait_closed()


def on_proxy(work: Callable[[Bench], Awaitable[None]], seed: int = 1) -> None:
    """Run a test with a proxy before an echo; nothing may be left open."""

    async def main() -> None:
        clock = RealClock(SPEED_UP)
        async with Echo().listening() as echo, NetworkFaults("127.0.0.1", echo.port, clock, seed) as proxy:
            bench = Bench(echo, proxy, clock)
            try:
                await work(bench)
            finally:
                await bench.close()
        assert proxy.connections == 0

    asyncio.run(main())
