"""One connection through a proxy: what goes to the server, what comes back, and what is made of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import numpy as np

from mxplans_sim.clock import Clock
from mxplans_sim.servers.proxy.mode import AT_ONCE, Mode, Way

READ_BYTES = 2**16


class Present(Protocol):
    """What a connection must know of its proxy."""

    clock: Clock
    mode: Mode

    async def changed(self) -> None:
        """Return at the next change of the mode."""
        ...


class Connection:
    """A client, and the server it wants.

    Args:
        proxy: Tells the mode.
        reader: From the client.
        writer: To the client.
        connect: Connects to the server.
        rng: Of garbage.
    """

    def __init__(
        self,
        proxy: Present,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
        rng: np.random.Generator,
    ) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._connect = connect
        self._rng = rng
        self._server: asyncio.StreamWriter | None = None
        self._answers: asyncio.Task[None] | None = None
        self._asked = False
        self._passed = 0

    async def run(self) -> None:
        """Serve to the end of the connection."""
        try:
            with contextlib.suppress(OSError):  # whoever is gone needs no answer
                if await self._requests() and self._answers is not None:
                    await self._answers
        finally:
            await self._end()

    def cut(self) -> None:
        """Let it break at once."""
        for writer in (self._writer, self._server):
            if writer is not None:
                writer.transport.abort()

    async def _requests(self) -> bool:
        """Take them to the server, or answer in its place; whether answers may still come when the client has ended."""
        if self._proxy.mode.forwards:
            await self._open()
        while self._proxy.mode != AT_ONCE and (data := await self._reader.read(READ_BYTES)):
            await self._while_hanging()
            mode = self._proxy.mode
            if mode.way is Way.HTTP_STATUS:
                await self._tell(http_answer(mode.status))
                return False
            if mode.way is Way.GARBAGE:
                await self._tell(self._rng.bytes(mode.garbage_bytes))
            elif mode.forwards:
                await self._forward(data)
        if self._server is not None and self._server.can_write_eof():
            self._server.write_eof()
        return self._proxy.mode != AT_ONCE

    async def _tell(self, answer: bytes) -> None:
        self._writer.write(answer)
        await self._writer.drain()

    async def _forward(self, data: bytes) -> None:
        if self._server is None:
            await self._open()
        if self._server is not None:
            self._asked = True
            self._server.write(data)
            await self._server.drain()

    async def _open(self) -> None:
        reader, self._server = await self._connect()
        self._answers = asyncio.get_running_loop().create_task(self._return(reader))

    async def _return(self, reader: asyncio.StreamReader) -> None:
        try:
            await self._pass_answers(reader)
        finally:
            self._writer.close()  # which is the end of the requests as well

    async def _pass_answers(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(READ_BYTES):
            await self._while_hanging()
            mode = self._proxy.mode
            if mode.way is Way.SLOW:
                await self._slow_down(mode, len(data))
            elif mode.way is Way.GARBAGE:
                data = self._rng.bytes(len(data))
            elif mode.way is Way.CLOSE:
                data = data[: max(0, mode.after_bytes - self._passed)]
            self._passed += len(data)
            await self._tell(data)
            if mode.way is Way.CLOSE and self._passed >= mode.after_bytes:
                return

    async def _slow_down(self, mode: Mode, size: int) -> None:
        """Once for each answer, and for each of its bytes."""
        wait_s = (mode.latency_s if self._asked else 0.0) + size / mode.bytes_per_s
        self._asked = False
        await self._proxy.clock.sleep(wait_s)

    async def _while_hanging(self) -> None:
        while self._proxy.mode.way is Way.HANG:
            await self._proxy.changed()

    async def _end(self) -> None:
        if self._answers is not None:
            self._answers.cancel()
            await asyncio.gather(self._answers, return_exceptions=True)
        for writer in (self._writer, self._server):
            if writer is not None:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()


def http_answer(status: int) -> bytes:
    """A whole answer of a server that wants no more of this connection."""
    body = f"HTTP {status} on demand\n".encode()
    head = f"HTTP/1.1 {status} On Demand\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + body
