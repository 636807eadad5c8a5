"""A turn of a micro-diffractometer's omega at constant speed."""

from __future__ import annotations

import math
from typing import Any

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.acquisition import Spin
from mxplans_devices._jobs import FaultStatus, Task
from mxplans_devices._tracks import Tracked, even_track
from mxplans_devices.md3._parts import Exported
from mxplans_devices.protocols.exporter import Value


class MD3Spin(Tracked, Exported):
    """The turn, a part of an `MD3Goniometer`: a move of omega, as fast as its motor goes.

    The controller has no command for another speed without its shutter and detector gate, which a camera does not need.

    Args:
        name: Name in messages.
        timeout_s: Real seconds that a turn may take beyond what its speed needs, for the way to its begin.
        run_up_s: Time that the motor needs to its speed, with a margin.
        parent: The goniometer.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        timeout_s: float = 60.0,
        run_up_s: float = 0.5,
        parent: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, parent=parent, **kwargs)
        self._timeout_s = timeout_s
        self._run_up_s = run_up_s

    def prepare(self, value: Spin) -> FaultStatus:
        """Go to where a turn begins to speed up."""
        return self.start(
            lambda task: self._approach(task, value, self._speed(value)), "way to a turn", self._timeout_s
        )

    def set(self, value: Spin) -> FaultStatus:
        """Turn; the Status ends when omega stands.

        It fails with `LimitExceeded` when the motor is faster than asked for, or the way is beyond its limits.
        """
        what = f"turn of {value.sweep_deg:g} deg at {value.speed_deg_s:g} deg/s"
        return self.start(lambda task: self._turn(task, value), what, value.duration_s + self._timeout_s)

    def look(self) -> None:
        """Read the position that a turn changes."""
        self.parent.omega.look()

    def catch_up(self) -> None:
        """The motor does that for itself."""

    def _turn(self, task: Task, spin: Spin) -> None:
        self._track = None
        speed_deg_s = self._speed(spin)
        self._approach(task, spin, speed_deg_s)
        positions: list[tuple[float, float]] = []
        wire = self.parent.wires["omega"]

        def hear(value: Value, stamp_s: float) -> None:
            if isinstance(value, int | float):
                positions.append((stamp_s, wire.sign * float(value)))

        end = self.exporter.follow(f"{wire.motor}Position", hear)
        try:
            self.parent.omega.move(task, spin.end_deg + spin.sense * self._room_deg(speed_deg_s))
        finally:
            end()
        self._track = even_track(self.name, spin, positions)

    def _approach(self, task: Task, spin: Spin, speed_deg_s: float) -> None:
        room = spin.sense * self._room_deg(speed_deg_s)
        omega = self.parent.omega
        omega.check(spin.end_deg + room)
        omega.check(spin.start_deg - room)
        if not math.isclose(omega.readback.get(), spin.start_deg - room, abs_tol=0.01):
            omega.move(task, spin.start_deg - room)

    def _speed(self, spin: Spin) -> float:
        """Of the motor.

        Raises:
            LimitExceeded: If it is faster than it may be.
        """
        motor = self.parent.wires["omega"].motor
        speed = self.exporter.execute("getMotorMaxSpeed", motor)
        if isinstance(speed, bool) or not isinstance(speed, int | float) or not speed > 0:
            raise DeviceFault(
                f"{self.name}: getMotorMaxSpeed answered {speed!r}, a speed was expected; see its controller"
            )
        if speed > spin.speed_deg_s * 1.001:
            raise LimitExceeded(
                f"{self.name}: {spin.speed_deg_s:g} deg/s is asked for, {motor} always turns with {speed:g} deg/s; "
                f"ask for {speed:g} deg/s or more"
            )
        return float(speed)

    def _room_deg(self, speed_deg_s: float) -> float:
        return 0.5 * speed_deg_s * self._run_up_s
