"""A motor record with the fields that clients use."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice, Number, Refused, Text, Whole, setting
from mxplans_sim.servers.epics.deferral import Deferral
from mxplans_sim.servers.epics.motor_health import MotorHealth
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.seeding import rng_for

_PERIOD_S = 0.05
"""Real seconds between two readbacks during a move."""
_LONGEST_S = 0.25
"""Simulated seconds between them at most, so that a client can tell how an axis moved."""


class MotorRecord:
    """A motor record over an axis. A put to VAL completes at the end of the motion.

    Args:
        name: Name of the record.
        axis: What moves.
        clock: Simulated time.
        units: Of positions.
        noise: Standard deviation of the readback; the error is the same as long as the axis stands.
        seed: Of the noise.
        deferral: What its moves may have to wait for.
    """

    def __init__(
        self,
        name: str,
        axis: Axis,
        clock: Clock,
        units: str,
        noise: float = 0.0,
        seed: int = 0,
        deferral: Deferral | None = None,
    ) -> None:
        self.name = name
        self.axis = axis
        self._clock = clock
        self._units = units
        self._noise = noise
        self._seed = seed
        self._deferral = deferral
        self._error: tuple[int, float] = (-1, 0.0)
        self._attending: asyncio.Task[None] | None = None
        axis.changed.subscribe(self._follow)
        self._idle = asyncio.Event()
        self._idle.set()
        self._direction = Whole(value=1)
        self._health = MotorHealth(axis, self._moves_up)
        alarm = self._health.alarm
        low, high = axis.limits
        self._limits: dict[str, Any] = {"units": units, "precision": 5, "lower_ctrl_limit": low, "alarm": alarm}
        self._limits |= {"upper_ctrl_limit": high, "lower_disp_limit": low, "upper_disp_limit": high}
        start = axis.position
        self._value = Number(value=start, on_put=self._put, **self._limits)
        self._readback = Number(value=start, **self._limits)
        self._done = Whole(value=1, alarm=alarm)
        self._moving = Whole(value=0)
        self._violated = Whole(value=0)
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
            **self._health.channels,
            "LVIO": self._violated,
            "OFF": setting(0.0, units=self._units),
            "DIR": Choice(value="Pos", enum_strings=("Pos", "Neg")),
            "FOFF": Choice(value="Frozen", enum_strings=("Variable", "Frozen")),
            "SET": Choice(value="Use", enum_strings=("Use", "Set")),
            "HOMF": Whole(value=0, on_put=self._put_home),
            "HOMR": Whole(value=0, on_put=self._put_home),
        }
        return {self.name: self._value, **{f"{self.name}.{field}": channel for field, channel in fields.items()}}

    async def stop(self) -> None:
        """Publish no longer."""
        if self._attending is not None:
            self._attending.cancel()
            await asyncio.gather(self._attending, return_exceptions=True)

    def _moves_up(self) -> bool:
        return bool(self._direction.value)

    async def _follow(self) -> None:
        """Somebody else has set the axis in motion, or has let it go."""
        if not self.axis.moving:
            await self._idle.wait()
            await self._health.post()
        elif self._idle.is_set():
            self._idle.clear()
            self._attending = asyncio.get_running_loop().create_task(self._attend())

    async def _attend(self) -> None:
        """Publish the motion until the axis stands."""
        self._idle.clear()
        try:
            await self._health.clear()
            await self._done.show(0)
            await self._moving.show(1)
            await self._health.post()
            period_s = min(self._clock.watch_period_s(_PERIOD_S), _LONGEST_S)
            driven = False
            while self.axis.moving:
                driven = driven or self.axis.taken is not None
                if (remaining_s := self.axis.remaining_s) > 0:
                    await self._clock.sleep(min(remaining_s, period_s))
                else:
                    await self.axis.freed()
                await self._post()
            await self._post()
            if driven:
                await self._settle_setpoint()
            await self._health.judge()
            await self._post()
            await self._moving.show(0)
            await self._health.post()
            await self._done.show(1)
        finally:
            self._idle.set()

    async def _settle_setpoint(self) -> None:
        """Let the setpoint agree with the position."""
        await self._value.show(self.axis.position)

    async def _post(self) -> None:
        await self._readback.show(self.axis.position + self._encoder_error())

    def _encoder_error(self) -> float:
        """Depends on how often the axis has moved, and not on when somebody looks."""
        if self._noise and self._error[0] != self.axis.moves:
            rng = rng_for(self._seed, "encoder", self.name, self.axis.moves)
            self._error = self.axis.moves, float(rng.normal(0.0, self._noise))
        return self._error[1]

    async def _put(self, value: Any) -> None:
        target = float(value)
        if not (math.isfinite(target) and self.axis.allows(target)):
            low, high = self.axis.limits
            await self._violated.show(1)
            raise Refused(
                f"{self.name}: {target:g} {self._units} is outside of {low:g} to {high:g} {self._units}; not moved"
            )
        if self.axis.taken is not None:
            raise Refused(f"{self.name}: the motion program runs; stop it or wait for its end")
        await self._violated.show(0)
        await self._value.show(target)
        if self._deferral is not None:
            await self._deferral.passed()
        await self._direction.show(int(target >= self.axis.position))
        self.axis.move_to(target)
        if self._idle.is_set():
            await self._attend()
        else:
            await self._idle.wait()

    async def _put_stop(self, value: Any) -> None:
        if not value:
            return
        if self.axis.taken is not None:
            await self.axis.taken()
        elif self.axis.remaining_s > 0:
            self.axis.stop()
            await self._idle.wait()
            await self._settle_setpoint()

    async def _put_home(self, value: Any) -> None:
        if value:
            self.axis.home()

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
