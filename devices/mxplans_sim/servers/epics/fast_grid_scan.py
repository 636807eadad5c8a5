"""Fast grid scans as motion controllers of Diamond's beamlines offer them: two grids, 90 deg apart, in one program.

Source: names and their use as in dodal's fast grid scan devices: the first grid spans x and y at the present omega, the
second x and z; the second is left out when it has no steps.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Number, OnPut, Whole
from mxplans_sim.world.motion import duration_s, trapezoid
from mxplans_sim.world.program import Scan
from mxplans_sim.world.scanner import ScanFault
from mxplans_sim.world.state import World

COUNTS = ("X_NUM_STEPS", "Y_NUM_STEPS", "Z_NUM_STEPS")
LENGTHS = ("X_STEP_SIZE", "Y_STEP_SIZE", "Z_STEP_SIZE", "X_START", "Y_START", "Y2_START", "Z_START", "Z2_START")
SECOND_TURN_DEG = 90.0
Values = Mapping[str, Any]


class FastGridScan(ABC):
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
        self._parameters |= self._timing()
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

    @property
    def running(self) -> bool:
        """Whether its program runs."""
        return bool(self._status.value)

    async def stop(self) -> None:
        """Abort a running program."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await self._world.scanner.abort()
            await asyncio.gather(self._running, return_exceptions=True)

    @abstractmethod
    def _timing(self) -> dict[str, Number | Whole]:
        """Parameters that say how an image is timed."""

    @abstractmethod
    def _pace(self, value: Values) -> dict[str, float]:
        """Exposure and what else a `Scan` needs to know of its timing."""

    def _faulty(self, value: Values) -> str:
        """Axes, of X, Y and Z, that cannot do it for a reason of this kind of scan."""
        return ""

    def _keep(self, name: str) -> OnPut:
        async def keep(value: Any) -> None:
            await self._parameters[name].show(value)
            await self._check()

        return keep

    def _scans(self) -> tuple[Scan, ...]:
        """One or two scans, from the parameters and the present omega."""
        value = {name: channel.value for name, channel in self._parameters.items()}
        omega_deg = self._world.axes["omega"].position
        step, pace = (value["X_STEP_SIZE"], 0.0, 0.0, 0.0), self._pace(value)
        scans = []
        if value["Y_NUM_STEPS"]:
            start = (value["X_START"], value["Y_START"], value["Z_START"], omega_deg)
            row = (0.0, value["Y_STEP_SIZE"], 0.0, 0.0)
            scans.append(Scan(start, step, row, value["X_NUM_STEPS"], value["Y_NUM_STEPS"], True, **pace))
        if value["Z_NUM_STEPS"]:
            start = (value["X_START"], value["Y2_START"], value["Z2_START"], omega_deg + SECOND_TURN_DEG)
            row = (0.0, 0.0, value["Z_STEP_SIZE"], 0.0)
            scans.append(Scan(start, step, row, value["X_NUM_STEPS"], value["Z_NUM_STEPS"], True, **pace))
        return tuple(scans)

    async def _check(self) -> bool:
        """Show for each axis whether it can do its part."""
        scans = self._scans()
        found = [each for scan in scans if (each := self._world.scanner.obstacle(scan)) is not None]
        faulty = self._faulty({name: channel.value for name, channel in self._parameters.items()})
        for axis, valid in self._valid.items():
            # An obstacle that is no axis's stands in the way of all.
            bad = axis in faulty or any(each.axis in (axis.lower(), "omega", "") for each in found)
            await valid.show(int(bool(scans) and not bad))
        possible = bool(scans) and not found and not faulty
        await self._invalid.show(int(not possible))
        return possible

    async def _put_run(self, value: Any) -> None:
        if self._status.value or not await self._check():
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
        await self.stop()


class ZebraGridScan(FastGridScan):
    """Stop and go: the axes stand for DWELL_TIME, whole ms, in the middle of each box."""

    def _timing(self) -> dict[str, Number | Whole]:
        return {"DWELL_TIME": Whole(value=10, units="ms", on_put=self._keep("DWELL_TIME"))}

    def _pace(self, value: Values) -> dict[str, float]:
        way_mm, axis = abs(value["X_STEP_SIZE"]), self._world.axes["x"]
        hop_s = duration_s(trapezoid(0.0, way_mm, axis.top_speed, axis.ramp_s)) if way_mm else 0.0
        # Ramps up halfway and down halfway, with its highest speed in between.
        return {"exposure_s": value["DWELL_TIME"] / 1000, "pause_s": max(hop_s, 2 * way_mm / axis.top_speed)}


class PandaGridScan(FastGridScan):
    """Constant velocity: one box in TIME_BETWEEN_X_STEPS, ms, from RUNUP_DISTANCE, mm, before the first box on.

    Before a second grid the first must have an even number of rows, so that the second begins where the first has ended.
    """

    def _timing(self) -> dict[str, Number | Whole]:
        time = Number(value=10.0, units="ms", precision=3, on_put=self._keep("TIME_BETWEEN_X_STEPS"))
        run_up = Number(value=0.17, units="mm", precision=4, on_put=self._keep("RUNUP_DISTANCE"))
        return {"TIME_BETWEEN_X_STEPS": time, "RUNUP_DISTANCE": run_up}

    def _pace(self, value: Values) -> dict[str, float]:
        exposure_s = value["TIME_BETWEEN_X_STEPS"] / 1000
        return {"exposure_s": exposure_s, "steady_s": max(0.0, self._steady_s(value))}

    def _steady_s(self, value: Values) -> float:
        """Time at constant speed on the run-up, behind the ramp; negative when it is too short for the ramp."""
        way_mm = abs(value["X_STEP_SIZE"])
        if not way_mm:
            return 0.0
        per_mm_s = value["TIME_BETWEEN_X_STEPS"] / 1000 / way_mm
        return float(value["RUNUP_DISTANCE"] * per_mm_s - 0.5 * self._world.axes["x"].ramp_s)

    def _faulty(self, value: Values) -> str:
        odd = value["Z_NUM_STEPS"] and value["Y_NUM_STEPS"] % 2
        return ("X" if self._steady_s(value) < 0 else "") + ("Y" if odd else "")


class MotionStatus:
    """Which motion program the controller runs, or has run last: the scans of this beamline by their numbers.

    Args:
        prefix: Of the controller.
        world: Whose scanner they drive.
        grids: Grid scans by the numbers of their programs.
    """

    SCAN_NUMBER = 10
    """Of the program behind single scans."""

    def __init__(self, prefix: str, world: World, grids: Mapping[int, FastGridScan]) -> None:
        self._world = world
        self._grids = grids
        self._number = Whole(value=0)
        self._bits = Whole(value=0)
        self.channels: Mapping[str, ChannelData] = {
            f"{prefix}CS1:PROG_NUM": self._number,
            f"{prefix}PROGBITS": self._bits,
        }
        world.scanner.changed.subscribe(self._show)

    async def _show(self) -> None:
        grid = next((number for number, grid in self._grids.items() if grid.running), None)
        running = self._world.scanner.running
        if running:
            await self._number.show(self.SCAN_NUMBER if grid is None else grid)
        await self._bits.show(int(running))
