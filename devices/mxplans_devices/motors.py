"""Motor records."""

from __future__ import annotations

import math
from typing import Any

from ophyd import EpicsMotor
from ophyd.utils import LimitError
from pydantic import Field

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.device_settings import DeviceSettings, PvPrefix, TimeoutS
from mxplans_devices._jobs import FaultStatus
from mxplans_devices._signals import plain


class Motor(EpicsMotor):
    """A motor record; data key is its name, in the units of the record.

    Args:
        prefix: Name of the record.
        name: Role, and data key.
        timeout_s: Real seconds until a move has failed.
        tolerance: How far from its target a move may end, in the units of the record; more means that it was stopped.

    Attributes:
        sign: -1 where the record counts the other way than the role: positions here are the record's times this.
    """

    class Settings(DeviceSettings):
        """Settings of a `Motor`."""

        prefix: PvPrefix = Field(description="Name of the record")
        timeout_s: TimeoutS = Field(default=120.0, description="Real seconds until a move has failed")
        tolerance: float = Field(
            default=0.01, gt=0, description="How far from its target a move may end, in the units of the record"
        )

    def __init__(
        self, prefix: str = "", *, name: str, timeout_s: float = 120.0, tolerance: float = 0.01, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.user_setpoint.kind = "omitted"
        self.sign = 1
        self._timeout_s = timeout_s
        self._tolerance = tolerance

    @property
    def position(self) -> float:
        """Where it is."""
        return float(self.sign * super().position)

    def read(self) -> dict[str, Any]:
        """Where it is, with its time."""
        reading: dict[str, Any] = super().read()
        reading[self.name] = {**reading[self.name], "value": self.sign * reading[self.name]["value"]}
        return reading

    def set(self, value: float) -> FaultStatus:
        """Start towards a position, in the units of the record.

        Raises:
            LimitExceeded: If the record's soft limits do not allow it; nothing moves then.
        """
        motion = self.move(self.sign * value, wait=False)
        status = FaultStatus(self, self._timeout_s, f"move to {value:g} {self.egu}")
        motion.add_callback(lambda ended: self._hand_on(ended, status, value))
        return status

    def check_value(self, pos: float) -> None:
        """Ask whether a position of the record is allowed.

        Raises:
            LimitExceeded: If it is not.
        """
        if not math.isfinite(pos):
            raise LimitExceeded(f"{self.name}: {pos} is not a position; give a finite number")
        try:
            super().check_value(pos)
        except LimitError as error:
            low, high = sorted(self.sign * limit for limit in self.limits)
            raise LimitExceeded(
                f"{self.name}: {self.sign * pos:g} {self.egu} is outside of {low:g}..{high:g} {self.egu}; ask for less travel"
            ) from error

    def describe(self) -> dict[str, Any]:
        """Type, shape and unit."""
        return plain(super().describe(), self.egu)

    def _hand_on(self, motion: Any, status: FaultStatus, target: float) -> None:
        error = motion.exception(timeout=0)
        reached = self.sign * self.user_readback.get(use_monitor=False)
        if error is None and abs(reached - target) <= self._tolerance:
            status.set_finished()
            return
        fault = DeviceFault(
            f"{self.name}: {status.what} ended at {reached:g}; unless somebody stopped it, "
            "look at the record's limit switches and alarm"
        )
        fault.__cause__ = error
        status.set_exception(fault)


class DetectorDistance(Motor):
    """Distance of the detector from the sample, mm; data key is its name."""
