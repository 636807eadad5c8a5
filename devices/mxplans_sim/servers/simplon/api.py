"""SIMPLON 1.8 as a web application, with the spot finder beside it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.config import Config, ConfigError
from mxplans_sim.servers.simplon.detector import StateError, VirtualDetector
from mxplans_sim.servers.simplon.guard import Guard
from mxplans_sim.servers.simplon.monitor import image, tiff
from mxplans_sim.servers.simplon.status import housekeeping, reading

API = "1.8.0"
OTHER_SERIES = 1000
"""Added to the number of a series by a fault."""
MODULES = ("detector", "filewriter", "monitor", "stream")
Endpoint = Callable[[Request], Awaitable[Response]]


class Simplon:
    """Translates requests.

    Args:
        detector: What is asked.
        clock: Simulated time.
        data_dir: Where the detector's files are.
    """

    def __init__(self, detector: VirtualDetector, clock: Clock, data_dir: Path) -> None:
        self._detector = detector
        self._clock = clock
        self._data_dir = data_dir
        self._configs = {
            "detector": (detector.config, detector.put),
            "filewriter": (detector.writer.config, detector.writer.config.put),
            "monitor": (detector.monitor, detector.monitor.put),
            "stream": (detector.stream, detector.stream.put),
        }

    def app(self) -> ASGIApp:
        """The application, for whatever serves it."""
        routes = [Route("/detector/api/version/", self._version), Route("/detector/api/version", self._version)]
        for module in MODULES:
            base = f"/{module}/api/{API}"
            routes += [
                Route(f"{base}/config/{{name}}", self._config(module), methods=["GET", "PUT"]),
                Route(f"{base}/status/{{name:path}}", self._status(module)),
                Route(f"{base}/command/{{name}}", self._command(module), methods=["PUT"]),
            ]
        routes += [
            Route(f"/filewriter/api/{API}/files", self._files),
            Route(f"/filewriter/api/{API}/files/", self._files),  # so asks the client of the maker
            Route("/data/{name:path}", self._data, methods=["GET", "DELETE"]),
            Route(f"/monitor/api/{API}/images/{{name}}", self._image),
            Route("/spotfinder/1/series/{series:int}", self._spots),
        ]
        return Guard(Starlette(routes=routes), self._detector.faults, self._clock)

    async def _version(self, request: Request) -> Response:
        return JSONResponse(reading(API))

    def _config(self, module: str) -> Endpoint:
        config, put = self._configs[module]

        async def answer(request: Request) -> Response:
            return await _configure(request, config, put)

        return answer

    def _status(self, module: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            await self._detector.settle()
            known = self._known(module)
            name = request.path_params["name"].rstrip("/")
            if not name or name == "keys":
                return JSONResponse(sorted(known))
            return JSONResponse(known[name]) if name in known else PlainTextResponse(f"no status {name}", 404)

        return answer

    def _known(self, module: str) -> dict[str, dict[str, Any]]:
        """Status parameters of a module by name."""
        detector = self._detector
        if module == "detector":
            error = "the detector has failed; initialize" if detector.state == "error" else ""
            stamp = datetime.datetime.fromtimestamp(self._clock.stamp_s(), datetime.UTC).isoformat()
            return housekeeping(self._clock.now_s(), detector.state, error, stamp)
        if module == "filewriter":
            writer = detector.writer
            return {
                "state": reading(writer.state),
                "error": reading(writer.told_error),
                "files": reading(list(writer.files), "list"),
                "buffer_free": reading(1_000_000, "uint", "kB"),
            }
        if module == "monitor":
            return {"state": reading("normal"), "error": reading([], "list"), "dropped": reading(0, "uint")}
        return {"state": reading("ready"), "error": reading([], "list"), "dropped": reading(0, "uint")}

    def _command(self, module: str) -> Endpoint:
        async def answer(request: Request) -> Response:
            await request.body()  # half a request is no command
            name = request.path_params["name"]
            commands = self._detector_commands() if module == "detector" else self._other_commands(module)
            if name not in commands:
                return PlainTextResponse(f"no command {name}, there are {', '.join(sorted(commands))}", 404)
            try:
                told = commands[name]()
                return JSONResponse(await told if isinstance(told, Awaitable) else {})
            except StateError as error:
                return PlainTextResponse(str(error), 400)

        return answer

    def _detector_commands(self) -> dict[str, Callable[[], Awaitable[Any] | None]]:
        detector = self._detector

        async def arm() -> dict[str, int]:
            return {"sequence id": await detector.arm()}

        return {
            "initialize": detector.initialize,
            "arm": arm,
            "trigger": detector.trigger,
            "disarm": detector.disarm,
            "cancel": detector.cancel,
            "abort": detector.abort,
        }

    def _other_commands(self, module: str) -> dict[str, Callable[[], Awaitable[Any] | None]]:
        async def clear() -> dict[str, Any]:
            await self._detector.settle()
            self._detector.writer.clear()
            return {}

        if module == "filewriter":
            return {"initialize": lambda: None, "clear": clear}
        return {"initialize": lambda: None}

    async def _files(self, request: Request) -> Response:
        await self._detector.settle()
        return JSONResponse(self._detector.writer.files)

    async def _data(self, request: Request) -> Response:
        await self._detector.settle()
        name, writer = request.path_params["name"], self._detector.writer
        if name not in writer.files:
            return PlainTextResponse(f"no file {name}", 404)
        if request.method == "DELETE":
            writer.delete(name)
            return Response(status_code=204)
        return FileResponse(self._data_dir / name)

    async def _image(self, request: Request) -> Response:
        await self._detector.settle()
        last = self._detector.last
        if request.path_params["name"] not in ("monitor", "next"):
            return PlainTextResponse("no such image, there are monitor and next", 404)
        if self._detector.monitor["mode"] != "enabled":
            return PlainTextResponse("the monitor is disabled; enable it", 400)
        if last is None:
            return PlainTextResponse("no image has been taken yet", 404)
        headers = {"X-Series": str(last.series.number), "X-Image": str(last.number)}
        return Response(tiff(image(last)), media_type="application/tiff", headers=headers)

    async def _spots(self, request: Request) -> Response:
        await self._detector.settle()
        series_id = request.path_params["series"]
        state = self._detector.series.get(series_id)
        if state is None:
            return PlainTextResponse(f"no series {series_id}", 404)
        after = request.query_params.get("from", "0")
        if not after.isdecimal():
            return PlainTextResponse(f"from is {after!r:.40}, it must be a whole number", 400)
        faults = self._detector.faults
        await self._clock.sleep(faults.spots_delay_s)
        known = [] if faults.spots == "dropped" else state.spots
        frames = [
            {"image": number, "spots": [] if faults.spots == "empty" else spots.tolist()}
            for number, spots in enumerate(known[int(after) :], start=int(after) + 1)
        ]
        told = series_id + OTHER_SERIES if faults.spots == "other_series" else series_id
        return JSONResponse({"series": told, "nimages": state.series.images, "done": len(known), "frames": frames})


async def _configure(request: Request, config: Config, put: Callable[[str, Any], list[str]]) -> Response:
    name = request.path_params["name"]
    if name == "keys" and request.method == "GET":
        return JSONResponse(sorted(config.parameters))
    parameter = config.parameters.get(name)
    if parameter is None:
        return PlainTextResponse(f"no parameter {name}", 404)
    if request.method == "GET":
        return JSONResponse(parameter.as_json())
    if parameter.read_only:
        return PlainTextResponse(f"{name} is read only", 403)
    body = await request.body()
    try:
        return JSONResponse(put(name, json.loads(body)["value"]))
    except (ConfigError, StateError) as error:
        return PlainTextResponse(str(error), 400)
    except (ValueError, KeyError, TypeError, RecursionError):
        return PlainTextResponse(f'{name}: the body must be {{"value": ...}}', 400)
