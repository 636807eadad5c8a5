"""The exporter server: several clients, each with its requests in order; events go to all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from typing import Any

from mxplans_sim.loopback import HOST
from mxplans_sim.servers.exporter.diffractometer import Diffractometer
from mxplans_sim.servers.exporter.framing import Deframer, frame
from mxplans_sim.servers.exporter.surface import Surface
from mxplans_sim.servers.exporter.values import encode
from mxplans_sim.settings.diffractometer import DiffractometerSettings
from mxplans_sim.world.state import World

TOLD = (
    "State",
    "Status",
    "CurrentPhase",
    "MotorStates",
    "FastShutterIsOpen",
    "BackLightIsOn",
    "CurrentApertureDiameterIndex",
    "CoaxialCameraZoomValue",
    "CoaxCamScaleX",
    "CoaxCamScaleY",
    "BeamPositionHorizontal",
    "BeamPositionVertical",
    "SampleIsLoaded",
)
"""Properties whose changes are told to everybody, besides the positions of motors and organs."""
READ_BYTES = 16384
BACKLOG_BYTES = 8 * 2**20
"""A client that lets so much pile up is disconnected."""

_log = logging.getLogger(__name__)


class ExporterServer:
    """The diffractometer on the network.

    Args:
        world: What it controls.
        settings: Of the controller; those of the protocol's stand-in when not given.

    Attributes:
        diffractometer: The controller behind it.
    """

    def __init__(self, world: World, settings: DiffractometerSettings | None = None) -> None:
        settings = settings or DiffractometerSettings.model_validate({})
        self.diffractometer = Diffractometer(world, settings)
        self._clock = world.clock
        self._largest = settings.request_bytes
        self._interface = Surface(self.diffractometer).interface()
        self._told = [
            entry
            for entry in self._interface.properties.values()
            if entry.name in TOLD or entry.name.endswith("Position")
        ]
        self._last: dict[str, str] = {}
        self._clients: set[Any] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self._ended = asyncio.Event()
        self.diffractometer.changed.subscribe(self._tell)
        self._remember()

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen on 127.0.0.1; port 0 takes a free one.

        Raises:
            OSError: If the port is in use.
        """
        self._server = await asyncio.start_server(self.handle, HOST, port)
        return {"exporter_addr": f"{HOST}:{self._server.sockets[0].getsockname()[1]}"}

    async def wait(self) -> None:
        """Return when it is stopped."""
        await self._ended.wait()

    async def stop(self) -> None:
        """Stop listening, disconnect, end what the controller does. Does nothing the second time."""
        if self._server is not None:
            self._server.close()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await self.diffractometer.close()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None
        self._ended.set()

    async def handle(self, reader: asyncio.StreamReader, writer: Any) -> None:
        """Serve one client to its end."""
        self._clients.add(writer)
        if (task := asyncio.current_task()) is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        deframer = Deframer(self._largest)
        try:
            while not deframer.overflown and (data := await reader.read(READ_BYTES)):
                for payload in deframer.feed(data):
                    await self._answer(payload, writer)
                await writer.drain()
                await asyncio.sleep(0)  # a burst of one client must not keep the others waiting
            if deframer.overflown:
                _log.warning("a client sent more than %d bytes without an end of message", self._largest)
        except ConnectionError as error:
            _log.info("a client is gone: %s", error)
        finally:
            self._clients.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, payload: bytes, writer: Any) -> None:
        try:
            request = payload.decode()
        except UnicodeDecodeError:
            answer: str | None = "ERR:the request is not UTF-8"
        else:
            answer = await self._interface.answer(request)
        if answer is not None and not writer.is_closing():
            writer.write(frame(answer))

    def _remember(self) -> list[str]:
        """Take note of the present values; returns events of those that are new."""
        stamp_ms = round(self._clock.stamp_s() * 1000)
        events = []
        for entry in self._told:
            text = encode(entry.read())
            if self._last.get(entry.name) != text:
                self._last[entry.name] = text
                events.append(f"EVT:{entry.name}\t{text}\t{stamp_ms}")
        return events

    def _tell(self) -> None:
        events = b"".join(map(frame, self._remember()))
        if not events:
            return
        for writer in tuple(self._clients):
            if writer.is_closing():
                continue
            writer.write(events)
            transport = getattr(writer, "transport", None)
            if transport is not None and transport.get_write_buffer_size() > BACKLOG_BYTES:
                _log.warning("a client does not read its events, it is disconnected")
                transport.abort()
