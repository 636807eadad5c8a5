"""The goniometer: four motor records and a motion program that scans them."""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from ophyd import Component, Device, FormattedComponent
from pydantic import Field

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.acquisition import ScanMotion
from mxplans.model.device_settings import DeviceSettings, PvPrefix, Sign
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import ReadOnly, Setting
from mxplans_devices.motors import Motor
from mxplans_devices.spinning import MotorSpin

_AXES = ("x", "y", "z")


class _Phases:
    """Follows the program's status: not started, running, over."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.ended = threading.Event()

    def __call__(self, *, value: Any, **_: Any) -> None:
        if value:
            self.started.set()
        elif self.started.is_set():
            self.ended.set()


class ScanProgram(Device):
    """The motion program: set to a `ScanMotion`, it moves, opens the shutter for the images and triggers the detector.

    Args:
        prefix: Prefix of its process variables.
        name: Name in messages.
        timeout_s: Real seconds that a scan may take beyond its exposures, for run-up, row changes and returns.
        start_timeout_s: Real seconds until the program must run.

    Attributes:
        signs: As those of the motors, by axis.
    """

    start_x = Component(Setting, "START_X", units="mm", kind="omitted")
    start_y = Component(Setting, "START_Y", units="mm", kind="omitted")
    start_z = Component(Setting, "START_Z", units="mm", kind="omitted")
    start_omega = Component(Setting, "START_OMEGA", units="deg", kind="omitted")
    step_x = Component(Setting, "STEP_X", units="mm", kind="omitted")
    step_y = Component(Setting, "STEP_Y", units="mm", kind="omitted")
    step_z = Component(Setting, "STEP_Z", units="mm", kind="omitted")
    step_omega = Component(Setting, "STEP_OMEGA", units="deg", kind="omitted")
    row_x = Component(Setting, "ROW_X", units="mm", kind="omitted")
    row_y = Component(Setting, "ROW_Y", units="mm", kind="omitted")
    row_z = Component(Setting, "ROW_Z", units="mm", kind="omitted")
    num_images = Component(Setting, "NUM_IMAGES", kind="omitted")
    num_rows = Component(Setting, "NUM_ROWS", kind="omitted")
    snake = Component(Setting, "SNAKE", kind="omitted")
    exposure = Component(Setting, "EXPOSURE", units="s", kind="omitted")
    valid = Component(ReadOnly, "VALID", kind="omitted")
    message = Component(ReadOnly, "MESSAGE", string=True, kind="omitted")
    run = Component(Setting, "RUN", kind="omitted")
    abort = Component(Setting, "STOP", kind="omitted")
    status = Component(ReadOnly, "STATUS", auto_monitor=True, kind="omitted")
    points = Component(ReadOnly, "POINTS", kind="omitted")
    error = Component(ReadOnly, "ERROR", kind="omitted")

    def __init__(
        self, prefix: str = "", *, name: str, timeout_s: float = 120.0, start_timeout_s: float = 15.0, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._timeout_s = timeout_s
        self._start_timeout_s = start_timeout_s
        self.signs = dict.fromkeys((*_AXES, "omega"), 1)
        self._worker = Worker(self)

    def set(self, value: ScanMotion) -> FaultStatus:
        """Write the parameters, have them checked, run; the Status ends with the motion.

        It fails with `DeviceFault` when the program calls the motion invalid, refuses to run or stops half-way.
        """
        return self._worker.start(
            lambda task: self._scan(task, value),
            f"scan of {value.rows} x {value.images_per_row} images",
            value.exposed_s + self._timeout_s,
        )

    def stop(self, *, success: bool = False) -> None:
        """Abort the program if it runs."""
        if self._worker.interrupt() or self.status.get():
            self.abort.put(1, use_complete=False)

    def _scan(self, task: Task, motion: ScanMotion) -> None:
        # One that was stopped needs a moment to come to rest.
        task.until(
            lambda: not self.status.get(use_monitor=False),
            "another scan still runs; stop it at its controller",
            timeout_s=self._start_timeout_s,
        )
        parameters = _parameters(motion, self.signs)
        task.wait(*[getattr(self, name).set(value) for name, value in parameters.items()])
        for name, value in parameters.items():
            found = getattr(self, name).get(use_monitor=False)
            if not math.isclose(found, value, rel_tol=1e-6, abs_tol=1e-6):
                raise DeviceFault(f"{self.name}: {name} was set to {value:g} and reads {found:g}; see its controller")
        if not self.valid.get(use_monitor=False):
            raise DeviceFault(f"{self.name}: {task.what} is not possible: {self._message()}; change the motion")
        phases = _Phases()
        subscription = self.status.subscribe(phases, run=False)
        try:
            run = self.run.set(1)
            task.until(
                lambda: phases.started.is_set() or self._refused(run),
                "the program did not start; look at its controller",
                timeout_s=self._start_timeout_s,
                period_s=0.005,
            )
            if phases.started.is_set():
                task.until(phases.ended.is_set, lambda: f"{self.points.get()} images so far; look at its controller")
        finally:
            self.status.unsubscribe(subscription)
        self._check_end(motion)

    def _refused(self, run: Any) -> bool:
        return bool(run.done and self.error.get(use_monitor=False))

    def _check_end(self, motion: ScanMotion) -> None:
        points = int(self.points.get(use_monitor=False))
        if (error := self.error.get(use_monitor=False)) or points != motion.number_images:
            raise DeviceFault(
                f"{self.name}: the motion program ended with error {error} after {points} of "
                f"{motion.number_images} images: {self._message()}; see its controller, then scan again"
            )

    def _message(self) -> str:
        return str(self.message.get(use_monitor=False)) or "it gives no reason"


def _parameters(motion: ScanMotion, signs: Mapping[str, int]) -> dict[str, float | int]:
    """Signals of the program and their values."""
    omega = signs["omega"]
    values: dict[str, float | int] = {
        "start_omega": omega * motion.start.omega_deg,
        "step_omega": omega * motion.step_omega_deg,
    }
    for axis, start, step, row in zip(_AXES, motion.start.xyz_mm, motion.step_mm, motion.row_step_mm, strict=True):
        sign = signs[axis]
        values |= {f"start_{axis}": sign * start, f"step_{axis}": sign * step, f"row_{axis}": sign * row}
    return values | {
        "num_images": motion.images_per_row,
        "num_rows": motion.rows,
        "snake": int(motion.snake),
        "exposure": motion.exposure_s,
    }


class Goniometer(Device):
    """Omega (deg) with x, y, z (mm) on it; data keys `<name>_omega`, `<name>_x`, `<name>_y`, `<name>_z`.

    Args:
        prefix: Prefix of the motor records.
        name: Role.
        scan_prefix: Prefix of the motion program.
        signs: 1 or -1 by axis: which way the motors count. 1 means that positive omega is right-handed about the
            axis as seen in the image to the right, and that positive x, y and z at omega 0 move the sample right,
            down and along the beam.

    Raises:
        InvalidInput: If `signs` names something else.
    """

    class Settings(DeviceSettings):
        """Settings of a `Goniometer`."""

        prefix: PvPrefix = Field(description="Prefix of the motor records")
        scan_prefix: PvPrefix = Field(description="Prefix of the motion program")
        signs: Mapping[Literal["omega", "x", "y", "z"], Sign] = Field(
            default={},
            description="Which way the motors count: 1 where positive omega is right-handed about the axis to the right in "
            "the image, and positive x, y, z move the sample right, down and along the beam at omega 0; 1 if not said",
        )

    omega = Component(Motor, "OMEGA", kind="normal")
    x = Component(Motor, "X", kind="normal")
    y = Component(Motor, "Y", kind="normal")
    z = Component(Motor, "Z", kind="normal")
    scan = FormattedComponent(ScanProgram, "{scan_prefix}", kind="omitted")
    spin = Component(MotorSpin, "OMEGA", kind="omitted")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        scan_prefix: str,
        signs: Mapping[str, int] = MappingProxyType({}),
        **kwargs: Any,
    ) -> None:
        self.scan_prefix = scan_prefix
        super().__init__(prefix, name=name, **kwargs)
        for axis, sign in signs.items():
            if axis not in self.scan.signs or sign not in (1, -1):
                raise InvalidInput(
                    f"{name}: sign {sign!r} of {axis}: allowed are 1 and -1 for {', '.join(self.scan.signs)}"
                )
            getattr(self, axis).sign = self.scan.signs[axis] = sign


class Smargon(Goniometer):
    """A goniometer with chi and phi on it (deg), which keep the point in the beam."""

    chi = Component(Motor, "CHI", kind="normal")
    phi = Component(Motor, "PHI", kind="normal")
