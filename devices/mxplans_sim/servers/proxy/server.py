"""A proxy on a port of the loopback interface, whose network goes wrong on demand."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from mxplans_sim.clock import Clock
from mxplans_sim.loopback import HOST, bound_socket
from mxplans_sim.servers.proxy.connection import READ_BYTES, Connection
from mxplans_sim.servers.proxy.mode import AT_ONCE, PASS, Mode, Way
from mxplans_sim.world.seeding import rng_for

MOST_CONNECTIONS = 2000
"""Connections beyond are closed at once, so that those that are left half open do no harm."""
_BACKLOG = 512


class NetworkFaults:
    """Stands before a server; clients connect to the proxy instead. Also a context manager.

    Args:
        host: Of the server.
        port: Of the server.
        clock: Simulated time.
        seed: Of garbage.
        name: Of the proxy; garbage differs from proxy to proxy.

    Attributes:
        clock: Simulated time.
        mode: What is done now; `put` changes it.
        accepted: Connections so far.
    """

    def __init__(self, host: str, port: int, clock: Clock, seed: int = 0, name: str = "proxy") -> None:
        self.clock = clock
        self.mode = PASS
        self.accepted = 0
        self._target = host, port
        self._seed = seed
        self._name = name
        self._reserved: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._managing: asyncio.Task[None] | None = None
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._numbers = itertools.count()
        self._change = asyncio.Event()
        self._settled = asyncio.Event()

    @property
    def address(self) -> str:
        """Where clients connect, as `127.0.0.1:1234`; empty before the start."""
        return "" if self._reserved is None else f"{HOST}:{self._reserved.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """Connections that are open now."""
        return len(self._connections)

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If the port is in use.
        """
        reserved = bound_socket(port)
        # Bound but not listening, it keeps the port while nobody is to be there.
        self._reserved = reserved
        try:
            await self._apply()
        except OSError:
            reserved.close()
            self._reserved = None
            raise
        self._managing = asyncio.get_running_loop().create_task(self._manage())
        return {f"{self._name}_proxy_addr": self.address}

    async def stop(self) -> None:
        """Stop listening, cut connections. Does nothing when it was not started, or the second time."""
        if self._managing is not None:
            self._managing.cancel()
            await asyncio.gather(self._managing, return_exceptions=True)
            self._managing = None
        await self._close()
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None

    async def wait(self) -> None:
        """Return when it is stopped, or raise what ended it."""
        managing = self._managing
        if managing is not None:
            await asyncio.wait([managing])
            if not managing.cancelled():
                managing.result()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def put(self, mode: Mode) -> None:
        """Change the mode, of open connections as well; see `switch` for when that is done."""
        self.mode = mode
        self._settled.clear()
        change, self._change = self._change, asyncio.Event()
        change.set()

    async def switch(self, mode: Mode) -> None:
        """Change the mode and return when it holds."""
        self.put(mode)
        await self._settled.wait()

    async def changed(self) -> None:
        """Return at the next change of the mode."""
        await self._change.wait()

    async def _manage(self) -> None:
        """Let the port follow the mode, until cancelled."""
        while True:
            change, mode = self._change, self.mode
            await self._apply()
            if self.mode is mode:
                self._settled.set()
            if mode.way is Way.DIE_AND_RETURN:
                await self._come_back(mode, change)
            else:
                await change.wait()

    async def _come_back(self, mode: Mode, change: asyncio.Event) -> None:
        """Pass again after a time, unless something else is wanted before."""
        loop = asyncio.get_running_loop()
        waits = [loop.create_task(self.clock.sleep(mode.down_s)), loop.create_task(_of(change))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if not change.is_set():
            self.put(PASS)

    async def _apply(self) -> None:
        if not self.mode.listens or self.mode == AT_ONCE:
            self._cut()
        if not self.mode.listens:
            await self._close()
        elif self._server is None and self._reserved is not None:
            listener = bound_socket(self._reserved.getsockname()[1])
            self._server = await asyncio.start_server(self._accept, sock=listener, limit=READ_BYTES, backlog=_BACKLOG)

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._cut()
        tasks = tuple(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if server is not None:
            await server.wait_closed()

    def _cut(self) -> None:
        for connection in self._connections.values():
            connection.cut()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self.accepted += 1
        if task is None or len(self._connections) >= MOST_CONNECTIONS:
            writer.transport.abort()
            return
        rng = rng_for(self._seed, "garbage", self._name, next(self._numbers))
        connection = Connection(self, reader, writer, lambda: asyncio.open_connection(*self._target), rng)
        self._connections[task] = connection
        try:
            with contextlib.suppress(asyncio.CancelledError):  # of `_close`, and of nobody else
                await connection.run()
        finally:
            self._connections.pop(task, None)


async def _of(event: asyncio.Event) -> None:
    await event.wait()
