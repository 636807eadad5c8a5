"""The servers of a site, by name: made over one world, started together, ended together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mxplans_sim.loopback import find_port
from mxplans_sim.servers.camera_http import CameraServer
from mxplans_sim.servers.epics.records import Records
from mxplans_sim.servers.epics.server import EpicsServer
from mxplans_sim.servers.exporter.server import ExporterServer
from mxplans_sim.servers.isara.arm import ALWAYS_READY
from mxplans_sim.servers.isara.server import IsaraServer
from mxplans_sim.servers.murko.server import MurkoServer
from mxplans_sim.servers.sightings import grid_book, recent_frames
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.servers.work_source.server import WorkSourceServer
from mxplans_sim.servers.zocalo.server import ZocaloServer
from mxplans_sim.world.state import World


class Server(Protocol):
    """Answers on a port of loopback."""

    async def start(self, port: int = 0) -> Mapping[str, str]:
        """Listen; port 0 takes a free one. Returns what clients must know."""
        ...

    async def stop(self) -> None:
        """End; does nothing when it was not started."""
        ...

    async def wait(self) -> None:
        """Return, or raise, when it has ended by itself."""
        ...


class Network(Protocol):
    """A network within this process."""

    def add_app(self, app: Any) -> str:
        """Serve an ASGI application; returns its URL."""
        ...

    def add_handler(self, handler: Callable[..., Any]) -> str:
        """Serve a stream handler; returns its address."""
        ...


@dataclass(frozen=True)
class Options:
    """How servers are made.

    Attributes:
        data_dir: Folder for the detector's files.
        ports: By name of the server; a free one for those not named.
        renderers: Processes that draw frames.
    """

    data_dir: Path
    ports: Mapping[str, int] = field(default_factory=dict)
    renderers: int = 1


class Fleet:
    """Servers by name.

    Args:
        world: What they show and change.
        names: Which ones.
        options: How they are made.

    Attributes:
        records: Process variables of the world, whoever serves them.
        detector: The detector, whoever serves it.
    """

    def __init__(self, world: World, names: Sequence[str], options: Options) -> None:
        self._world = world
        self._options = options
        self.records = Records(world)
        self.detector = SimplonServer(
            world.bursts,
            world.clock,
            world.settings.detector,
            options.data_dir,
            world.settings.seed,
            world.watch,
            world.settings.diffraction,
            options.renderers,
            world.settings.goniometer,
        )
        self._servers: dict[str, Server] = {}
        for name in sorted(names, key=tuple(MAKERS).index):  # in the order in which they need each other
            self._servers[name] = MAKERS[name](self)
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> Mapping[str, str]:
        """Start all of them at once; returns all that clients must know.

        Raises:
            PortInUse: If a given port is taken.
        """
        for name in self._servers:
            find_port(self._options.ports.get(name, 0), name)
        self._watch()
        starts = (server.start(self._options.ports.get(name, 0)) for name, server in self._servers.items())
        facts: dict[str, str] = {}
        for answer in await asyncio.gather(*starts):
            facts |= answer
        return facts

    async def join(self, network: Network) -> Mapping[str, str]:
        """Serve within this process instead; what has no place there is left out."""
        self._watch()
        facts: dict[str, str] = {}
        for server in self._servers.values():
            facts |= await _join(server, network)
        return facts

    async def wait(self) -> None:
        """Return when one of them ends by itself; raise what ended it."""
        waits = [asyncio.ensure_future(server.wait()) for server in self._servers.values()]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """End all of them, the last first."""
        for server in reversed(self._servers.values()):
            await server.stop()
        await self.records.stop()
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None

    def _watch(self) -> None:
        self._watching = asyncio.get_running_loop().create_task(self.records.watch())

    def make_exporter(self) -> ExporterServer:
        """The diffractometer's controller."""
        return ExporterServer(self._world, self._world.settings.diffractometer)

    def make_isara(self) -> IsaraServer:
        """The sample changer over TCP; it asks the diffractometer, if there is one, whether it may come."""
        exporter = self._servers.get("exporter")
        obstacle = exporter.diffractometer.transfer_obstacle if isinstance(exporter, ExporterServer) else ALWAYS_READY
        return IsaraServer(self._world, self._world.settings.isara, obstacle)

    def make_camera(self) -> CameraServer:
        """The on-axis viewer over HTTP."""
        return CameraServer(self._world.camera, self._world.clock, {"side": self._world.side_camera})

    def make_murko(self) -> MurkoServer:
        """Optical segmentation, from the truth."""
        world, settings = self._world, self._world.settings
        return MurkoServer(recent_frames(world), world.clock, settings.murko, settings.seed, world.faults)

    def make_work_source(self) -> WorkSourceServer:
        """Instructions for an unattended collection."""
        return WorkSourceServer(self._world.settings.work, self._world.clock, self._world.faults)

    def make_zocalo(self) -> ZocaloServer:
        """Results of X-ray centring, from the frames' spots."""
        world, settings = self._world, self._world.settings
        grids = grid_book(world, self.detector.detector)
        return ZocaloServer(grids.grid, world.clock, settings.zocalo, settings.seed, world.faults)


MAKERS: Mapping[str, Callable[[Fleet], Server]] = {
    "epics": lambda fleet: EpicsServer(fleet.records),
    "simplon": lambda fleet: fleet.detector,
    "exporter": Fleet.make_exporter,
    "isara": Fleet.make_isara,
    "camera": Fleet.make_camera,
    "murko": Fleet.make_murko,
    "zocalo": Fleet.make_zocalo,
    "work_source": Fleet.make_work_source,
}
"""How each server is made, by the name under which it is asked for."""


async def _join(server: Server, network: Network) -> Mapping[str, str]:
    if isinstance(server, SimplonServer):
        server.detector.start()
        return {"simplon_url": network.add_app(server.app())}
    if isinstance(server, WorkSourceServer):
        return {"work_source_url": network.add_app(server.app())}
    if isinstance(server, CameraServer):
        return {"camera_url": network.add_app(server.app())}
    if isinstance(server, ExporterServer):
        return {"exporter_addr": network.add_handler(server.handle)}
    if isinstance(server, IsaraServer):
        return {
            "isara_operate_addr": network.add_handler(server.handle_operator),
            "isara_monitor_addr": network.add_handler(server.handle_monitor),
        }
    return {}
