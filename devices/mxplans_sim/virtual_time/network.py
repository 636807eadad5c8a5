"""The loopback network in this process: HTTP and TCP between devices in threads and servers on the virtual loop.

Only addresses that are registered are served here; whatever else a device wants to reach goes over the real network, and
time stands while it waits.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Any

import httpx

from mxplans_sim.loopback import HOST

Address = tuple[str, int]
Handler = Callable[[asyncio.StreamReader, Any], Awaitable[None]]
_FIRST_PORT = 70_000
"""No real port is so high, so that nobody else can be meant."""
READ_LIMIT = 2**20


class Network:
    """Who answers at which address.

    Args:
        loop: Where the servers live.
        event_class: Events in virtual time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, event_class: Callable[[], Any]) -> None:
        self.loop = loop
        self.event_class = event_class
        self._apps: dict[Address, Any] = {}
        self._handlers: dict[Address, Handler] = {}

    def add_app(self, app: Any) -> str:
        """Serve an ASGI application; returns its URL."""
        host, port = self._free()
        self._apps[host, port] = app
        return f"http://{host}:{port}"

    def add_handler(self, handler: Handler) -> str:
        """Serve a stream handler, as for `asyncio.start_server`; returns its address, as `127.0.0.1:70000`."""
        host, port = self._free()
        self._handlers[host, port] = handler
        return f"{host}:{port}"

    def app(self, address: Address) -> Any | None:
        """The application at an address."""
        return self._apps.get(address)

    def connect(self, address: Address, timeout_s: float | None) -> InProcessSocket | None:
        """A connection to the stream server at an address; None when there is none here."""
        handler = self._handlers.get(address)
        return None if handler is None else InProcessSocket(self, handler, timeout_s)

    def modules(self) -> Mapping[str, SimpleNamespace]:
        """What clients use in place of the modules `httpx` and `socket`."""
        network = self

        class Client(httpx.Client):
            """As `httpx.Client`."""

            def __init__(self, *args: Any, transport: httpx.BaseTransport | None = None, **kwargs: Any) -> None:
                super().__init__(*args, transport=transport or _Transport(network), **kwargs)

        def create_connection(address: Address, timeout: float | None = None, *args: Any, **kwargs: Any) -> Any:
            found = network.connect(address, timeout)
            return socket.create_connection(address, timeout, *args, **kwargs) if found is None else found

        return {
            "httpx": SimpleNamespace(**(vars(httpx) | {"Client": Client})),
            "socket": SimpleNamespace(**(vars(socket) | {"create_connection": create_connection})),
        }

    def _free(self) -> Address:
        return HOST, _FIRST_PORT + len(self._apps) + len(self._handlers)


class _Transport(httpx.BaseTransport):
    """Takes requests to applications of the network there, others to the real one."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._real: httpx.HTTPTransport | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        app = self._network.app((request.url.host, request.url.port or 0))
        if app is None:
            self._real = self._real or httpx.HTTPTransport()
            return self._real.handle_request(request)
        timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
        content = request.read()
        done = self._network.event_class()
        future = asyncio.run_coroutine_threadsafe(_answer(app, request, content), self._network.loop)
        future.add_done_callback(lambda _: done.set())
        if not done.wait(timeouts.get("read")):
            future.cancel()
            raise httpx.ReadTimeout("no answer in time", request=request)
        return future.result()

    def close(self) -> None:
        if self._real is not None:
            self._real.close()


async def _answer(app: Any, request: httpx.Request, content: bytes) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    copied = httpx.Request(request.method, request.url, headers=request.headers, content=content)
    response = await transport.handle_async_request(copied)
    body = await response.aread()
    return httpx.Response(response.status_code, headers=response.headers, content=body)


class InProcessSocket:
    """The client's end of a stream, with the methods of a socket that clients use.

    Args:
        network: Whose connection it is.
        handler: Serves the other end.
        timeout_s: Virtual seconds to wait for data; None for ever.
    """

    def __init__(self, network: Network, handler: Handler, timeout_s: float | None) -> None:
        self._network = network
        self._timeout_s = timeout_s
        self._buffer = bytearray()
        self._ended = False
        self._arrived = network.event_class()
        self._reader = asyncio.StreamReader(limit=READ_LIMIT, loop=network.loop)
        asyncio.run_coroutine_threadsafe(self._serve(handler), network.loop)

    def settimeout(self, timeout_s: float | None) -> None:
        """Virtual seconds to wait for data."""
        self._timeout_s = timeout_s

    def setsockopt(self, *args: Any) -> None:
        """Nothing is delayed here."""

    def sendall(self, data: bytes) -> None:
        """Send."""
        if self._ended:
            raise BrokenPipeError("the server has closed the connection")
        self._network.loop.call_soon_threadsafe(self._reader.feed_data, bytes(data))

    def recv(self, size: int) -> bytes:
        """What has come, at most `size` bytes; nothing at the end of the stream."""
        while not self._buffer and not self._ended:
            if not self._arrived.wait(self._timeout_s):
                raise TimeoutError("timed out")
            self._arrived.clear()
        data = bytes(self._buffer[:size])
        del self._buffer[: len(data)]
        return data

    def shutdown(self, how: int) -> None:
        """End the stream to the server."""
        self.close()

    def close(self) -> None:
        """End the stream to the server, and whatever waits for data."""
        if not self._network.loop.is_closed():
            self._network.loop.call_soon_threadsafe(self._reader.feed_eof)
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._arrived.set()

    def _take(self, data: bytes) -> None:
        self._buffer += data
        self._arrived.set()

    async def _serve(self, handler: Handler) -> None:
        try:
            await handler(self._reader, _Writer(self._take, self._end))
        finally:
            self._end()


class _Writer:
    """The server's end, with the methods of `asyncio.StreamWriter` that servers use."""

    def __init__(self, take: Callable[[bytes], None], end: Callable[[], None]) -> None:
        self._take = take
        self._end = end
        self._closing = False

    def write(self, data: bytes) -> None:
        self._take(data)

    async def drain(self) -> None:
        return

    def close(self) -> None:
        self._closing = True
        self._end()

    def is_closing(self) -> bool:
        return self._closing

    async def wait_closed(self) -> None:
        return

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (HOST, 0) if name in ("peername", "sockname") else default
