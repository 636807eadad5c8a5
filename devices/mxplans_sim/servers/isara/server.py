"""The two ports of the robot: one for orders, which serves one client at a time, and one for questions."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mxplans_sim.loopback import HOST
from mxplans_sim.servers.isara.arm import ALWAYS_READY, Arm
from mxplans_sim.servers.isara.commands import monitor, operate
from mxplans_sim.settings.diffractometer import IsaraSettings
from mxplans_sim.world.state import World

END = b"\r"
OCCUPIED = "Rejected - Another client is connected"
READ_BYTES = 4096
KEEP_ALIVE = {socket.TCP_KEEPIDLE: 30, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}
"""A machine that does not answer for a minute is gone: seconds of silence, seconds between probes, probes."""

_log = logging.getLogger(__name__)


class IsaraServer:
    """The robot on the network.

    Args:
        world: Whose sample changer it is.
        settings: Of the robot; those of the protocol's stand-in when not given.
        obstacle: Says why the diffractometer is not ready for the robot; an empty text when it is.

    Attributes:
        arm: The robot behind it.
    """

    def __init__(
        self, world: World, settings: IsaraSettings | None = None, obstacle: Callable[[], str] = ALWAYS_READY
    ) -> None:
        settings = settings or IsaraSettings.model_validate({})
        self.arm = Arm(world, settings, obstacle)
        self._largest = settings.request_bytes
        self._servers: list[asyncio.Server] = []
        self._serving: set[asyncio.Task[Any]] = set()
        self._operator: Any = None
        self._idle_s = settings.idle_s
        self._clock = world.clock
        self._last_order_s = 0.0
        self._ended = asyncio.Event()

    async def start(self, port: int = 0, monitor_port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If a port is in use.
        """
        for handler, wanted in ((self.handle_operator, port), (self.handle_monitor, monitor_port)):
            self._servers.append(await asyncio.start_server(handler, HOST, wanted))
        operator, questions = (f"{HOST}:{server.sockets[0].getsockname()[1]}" for server in self._servers)
        return {"isara_operate_addr": operator, "isara_monitor_addr": questions}

    async def wait(self) -> None:
        """Return when it is stopped."""
        await self._ended.wait()

    async def stop(self) -> None:
        """Stop listening, disconnect, end the path that runs. Does nothing the second time."""
        for server in self._servers:
            server.close()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self.arm.abort()
        for server in self._servers:
            await server.wait_closed()
        self._servers.clear()
        self._ended.set()

    async def handle_operator(self, reader: asyncio.StreamReader, writer: Any) -> None:
        """Serve the one client that may give orders; others are turned away unless that one has fallen silent."""
        if self._operator is not None and not self._abandoned:
            writer.write(OCCUPIED.encode() + END)
            await _close(writer)
            return
        if self._operator is not None:
            _log.warning("a client has given no order for %g s and makes room for another one", self._idle_s)
            self._operator.close()
        self._operator, self._last_order_s = writer, self._clock.now_s()
        try:
            await self._serve(reader, writer, self._order)
        finally:
            if self._operator is writer:
                self._operator = None

    @property
    def _abandoned(self) -> bool:
        """Whether nobody would miss the one who may give orders."""
        return not self.arm.path and self._clock.now_s() - self._last_order_s > self._idle_s

    async def _order(self, text: str) -> str:
        self._last_order_s = self._clock.now_s()
        return await operate(self.arm, text)

    async def handle_monitor(self, reader: asyncio.StreamReader, writer: Any) -> None:
        """Serve a client that asks."""

        async def answer(text: str) -> str:
            return monitor(self.arm, text)

        await self._serve(reader, writer, answer)

    async def _serve(self, reader: asyncio.StreamReader, writer: Any, answer: Callable[[str], Awaitable[str]]) -> None:
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        rest = b""
        _keep_alive(writer)
        try:
            while len(rest) <= self._largest and (data := await reader.read(READ_BYTES)):
                *lines, rest = (rest + data).split(END)
                for line in lines:
                    writer.write((await answer(line.decode(errors="replace"))).encode() + END)
                await writer.drain()
                await asyncio.sleep(0)  # a burst of one client must not keep the others waiting
            if len(rest) > self._largest:
                _log.warning("a client sent more than %d bytes without an end of line", self._largest)
        except ConnectionError as error:
            _log.info("a client is gone: %s", error)
        finally:
            await _close(writer)


def _keep_alive(writer: Any) -> None:
    """Let the system find out whether the other machine is still there."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in KEEP_ALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, option, value)


async def _close(writer: Any) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
