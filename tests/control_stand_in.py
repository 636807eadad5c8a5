"""A small control server around a world, for tests of whoever looks at it: the API, and nothing else."""

import asyncio
import contextlib
import json
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.settings import load_world
from mxplans_sim.truth import Truth
from mxplans_sim.view.look import Look, latest_frame
from mxplans_sim.view.snapshot import snapshot
from mxplans_sim.world.dewar import read_dewar
from mxplans_sim.world.program import Scan
from mxplans_sim.world.state import World

PROFILE = Path(__file__).parents[1] / "profiles/sim"
TOKEN = "stand-in"
CATALOGUE = [
    {
        "kind": "robot_busy",
        "text": "The robot dries its gripper before it loads",
        "parameters": {"duration_s": {"default": 30.0, "text": "For how long"}},
    },
    {"kind": "camera_frozen", "text": "The on-axis camera gives its last frame again", "parameters": {}},
    *({"kind": f"fault_{number}", "text": "One of many", "parameters": {}} for number in range(30)),
]


class ListedFaults:
    """Faults that last until they are cleared."""

    def __init__(self) -> None:
        self.listed: dict[str, dict[str, Any]] = {}

    def take(self, kind: str, **context: Any) -> Any:
        return self.active(kind, **context)

    def active(self, kind: str, **context: Any) -> Any:
        return next((fault.get("parameters", {}) for fault in self.listed.values() if fault["kind"] == kind), None)


class StandIn:
    """Serves a world in a thread of its own while it is entered."""

    def __init__(self, kind: str = "smargon", speed_up: float = 1.0) -> None:
        self.kind = kind
        self.speed_up = speed_up
        self.faults = ListedFaults()
        self.posted: list[dict[str, Any]] = []
        self.url = ""
        self.world: World
        self.loop: asyncio.AbstractEventLoop
        self._started = threading.Event()

    def control_file(self, folder: Path) -> Path:
        path = folder / "control.json"
        path.write_text(json.dumps({"url": self.url, "token": TOKEN}), encoding="utf-8")
        return path

    def call(self, work: Any) -> Any:
        """Run a coroutine in the world's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    @contextlib.contextmanager
    def running(self) -> Iterator["StandIn"]:
        thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        thread.start()
        assert self._started.wait(30)
        try:
            yield self
        finally:
            self.server.should_exit = True
            thread.join(30)

    async def collect(self, number: int) -> None:
        """Take frames while omega turns."""
        self.detector.put("trigger_mode", "exts")
        self.detector.put("ntrigger", number)
        await self.detector.arm()
        at = tuple(self.world.axes[name].position for name in ("x", "y", "z", "omega"))
        await self.world.scanner.run(Scan(at, (0.0, 0.0, 0.0, 0.5), (0.0, 0.0, 0.0, 0.0), number, 1, False, 0.1))

    async def _serve(self) -> None:
        with contextlib.ExitStack() as stack:
            await self._serve_world(stack)

    async def _serve_world(self, stack: contextlib.ExitStack) -> None:
        self.loop = asyncio.get_running_loop()
        settings = load_world(PROFILE / "world.yaml")
        gonio = settings.goniometer.model_copy(update={"kind": self.kind})
        settings = settings.model_copy(update={"goniometer": gonio})
        clock = RealClock(self.speed_up)
        self.world = World(settings, read_dewar(PROFILE / "shipment.json"), clock, Truth(None, clock), self.faults)
        self._look = Look(self.world)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self.detector = VirtualDetector(
            clock, settings.detector, Path(folder), settings.seed, self.world.watch, processes=0
        )
        self.world.bursts.subscribe(self.detector.on_burst)
        self.detector.start()
        stack.callback(self.detector.stop)
        self.detector.initialize()
        config = uvicorn.Config(
            self._app(), port=0, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        self.server.install_signal_handlers = lambda: None  # type: ignore[method-assign]
        serving = asyncio.create_task(self.server._serve())
        while not self.server.started:
            await asyncio.sleep(0.01)
        self.url = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        self._started.set()
        await serving

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/world", self._world),
                Route("/camera/on_axis.jpg", self._on_axis),
                Route("/camera/side.jpg", self._side),
                Route("/detector/frame.png", self._frame),
                Route("/faults/catalogue", self._catalogue),
                Route("/faults", self._faults, methods=["GET", "POST"]),
                Route("/faults/{id}", self._clear, methods=["DELETE"]),
            ]
        )

    async def _world(self, request: Request) -> Response:
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "no"}, 401)
        return JSONResponse(snapshot(self.world, self.detector))

    async def _on_axis(self, request: Request) -> Response:
        photo = await self._look.picture()
        return Response(photo.content, media_type="image/jpeg", headers={"X-Frame": photo.name})

    async def _side(self, request: Request) -> Response:
        photo = await self._look.side_picture()
        return Response(photo.content, media_type="image/jpeg", headers={"X-Frame": photo.name})

    async def _frame(self, request: Request) -> Response:
        photo = latest_frame(self.detector)
        if photo is None:
            return Response(status_code=204)
        return Response(photo.content, media_type="image/png", headers={"X-Frame": photo.name})

    async def _catalogue(self, request: Request) -> Response:
        return JSONResponse(CATALOGUE)

    async def _faults(self, request: Request) -> Response:
        if request.method == "POST":
            fault = await request.json()
            self.posted.append(fault)
            name = str(len(self.posted))
            self.faults.listed[name] = {**fault, "id": name}
        return JSONResponse(list(self.faults.listed.values()))

    async def _clear(self, request: Request) -> Response:
        self.faults.listed.pop(request.path_params["id"], None)
        return JSONResponse({})
