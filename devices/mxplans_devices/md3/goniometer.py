"""The goniometer of a micro-diffractometer: its motors by role, and its scans."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from ophyd import Component
from pydantic import Field

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.acquisition import ScanMotion
from mxplans_devices._jobs import FaultStatus, Task
from mxplans_devices.md3._parts import ASK_S, BUSY, REST_TIMEOUT_S, Exported, ExporterSettings, Followed
from mxplans_devices.md3.motions import Axis, Command, Wire, command_for, wiring
from mxplans_devices.md3.spinning import MD3Spin
from mxplans_devices.protocols.exporter import Value

_AT_REST = ("Ready", "LowLim", "HighLim")


class MD3Motor(Exported):
    """A motor in its role, a part of an `MD3Goniometer`; data key is its name.

    Args:
        name: Name, and data key.
        axis: Role.
        units: Of positions.
        timeout_s: Real seconds until a move has failed.
        tolerance: How far from its target a move may end.
        parent: The goniometer, which knows the wiring.
    """

    readback = Component(Followed, value=0.0, exporter="", kind="hinted")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        axis: str,
        units: str,
        timeout_s: float = 120.0,
        tolerance: float = 0.01,
        parent: Any = None,
        **kwargs: Any,
    ) -> None:
        self.wire: Wire = parent.wires[axis]
        self.units = units
        self.limits = (-math.inf, math.inf)
        self._timeout_s = timeout_s
        self._tolerance = tolerance
        super().__init__(prefix, name=name, parent=parent, **kwargs)
        self.readback.name = self.name
        self.readback.follow(f"{self.wire.motor}Position", self._in_role, units)

    def look(self) -> None:
        """Read position and limits now."""
        super().look()
        self.limits = self._limits_now()

    def set(self, value: float) -> FaultStatus:
        """Start towards a position.

        Raises:
            LimitExceeded: If the limits that were read last do not allow it; nothing moves then.
        """
        target = float(value)
        self._check(target, self.limits)
        return self.start(lambda task: self.move(task, target), f"move to {target:g} {self.units}", self._timeout_s)

    def move(self, task: Task, target: float) -> None:
        """Move within a job, also of another part.

        Raises:
            LimitExceeded: If the limits do not allow it; nothing moves then.
            DeviceFault: If it ends elsewhere.
        """
        client, motor = self.exporter, self.wire.motor
        self.check(target)
        client.execute("setMotorPosition", motor, self.wire.sign * target)
        asked_s = [-math.inf]

        def ended() -> bool:
            states = client.latest("MotorStates")
            told = isinstance(states, tuple) and f"{motor}=Moving" in states
            if told and time.monotonic() - asked_s[0] < ASK_S:
                return False
            asked_s[0] = time.monotonic()
            return self._stands()

        task.until(ended, lambda: f"it is at {self._reached():g} {self.units} and still moves; look at the controller")
        reached = self._reached()
        if abs(reached - target) > self._tolerance:
            raise DeviceFault(
                f"{self.name}: {task.what} ended at {reached:g} {self.units}; unless somebody stopped it, "
                "look at the motor and its controller"
            )

    def _stands(self) -> bool:
        state = self.exporter.execute("getMotorState", self.wire.motor)
        if state not in BUSY and state not in _AT_REST:
            raise DeviceFault(f"{self.name}: {self.wire.motor} is in state {state!r}; put it right at its controller")
        return state in _AT_REST

    def _reached(self) -> float:
        value = self._in_role(self.exporter.execute("getMotorPosition", self.wire.motor))
        if value is None:
            raise DeviceFault(f"{self.name}: {self.wire.motor} has no position; look at its controller")
        return value

    def _limits_now(self) -> tuple[float, float]:
        limits = self.exporter.execute("getMotorDynamicLimits", self.wire.motor)
        if not isinstance(limits, tuple) or len(limits) != 2:
            raise DeviceFault(f"{self.name}: getMotorDynamicLimits answered {limits!r}, two numbers were expected")
        low, high = sorted(self.wire.sign * float(limit) for limit in limits)
        return low, high

    def check(self, target: float) -> None:
        """Ask whether a position is allowed, by the present limits.

        Raises:
            LimitExceeded: If it is not.
        """
        self._check(target, self._limits_now())

    def _check(self, target: float, limits: tuple[float, float]) -> None:
        if not math.isfinite(target):
            raise LimitExceeded(f"{self.name}: {target} is not a position; give a finite number")
        if not limits[0] <= target <= limits[1]:
            raise LimitExceeded(
                f"{self.name}: {target:g} {self.units} is outside of {limits[0]:g}..{limits[1]:g} {self.units}; "
                "ask for less travel"
            )

    def _in_role(self, value: Value) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return self.wire.sign * float(value) + 0.0


class MD3Scan(Exported):
    """The scans, a part of an `MD3Goniometer`: set to a `ScanMotion`, it runs it and ends with the motion.

    Args:
        name: Name in messages.
        timeout_s: Real seconds that a scan may take beyond its exposures.
        phase: The phase in which scans are allowed.
        parent: The goniometer.
    """

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        timeout_s: float = 120.0,
        phase: str = "DataCollection",
        parent: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, parent=parent, **kwargs)
        self._timeout_s = timeout_s
        self._phase = phase

    def set(self, value: ScanMotion) -> FaultStatus:
        """Choose the kind of scan, bring the sample to its start, run.

        The Status fails with `LimitExceeded` when there is no such scan, with `DeviceFault` when the controller is not
        in the phase for it, refuses, or ends it with an exception.
        """
        what = f"scan of {value.rows} x {value.images_per_row} images"
        return self.start(lambda task: self._scan(task, value), what, value.exposed_s + self._timeout_s)

    def look(self) -> None:
        """Read the positions that a scan changes."""
        self.parent.look()

    def catch_up(self) -> None:
        """The motors do that for themselves."""

    def _scan(self, task: Task, motion: ScanMotion) -> None:
        client = self.exporter
        command = command_for(motion, self.parent.wires, client.number("AlignmentZPosition"))
        phase = client.read("CurrentPhase")
        if phase != self._phase:
            raise DeviceFault(
                f"{self.name}: the diffractometer is in phase {phase!r}, scans are run in {self._phase!r}; "
                "move the backlight out first"
            )
        self.wait_until_ready(task, REST_TIMEOUT_S)
        self._prepare(task, command)
        self.run(task, command.method, *command.arguments)

    def _prepare(self, task: Task, command: Command) -> None:
        """One detector pulse per image, as many as wanted; the sample at its start."""
        for name, value in (("DetectorGatePulseEnabled", True), ("ScanNumberOfFrames", command.frames)):
            self.exporter.write(name, value)
            found = self.exporter.read(name)
            if found != value:
                raise DeviceFault(f"{self.name}: {name} was set to {value} and reads {found}; look at the controller")
        if command.start:
            places = ",".join(f"{motor}={position:.6f}" for motor, position in command.start.items())
            self.run(task, "startSimultaneousMoveMotors", places)


class MD3Goniometer(Exported):
    """Omega, kappa and phi (deg), x, y, z (mm); data keys `<name>_omega`, `<name>_x`, `<name>_kappa`, ...

    Args:
        prefix: Unused.
        name: Role.
        address: Host and port of the exporter.
        axes: Motor and sign by role (omega, x, y, z, kappa, phi), where they are not the usual ones.
    """

    class Settings(ExporterSettings):
        """Settings of an `MD3Goniometer`."""

        axes: Mapping[Axis, Wire] | None = Field(
            default=None, description="Motor and sense of each axis, where they are not the usual ones"
        )

    omega = Component(MD3Motor, axis="omega", units="deg", kind="normal")
    x = Component(MD3Motor, axis="x", units="mm", kind="normal")
    y = Component(MD3Motor, axis="y", units="mm", kind="normal")
    z = Component(MD3Motor, axis="z", units="mm", kind="normal")
    kappa = Component(MD3Motor, axis="kappa", units="deg", kind="normal")
    phi = Component(MD3Motor, axis="phi", units="deg", kind="normal")
    scan = Component(MD3Scan, kind="omitted")
    spin = Component(MD3Spin, kind="omitted")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        address: str,
        axes: Mapping[str, Mapping[str, object]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.wires = wiring(axes)
        super().__init__(prefix, name=name, address=address, **kwargs)
        self._motors: tuple[MD3Motor, ...] = (self.omega, self.x, self.y, self.z, self.kappa, self.phi)

    def look(self) -> None:
        """Read all positions and limits now."""
        super().look()
        for motor in self._motors:
            motor.look()

    def stop(self, *, success: bool = False) -> None:
        """Abort whatever the controller does; returns at once, jobs end when everything stands."""
        parts: tuple[Exported, ...] = (*self._motors, self.scan, self.spin)
        if self.exporter.connected and (self.exporter.latest("State") in BUSY or any(part.busy for part in parts)):
            self.abort()
        for part in parts:
            part.give_up()
