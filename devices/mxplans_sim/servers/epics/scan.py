"""The motion program: parameters, validity, run and abort."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import LongText, Number, OnPut, Whole
from mxplans_sim.servers.epics.motor import MotorRecord
from mxplans_sim.servers.epics.switches import Switch
from mxplans_sim.world.program import AXES, Scan, Trajectory, fault, trajectory
from mxplans_sim.world.state import World

REFUSED, ABORTED = 1, 2
_PERIOD_S = 0.1
"""Real seconds between two counts of images during a row."""
_VECTORS = ("START", "STEP", "ROW")
_UNITS = {"X": "mm", "Y": "mm", "Z": "mm", "OMEGA": "deg"}


class ScanProgram:
    """Runs one scan at a time: run-up, shutter, rows with one trigger per image, shutter, rest.

    Args:
        prefix: Of its process variables.
        world: Where the frames are announced.
        motors: Records of the axes by name.
        shutter: The fast shutter.
    """

    def __init__(self, prefix: str, world: World, motors: Mapping[str, MotorRecord], shutter: Switch) -> None:
        self._prefix = prefix
        self._world = world
        self._motors = motors
        self._shutter = shutter
        self._task: asyncio.Task[None] | None = None
        self._parameters: dict[str, Number | Whole] = {}
        for vector in _VECTORS:
            for axis in ("X", "Y", "Z", "OMEGA"):
                name = f"{vector}_{axis}"
                self._parameters[name] = Number(value=0.0, units=_UNITS[axis], precision=6, on_put=self._keep(name))
        for name, initial in (("NUM_IMAGES", 1), ("NUM_ROWS", 1), ("SNAKE", 0)):
            self._parameters[name] = Whole(value=initial, on_put=self._keep(name))
        self._parameters["EXPOSURE"] = Number(value=0.1, units="s", precision=6, on_put=self._keep("EXPOSURE"))
        self._valid = Whole(value=1)
        self._message = LongText()
        self._status = Whole(value=0)
        self._points = Whole(value=0)
        self._error = Whole(value=0)
        self._run = Whole(value=0, on_put=self._put_run)
        self._stop = Whole(value=0, on_put=self._put_stop)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            **self._parameters,
            "VALID": self._valid,
            "MESSAGE": self._message,
            "RUN": self._run,
            "STATUS": self._status,
            "POINTS": self._points,
            "ERROR": self._error,
            "STOP": self._stop,
        }
        return {self._prefix + name: channel for name, channel in named.items()}

    async def stop(self) -> None:
        """Abort a running scan: axes to rest, shutter closed."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _keep(self, name: str) -> OnPut:
        async def keep(value: Any) -> None:
            await self._parameters[name].show(value)
            await self._check()

        return keep

    def _scan(self) -> Scan:
        values = {name: channel.value for name, channel in self._parameters.items()}
        start, step, row = (
            (values[f"{vector}_X"], values[f"{vector}_Y"], values[f"{vector}_Z"], values[f"{vector}_OMEGA"])
            for vector in _VECTORS
        )
        return Scan(
            start,
            step,
            row,
            images=int(values["NUM_IMAGES"]),
            rows=int(values["NUM_ROWS"]),
            snake=bool(values["SNAKE"]),
            exposure_s=float(values["EXPOSURE"]),
        )

    async def _check(self) -> str:
        reason = fault(self._scan(), self._world.axes)
        await self._valid.show(int(not reason))
        await self._message.show(reason)
        return reason

    async def _put_stop(self, value: Any) -> None:
        if value:
            await self.stop()

    async def _put_run(self, value: Any) -> None:
        if not value:
            return
        if self._task is not None and not self._task.done():
            await self._message.show("a scan runs, stop it or wait for its end")
            await self._error.show(REFUSED)
            return
        moving = [name for name, axis in self._world.axes.items() if axis.remaining_s > 0]
        reason = f"{', '.join(moving)} still moves, wait for its end" if moving else await self._check()
        await self._message.show(reason)
        if reason:
            await self._error.show(REFUSED)
            return
        await self._points.show(0)
        await self._error.show(0)
        await self._status.show(1)
        self._task = asyncio.create_task(self._execute(self._scan()))

    async def _execute(self, scan: Scan) -> None:
        world, timing = self._world, self._world.settings.timing
        path = trajectory(scan, world.axes, timing.shutter_s, timing.turn_around_s)
        begin_s = world.clock.now_s()
        for name in AXES:
            world.axes[name].follow(path.motions[name], begin_s)
            self._motors[name].taken = self.stop
        attending = [asyncio.create_task(self._motors[name].attend()) for name in AXES]
        try:
            await self._expose(scan, path, begin_s)
            await self._shutter.go("Closed")
            await world.clock.sleep(begin_s + path.ends_s - world.clock.now_s())
        except asyncio.CancelledError:
            for name in AXES:
                world.axes[name].stop()
            await self._message.show("the scan was aborted")
            await self._error.show(ABORTED)
            await self._shutter.go("Closed")
            raise
        finally:
            await asyncio.gather(*attending)
            for name in AXES:
                await self._motors[name].settle_setpoint()
                self._motors[name].taken = None
            self._record(scan)
            await self._status.show(0)

    async def _expose(self, scan: Scan, path: Trajectory, begin_s: float) -> None:
        """Run up, open the shutter and go through the rows; the shutter is open at the first image."""
        clock = self._world.clock
        first_s = begin_s + path.row_begins_s[0]
        await clock.sleep(first_s - self._world.settings.timing.shutter_s - clock.now_s())
        await self._shutter.go("Open")
        for index, row_begins_s in enumerate(path.row_begins_s):
            await clock.sleep(begin_s + row_begins_s - clock.now_s())
            self._world.bursts.publish(self._world.row(scan, index))
            await self._count(scan, index, begin_s + row_begins_s)

    async def _count(self, scan: Scan, row: int, row_begins_s: float) -> None:
        """Follow the images of a row, and note what was exposed even if the scan is aborted."""
        clock, before = self._world.clock, row * scan.images
        done = 0
        try:
            while done < scan.images:
                left_s = row_begins_s + scan.images * scan.exposure_s - clock.now_s()
                await clock.sleep(min(left_s, _PERIOD_S * clock.speed_up))
                done = min(scan.images, int((clock.now_s() - row_begins_s) / scan.exposure_s + 1e-3))
                await self._points.show(before + done)
        finally:
            if self._world.mounted is not None:
                name = self._world.name_at(self._world.mounted)
                self._world.truth.spend(name, "exposure_s", done * scan.exposure_s)

    def _record(self, scan: Scan) -> None:
        world = self._world
        world.truth.record(
            "scan",
            sample=world.name_at(world.mounted) if world.mounted else None,
            scan="rotation" if scan.step[3] else "grid",
            rows=scan.rows,
            images=scan.images,
            images_done=int(self._points.value),
            exposure_s=scan.exposure_s,
            start_mm=list(scan.start[:3]),
            omega_start_deg=scan.start[3],
            step_mm=list(scan.step[:3]),
            omega_step_deg=scan.step[3],
            transmission_frac=world.beam.transmission_frac,
            flux_hz=world.beam.flux_hz,
            aperture=world.beam.aperture,
            crystal_offset_um=world.crystal_offset_um(scan),
        )
