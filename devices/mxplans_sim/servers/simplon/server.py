"""SIMPLON 1.8 over HTTP, with the spot finder beside it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.config import Config, ConfigError
from mxplans_sim.servers.simplon.detector import StateError, VirtualDetector
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.gate import Gate

API = "1.8.0"


class _QuietServer(uvicorn.Server):
    """Leaves signals to the service."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class SimplonServer:
    """The virtual detector behind HTTP.

    Args:
        gate: Where the bursts of motions come from.
        clock: Simulated time.
        detector: What the detector is like.
        data_dir: Where its files go.
        seed: Of the noise.
        static_burst: Frames of the sample at rest: (number, seconds each).
    """

    def __init__(
        self,
        gate: Gate,
        clock: Clock,
        detector: DetectorSettings,
        data_dir: Path,
        seed: int,
        static_burst: Callable[[int, float], Burst],
    ) -> None:
        self._data_dir = data_dir
        self.detector = VirtualDetector(clock, detector, data_dir, seed, static_burst)
        gate.subscribe(self.detector.on_burst)
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None
        self._socket: socket.socket | None = None

    async def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1; port 0 takes a free one. Returns the base URL.

        Raises:
            OSError: If the port is in use.
        """
        # Named as TCP, asyncio sends without delay; otherwise every answer waits 40 ms for the client's acknowledgement.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._socket.bind(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self.detector.start()
        config = uvicorn.Config(
            self._app(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1, ws="none"
        )
        self._server = _QuietServer(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started and not self._task.done():
            await asyncio.sleep(0.01)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening, end the rendering process. Does nothing when it was not started."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
        self.detector.stop()
        if self._socket is not None:
            self._socket.close()

    def _app(self) -> Starlette:
        detector, writer = f"/detector/api/{API}", f"/filewriter/api/{API}"
        return Starlette(
            routes=[
                Route(f"{detector}/config/{{name}}", self._detector_config, methods=["GET", "PUT"]),
                Route(f"{detector}/command/{{name}}", self._command, methods=["PUT"]),
                Route(f"{detector}/status/state", self._state),
                Route(f"{writer}/config/{{name}}", self._writer_config, methods=["GET", "PUT"]),
                Route(f"{writer}/status/state", self._writer_state),
                Route(f"{writer}/status/error", self._writer_error),
                Route(f"{writer}/files", self._files),
                Route("/data/{name:path}", self._data),
                Route("/spotfinder/1/series/{series:int}", self._spots),
            ]
        )

    async def _detector_config(self, request: Request) -> Response:
        return await _configure(request, self.detector.config, self.detector.put)

    async def _writer_config(self, request: Request) -> Response:
        return await _configure(request, self.detector.writer, self.detector.writer.put)

    async def _command(self, request: Request) -> Response:
        detector, name = self.detector, request.path_params["name"]
        try:
            if name == "arm":
                return JSONResponse({"sequence id": await detector.arm()})
            commands = {
                "initialize": detector.initialize,
                "trigger": detector.trigger,
                "disarm": detector.disarm,
                "cancel": detector.disarm,
                "abort": detector.disarm,
            }
            if name not in commands:
                return PlainTextResponse(f"no command {name}", 404)
            commands[name]()
        except StateError as error:
            return PlainTextResponse(str(error), 400)
        return JSONResponse({})

    async def _state(self, request: Request) -> Response:
        return _status(self.detector.state)

    async def _writer_state(self, request: Request) -> Response:
        return _status(self.detector.writer_state)

    async def _writer_error(self, request: Request) -> Response:
        return _status(self.detector.writer_error)

    async def _files(self, request: Request) -> Response:
        return JSONResponse(self.detector.files)

    async def _data(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self.detector.files:
            return PlainTextResponse(f"no file {name}", 404)
        return FileResponse(self._data_dir / name)

    async def _spots(self, request: Request) -> Response:
        series_id = request.path_params["series"]
        series = self.detector.series.get(series_id)
        if series is None:
            return PlainTextResponse(f"no series {series_id}", 404)
        after = request.query_params.get("from", "0")
        if not after.isdecimal():
            return PlainTextResponse(f"from is {after!r}, it must be a whole number", 400)
        frames = [
            {"image": image, "spots": spots.tolist()}
            for image, spots in enumerate(series.spots[int(after) :], start=int(after) + 1)
        ]
        return JSONResponse(
            {"series": series_id, "nimages": series.number, "done": len(series.spots), "frames": frames}
        )


async def _configure(request: Request, config: Config, put: Callable[[str, Any], list[str]]) -> Response:
    name = request.path_params["name"]
    parameter = config.parameters.get(name)
    if parameter is None:
        return PlainTextResponse(f"no parameter {name}", 404)
    if request.method == "GET":
        return JSONResponse(parameter.as_json())
    if parameter.read_only:
        return PlainTextResponse(f"{name} is read only", 403)
    try:
        content = await request.json()
        return JSONResponse(put(name, content["value"]))
    except (ConfigError, StateError) as error:
        return PlainTextResponse(str(error), 400)
    except (ValueError, KeyError, TypeError):
        return PlainTextResponse(f'{name}: the body must be {{"value": ...}}', 400)


def _status(value: str) -> Response:
    return JSONResponse({"value": value, "value_type": "string", "access_mode": "r"})
