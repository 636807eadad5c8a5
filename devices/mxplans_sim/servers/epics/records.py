"""All process variables of the virtual beamline, on whatever network."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from caproto import ChannelData

from mxplans_sim.servers.epics.baton import BatonStatus
from mxplans_sim.servers.epics.camera import Camera
from mxplans_sim.servers.epics.channels import Served
from mxplans_sim.servers.epics.deferral import Deferral
from mxplans_sim.servers.epics.fast_grid_scan import FastGridScan, MotionStatus, PandaGridScan, ZebraGridScan
from mxplans_sim.servers.epics.live import Part
from mxplans_sim.servers.epics.motor import MotorRecord
from mxplans_sim.servers.epics.plate import PlateWell
from mxplans_sim.servers.epics.robot import Robot
from mxplans_sim.servers.epics.scan import ScanProgram
from mxplans_sim.servers.epics.surroundings import surroundings
from mxplans_sim.servers.epics.switches import ApertureSwitch, Switch, ZoomSwitch
from mxplans_sim.world.goniometer import TRANSLATIONS
from mxplans_sim.world.state import World

PREFIX = "SIM:"


class Records:
    """The world behind process variables.

    Args:
        world: What they show and change.

    Attributes:
        channels: Process variables by name.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._deferral = Deferral(f"{PREFIX}GON:DEFER_MOVES")
        self._motors = [self._motor(f"{PREFIX}GON:{name.upper()}", name) for name in world.gonio.axes]
        self._motors.append(self._motor(f"{PREFIX}DET:Z", "distance"))
        self._program = ScanProgram(f"{PREFIX}SCAN:", world)
        self._grids: Mapping[int, FastGridScan] = {
            11: ZebraGridScan(f"{PREFIX}FGS:", world),
            12: PandaGridScan(f"{PREFIX}PGS:", world),
        }
        self._robot = Robot(f"{PREFIX}ROBOT:", world)
        self._camera = Camera(f"{PREFIX}CAM:", world)
        self._parts: tuple[Part, ...] = (
            *surroundings(PREFIX, world.surroundings, world.settings.timing.attenuator_s),
            BatonStatus(f"{PREFIX}BATON:", world.baton, world.clock),
        )
        self.channels: dict[str, ChannelData] = {}
        servers: tuple[Served, ...] = (
            *self._motors,
            self._deferral,
            *self._grids.values(),
            MotionStatus(PREFIX, world, self._grids),
            Switch(f"{PREFIX}SHUTTER", world.shutter),
            self._program,
            self._robot,
            Switch(f"{PREFIX}BACKLIGHT", world.backlight),
            ApertureSwitch(PREFIX, world),
            ZoomSwitch(f"{PREFIX}CAM:", world),
            self._camera,
            *self._parts,
            *(() if world.plate is None else (PlateWell(f"{PREFIX}PLATE:WELL", world.plate),)),
        )
        for server in servers:
            self.channels |= server.channels

    async def watch(self) -> None:
        """Keep what changes by itself up to date, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for part in self._parts:
                tasks.create_task(part.watch())

    async def stop(self) -> None:
        """End scans, robot programs and acquisitions where they are, and publish no longer."""
        await self._camera.stop()
        for grids in self._grids.values():
            await grids.stop()
        await self._program.stop()
        await self._robot.stop()
        for motor in self._motors:
            await motor.stop()
        for part in self._parts:
            await part.stop()

    def _motor(self, name: str, axis: str) -> MotorRecord:
        world, motion = self._world, self._world.settings.motion
        length = axis in TRANSLATIONS or axis == "distance"
        noise = motion.encoder_um / 1000 if length else motion.encoder_deg
        moved = world.distance if axis == "distance" else world.axes[axis]
        # Large moves of omega would spoil the others' precision: it moves by itself.
        deferral = None if axis in ("omega", "distance") else self._deferral
        return MotorRecord(name, moved, world.clock, "mm" if length else "deg", noise, world.settings.seed, deferral)
