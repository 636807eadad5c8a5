"""The motion program at work: axes on their trajectory, shutter, frames, and what stands in the way of a scan."""

from __future__ import annotations

import asyncio

from mxplans_sim.world.observable import Observable
from mxplans_sim.world.program import AXES, Obstacle, Scan, Trajectory, obstacle, trajectory
from mxplans_sim.world.whole import Whole

BURST_S = 1.0
"""Longest burst, simulated seconds: what changes during a scan (beam, faults) is seen by the next one."""


class ScanFault(RuntimeError):
    """A scan that cannot be run, or has not come to its end."""


class Scanner:
    """Runs one scan at a time: run-up, shutter, rows, shutter, rest.

    It gives the detector a pulse at the begin of each image, unless the world file says of each row or of the scan.

    Args:
        world: Whose axes and shutter it drives.

    Attributes:
        running: Whether a scan runs.
        scan: The scan that runs, or was the last; None before the first.
        points: Images so far.
        error: Why the last scan failed; empty when it did not.
        changed: Tells of these.
    """

    def __init__(self, world: Whole) -> None:
        self.running = False
        self.scan: Scan | None = None
        self.points = 0
        self.error = ""
        self.changed = Observable()
        self._world = world
        self._task: asyncio.Task[None] | None = None
        self._aborting = False

    def obstacle(self, scan: Scan) -> Obstacle | None:
        """What stands in the way of a scan with these parameters, None when nothing does."""
        refused = self._world.faults.active("scan_refused", sample=self._world.sample_name)
        return obstacle(scan, self._world.axes) if refused is None else Obstacle(str(refused["reason"]))

    def start(self, scan: Scan) -> asyncio.Task[None]:
        """Begin a scan; the task raises `ScanFault` when it is aborted.

        Raises:
            ScanFault: If it cannot begin.
        """
        if self.running:
            raise ScanFault("a scan runs, stop it or wait for its end")
        moving = [name for name, axis in self._world.axes.items() if axis.moving]
        if moving:
            raise ScanFault(f"{', '.join(moving)} still moves, wait for its end")
        if (found := self.obstacle(scan)) is not None:
            raise ScanFault(found.reason)
        self.running, self.scan, self.points, self.error, self._aborting = True, scan, 0, "", False
        self._task = asyncio.get_running_loop().create_task(self._run(scan))
        # Whoever started it may have gone; `error` says the same.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._task

    async def run(self, scan: Scan) -> None:
        """Run a scan to its end; see `start`."""
        await self.start(scan)

    async def abort(self) -> None:
        """Axes to rest, shutter closed; whoever asks meanwhile waits for the same end."""
        task = self._task
        if task is None or task.done():
            return
        if not self._aborting:  # a second one would break off the coming to rest
            self._aborting = True
            task.cancel()
        await asyncio.wait({task})
        if task.cancelled():  # before its first step
            self.running = False

    async def _run(self, scan: Scan) -> None:
        world, timing = self._world, self._world.settings.timing
        path = trajectory(scan, world.axes, timing.shutter_s, timing.turn_around_s)
        begin_s = world.clock.now_s()
        for name in AXES:
            world.axes[name].follow(path.motions[name], begin_s, self.abort)
        try:
            for name in AXES:
                await world.axes[name].changed.notify()
            await self.changed.notify()
            await self._expose(scan, path, begin_s)
            await world.shutter.go("Closed")
            await world.clock.sleep(begin_s + path.ends_s - world.clock.now_s())
        except asyncio.CancelledError:
            self.error = "the scan was aborted"
            for name in AXES:
                world.axes[name].stop()
            await world.shutter.go("Closed")
            await world.clock.sleep(max(world.axes[name].remaining_s for name in AXES))
            if not self._aborting:
                raise
            raise ScanFault(self.error) from None
        finally:
            for name in AXES:
                world.axes[name].release()
            world.note_scan(scan, self.points)
            self.running = False
            for name in AXES:
                await world.axes[name].changed.notify()
            await self.changed.notify()

    async def _expose(self, scan: Scan, path: Trajectory, begin_s: float) -> None:
        """Run up, open the shutter and go through the rows; the shutter is open at the first image."""
        clock = self._world.clock
        await clock.sleep(begin_s + path.row_begins_s[0] - self._world.settings.timing.shutter_s - clock.now_s())
        await self._world.shutter.go("Open")
        for index, row_begins_s in enumerate(path.row_begins_s):
            await self._row(scan, index, begin_s + row_begins_s)

    async def _row(self, scan: Scan, row: int, begins_s: float) -> None:
        """Publish a row burst by burst, each as it begins, and note what was exposed even if the scan is aborted."""
        clock, size = self._world.clock, max(1, round(BURST_S / scan.period_s))
        before = row * scan.images
        for first in range(0, scan.images, size):
            number = min(size, scan.images - first)
            await clock.sleep(begins_s + first * scan.period_s - clock.now_s())
            self._dump(before + first, number, begins_s + first * scan.period_s, scan.period_s)
            burst = self._world.scan_burst(scan, row, first, number, begins_s)
            self._world.publish(burst)
            done = 0
            try:
                while done < number:
                    left_s = burst.ends_at_s - clock.now_s()
                    await clock.sleep(min(left_s, clock.watch_period_s(0.1)))
                    passed_s = clock.now_s() - burst.begins_at_s + scan.pause_s
                    done = min(number, int(passed_s / scan.period_s + 1e-3))
                    self.points = before + first + done
                    await self.changed.notify()
            finally:
                self._world.truth.spend(self._world.sample_name, "exposure_s", done * scan.exposure_s)

    def _dump(self, first: int, number: int, begins_s: float, period_s: float) -> None:
        """Lose the stored beam at an image of the next burst, when a fault says so."""
        world = self._world
        sample = world.sample_name
        dump = world.faults.take("beam_dump_at_image", sample=sample, first=first + 1, last=first + number)
        if dump is not None:
            lost_s = begins_s + (int(dump["image"]) - 1 - first) * period_s
            world.beam.ring.dump(float(dump["duration_s"]), lost_s if lost_s > world.clock.now_s() else None)
