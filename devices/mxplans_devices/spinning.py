"""A turn of a motor record at constant speed."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ophyd import Component, Device

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.acquisition import Spin
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import ReadOnly, Setting
from mxplans_devices._tracks import Tracked, even_track

RUN_UP = 1.5
"""Way to speed up and to slow down, in units of what the record's acceleration time needs."""


class MotorSpin(Tracked, Device):
    """The turn, a part of a `Goniometer` with a motor record `omega`; its speed is the record's again at the end.

    Args:
        prefix: Name of the record.
        name: Name in messages.
        timeout_s: Real seconds that a turn may take beyond what its speed needs, for the way to its begin.
        parent: The goniometer.
    """

    velocity = Component(Setting, ".VELO", units="deg/s", kind="omitted")
    top_velocity = Component(ReadOnly, ".VMAX", units="deg/s", kind="omitted")
    acceleration = Component(ReadOnly, ".ACCL", units="s", kind="omitted")
    readback = Component(ReadOnly, ".RBV", units="deg", auto_monitor=True, kind="omitted")

    def __init__(self, prefix: str = "", *, name: str, timeout_s: float = 60.0, parent: Any, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, parent=parent, **kwargs)
        self._timeout_s = timeout_s
        self._worker = Worker(self)

    def prepare(self, value: Spin) -> FaultStatus:
        """Go to where a turn begins to speed up."""
        return self._worker.start(lambda task: self._approach(task, value), "way to a turn", self._timeout_s)

    def set(self, value: Spin) -> FaultStatus:
        """Turn; the Status ends when omega stands.

        It fails with `LimitExceeded` when the speed is beyond the record's or the way beyond its limits.
        """
        what = f"turn of {value.sweep_deg:g} deg at {value.speed_deg_s:g} deg/s"
        return self._worker.start(lambda task: self._turn(task, value), what, value.duration_s + self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """End the turn; does nothing when there is none."""
        if self._worker.busy:
            self.parent.omega.stop()
            self._worker.interrupt(timeout_s=0.0)

    def _turn(self, task: Task, spin: Spin) -> None:
        self._track = None
        self._approach(task, spin)
        positions: list[tuple[float, float]] = []
        sign = self.parent.omega.sign

        def hear(*, value: Any, timestamp: float, **_: Any) -> None:
            positions.append((float(timestamp), sign * float(value)))

        with self._speed(task, spin.speed_deg_s):
            subscription = self.readback.subscribe(hear, run=False)
            try:
                task.attend(self.parent.omega.set(spin.end_deg + spin.sense * self._room_deg(spin)))
            except DeviceFault:
                self.parent.omega.stop()  # that of `stop` may have come before the turn began
                raise
            finally:
                self.readback.unsubscribe(subscription)
        self._track = even_track(self.name, spin, positions)

    def _approach(self, task: Task, spin: Spin) -> None:
        self._check(spin)
        begin_deg = spin.start_deg - spin.sense * self._room_deg(spin)
        if not math.isclose(self.parent.omega.position, begin_deg, abs_tol=0.01):
            task.attend(self.parent.omega.set(begin_deg))

    def _check(self, spin: Spin) -> None:
        """Ask for speed and room.

        Raises:
            LimitExceeded: If there is not enough.
        """
        top = float(self.top_velocity.get(use_monitor=False))
        if 0.0 < top < spin.speed_deg_s:  # a record without a highest speed says 0
            raise LimitExceeded(
                f"{self.name}: {spin.speed_deg_s:g} deg/s is asked for, omega turns with {top:g} deg/s at most; ask for less"
            )
        room = spin.sense * self._room_deg(spin)
        for omega_deg in (spin.start_deg - room, spin.end_deg + room):
            self.parent.omega.check_value(self.parent.omega.sign * omega_deg)

    def _room_deg(self, spin: Spin) -> float:
        """Way to full speed, deg; the record takes its acceleration time to any speed."""
        return RUN_UP * 0.5 * spin.speed_deg_s * float(self.acceleration.get(use_monitor=False))

    @contextmanager
    def _speed(self, task: Task, speed_deg_s: float) -> Iterator[None]:
        """Another speed for a while."""
        before = float(self.velocity.get(use_monitor=False))
        try:
            task.attend(self.velocity.set(speed_deg_s))
            found = float(self.velocity.get(use_monitor=False))
            if not math.isclose(found, speed_deg_s, rel_tol=1e-3):
                raise DeviceFault(
                    f"{self.name}: the speed was set to {speed_deg_s:g} deg/s and reads {found:g}; look at the record"
                )
            yield
        finally:
            # Without waiting: after a stop nothing waits any more, and the speed must come back all the same.
            returned = threading.Event()
            self.velocity.set(before).add_callback(lambda _: returned.set())
            returned.wait(5.0)
