"""A fast grid scan as motion controllers of Diamond's beamlines offer it: two grids, 90 deg apart, in one program.

Source: names and their use as in dodal's fast grid scan devices: the first grid spans x and y at the present omega, the
second x and z; the second is left out when it has no steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Number, OnPut, Whole
from mxplans_sim.world.program import Scan
from mxplans_sim.world.scanner import ScanFault
from mxplans_sim.world.state import World

COUNTS = ("X_NUM_STEPS", "Y_NUM_STEPS", "Z_NUM_STEPS")
LENGTHS = ("X_STEP_SIZE", "Y_STEP_SIZE", "Z_STEP_SIZE", "X_START", "Y_START", "Y2_START", "Z_START", "Z2_START")
SECOND_TURN_DEG = 90.0


class FastGridScan:
    """Parameters in mm and ms, three bits that say whether the axes can do it, RUN and STOP.

    Args:
        prefix: Of its process variables.
        world: Whose scanner it drives.
    """

    def __init__(self, prefix: str, world: World) -> None:
        self._prefix = prefix
        self._world = world
        self._running: asyncio.Task[None] | None = None
        self._done = 0
        self._parameters: dict[str, Number | Whole] = {}
        for name in COUNTS:
            self._parameters[name] = Whole(value=0, on_put=self._keep(name))
        for name in LENGTHS:
            self._parameters[name] = Number(value=0.0, units="mm", precision=6, on_put=self._keep(name))
        self._parameters["DWELL_TIME"] = Number(value=10.0, units="ms", precision=3, on_put=self._keep("DWELL_TIME"))
        self._valid = {axis: Whole(value=0) for axis in "XYZ"}
        self._invalid = Whole(value=1)
        self._status = Whole(value=0)
        self._counter = Whole(value=0)
        self._run = Whole(value=0, on_put=self._put_run)
        self._stop = Whole(value=0, on_put=self._put_stop)
        world.scanner.changed.subscribe(self._count)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            **self._parameters,
            **{f"{axis}_SCAN_VALID": valid for axis, valid in self._valid.items()},
            "SCAN_INVALID": self._invalid,
            "SCAN_STATUS": self._status,
            "POS_COUNTER": self._counter,
            "RUN.PROC": self._run,
            "STOP.PROC": self._stop,
        }
        return {self._prefix + name: channel for name, channel in named.items()}

    async def stop(self) -> None:
        """Abort a running program."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await self._world.scanner.abort()
            await asyncio.gather(self._running, return_exceptions=True)

    def _keep(self, name: str) -> OnPut:
        async def keep(value: Any) -> None:
            await self._parameters[name].show(value)
            await self._check()

        return keep

    def _scans(self) -> tuple[Scan, ...]:
        """One or two scans, from the parameters and the present omega."""
        value = {name: channel.value for name, channel in self._parameters.items()}
        omega_deg = self._world.axes["omega"].position
        exposure_s = value["DWELL_TIME"] / 1000
        step = (value["X_STEP_SIZE"], 0.0, 0.0, 0.0)
        scans = []
        if value["Y_NUM_STEPS"]:
            start = (value["X_START"], value["Y_START"], value["Z_START"], omega_deg)
            row = (0.0, value["Y_STEP_SIZE"], 0.0, 0.0)
            scans.append(Scan(start, step, row, value["X_NUM_STEPS"], value["Y_NUM_STEPS"], True, exposure_s))
        if value["Z_NUM_STEPS"]:
            start = (value["X_START"], value["Y2_START"], value["Z2_START"], omega_deg + SECOND_TURN_DEG)
            row = (0.0, 0.0, value["Z_STEP_SIZE"], 0.0)
            scans.append(Scan(start, step, row, value["X_NUM_STEPS"], value["Z_NUM_STEPS"], True, exposure_s))
        return tuple(scans)

    async def _check(self) -> bool:
        """Show for each axis whether it can do its part."""
        scans = self._scans()
        found = [each for scan in scans if (each := self._world.scanner.obstacle(scan)) is not None]
        for axis, valid in self._valid.items():
            # An obstacle that is no axis's stands in the way of all.
            bad = any(each.axis in (axis.lower(), "omega", "") for each in found)
            await valid.show(int(bool(scans) and not bad))
        possible = bool(scans) and not found
        await self._invalid.show(int(not possible))
        return possible

    async def _put_run(self, value: Any) -> None:
        if not value or self._status.value or not await self._check():
            return
        await self._counter.show(0)
        await self._status.show(1)
        self._running = asyncio.get_running_loop().create_task(self._execute(self._scans()))

    async def _execute(self, scans: tuple[Scan, ...]) -> None:
        self._done = 0
        try:
            for scan in scans:
                await self._world.scanner.run(scan)
                self._done += scan.images * scan.rows
        except ScanFault:
            await self._invalid.show(1)
        finally:
            await self._status.show(0)

    async def _count(self) -> None:
        if self._status.value and self._world.scanner.running:
            await self._counter.show(self._done + self._world.scanner.points)

    async def _put_stop(self, value: Any) -> None:
        if value:
            await self.stop()
