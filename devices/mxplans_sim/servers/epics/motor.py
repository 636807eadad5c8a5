"""A motor record with the fields that clients use."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import numpy as np
from caproto import ChannelData

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice, Number, Refused, Text, Whole, setting
from mxplans_sim.world.kinematics import Axis

_PERIOD_S = 0.05
"""Real seconds between two readbacks during a move."""


class MotorRecord:
    """A motor record over an axis. A put to VAL completes at the end of the motion.

    Args:
        name: Name of the record.
        axis: What moves.
        clock: Simulated time.
        units: Of positions.
        noise: Standard deviation of the readback and its generator.
    """

    def __init__(
        self, name: str, axis: Axis, clock: Clock, units: str, noise: tuple[float, np.random.Generator]
    ) -> None:
        self.name = name
        self.axis = axis
        self.taken: Callable[[], Awaitable[None]] | None = None
        self._clock = clock
        self._units = units
        self._noise, self._rng = noise
        self._idle = asyncio.Event()
        self._idle.set()
        low, high = axis.limits
        self._limits: dict[str, Any] = {"units": units, "precision": 5, "lower_ctrl_limit": low}
        self._limits |= {"upper_ctrl_limit": high, "lower_disp_limit": low, "upper_disp_limit": high}
        start = axis.position
        self._value = Number(value=start, on_put=self._put, **self._limits)
        self._readback = Number(value=start, **self._limits)
        self._done = Whole(value=1)
        self._moving = Whole(value=0)
        self._direction = Whole(value=1)
        self._stop = Whole(value=0, on_put=self._put_stop)
        self._velocity = Number(value=axis.speed, units=f"{units}/s", precision=5, on_put=self._put_velocity)
        self._ramp = Number(value=axis.ramp_s, units="s", precision=5, on_put=self._put_ramp)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        low, high = self.axis.limits
        fields = {
            "VAL": self._value,
            "RBV": self._readback,
            "DMOV": self._done,
            "MOVN": self._moving,
            "TDIR": self._direction,
            "STOP": self._stop,
            "VELO": self._velocity,
            "VMAX": Number(value=self.axis.top_speed, units=f"{self._units}/s", precision=5),
            "ACCL": self._ramp,
            "EGU": Text(value=self._units),
            "DESC": Text(value=self.name.rsplit(":", 2)[-1]),
            "PREC": Whole(value=5),
            "HLM": Number(value=high, units=self._units, precision=5),
            "LLM": Number(value=low, units=self._units, precision=5),
            "HLS": Whole(value=0),
            "LLS": Whole(value=0),
            "OFF": setting(0.0, units=self._units),
            "DIR": Choice(value="Pos", enum_strings=("Pos", "Neg")),
            "FOFF": Choice(value="Frozen", enum_strings=("Variable", "Frozen")),
            "SET": Choice(value="Use", enum_strings=("Use", "Set")),
            "HOMF": Whole(value=0),
            "HOMR": Whole(value=0),
        }
        return {self.name: self._value, **{f"{self.name}.{field}": channel for field, channel in fields.items()}}

    async def attend(self) -> None:
        """Publish the motion until the axis stands; called by whoever has set it in motion."""
        self._idle.clear()
        try:
            await self._done.show(0)
            await self._moving.show(1)
            while (remaining_s := self.axis.remaining_s) > 0:
                await self._clock.sleep(min(remaining_s, _PERIOD_S * self._clock.speed_up))
                await self._post()
            await self._post()
            await self._moving.show(0)
            await self._done.show(1)
        finally:
            self._idle.set()

    async def settle_setpoint(self) -> None:
        """Let the setpoint agree with the position, as after a stop."""
        await self._value.show(self.axis.position)

    async def _post(self) -> None:
        noise = self._rng.normal(0.0, self._noise) if self._noise else 0.0
        await self._readback.show(self.axis.position + noise)

    async def _put(self, value: Any) -> None:
        target = float(value)
        if not (math.isfinite(target) and self.axis.allows(target)):
            low, high = self.axis.limits
            raise Refused(
                f"{self.name}: {target:g} {self._units} is outside of {low:g} to {high:g} {self._units}; not moved"
            )
        if self.taken is not None:
            raise Refused(f"{self.name}: the motion program runs; stop it or wait for its end")
        await self._direction.show(int(target >= self.axis.position))
        self.axis.move_to(target)
        await self._value.show(target)
        if self._idle.is_set():
            await self.attend()
        else:
            await self._idle.wait()

    async def _put_stop(self, value: Any) -> None:
        if not value:
            return
        if self.taken is not None:
            await self.taken()
        elif self.axis.remaining_s > 0:
            self.axis.stop()
            await self._idle.wait()
            await self.settle_setpoint()

    async def _put_velocity(self, value: Any) -> None:
        speed = float(value)
        if not 0 < speed <= self.axis.top_speed:
            raise Refused(f"{self.name}.VELO: {speed:g} {self._units}/s is outside of 0 to {self.axis.top_speed:g}")
        self.axis.speed = speed
        await self._velocity.show(speed)

    async def _put_ramp(self, value: Any) -> None:
        ramp_s = float(value)
        if not ramp_s > 0:
            raise Refused(f"{self.name}.ACCL: {ramp_s:g} s must be positive")
        self.axis.ramp_s = ramp_s
        await self._ramp.show(ramp_s)
