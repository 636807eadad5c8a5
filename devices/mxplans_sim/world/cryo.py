"""The cold around the sample: temperature of the cryostream as a function of time, and the cryojet's slide."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mxplans_sim.clock import Clock
from mxplans_sim.settings.environment import CryoSettings
from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.observable import Observable

HOLD, RAMP, WARM, COOL = "Hold", "Ramp", "Warming", "Cooling"
STATES = (HOLD, RAMP, WARM, COOL)
IN, OUT = "In", "Out"
_ARRIVED_K = 0.01


@dataclass(frozen=True)
class _Course:
    """Temperature from a time on: a ramp, or an approach like that of anything that warms up."""

    begins_s: float
    from_k: float
    to_k: float
    rate_k_s: float
    state: str

    def at(self, at_s: float, warm_up_s: float) -> float:
        since_s = max(0.0, at_s - self.begins_s)
        if self.state == RAMP:
            way_k = min(abs(self.to_k - self.from_k), self.rate_k_s * since_s)
            return self.from_k + math.copysign(way_k, self.to_k - self.from_k)
        return self.to_k + (self.from_k - self.to_k) * math.exp(-since_s / warm_up_s)

    def above_s(self, at_s: float, limit_k: float, warm_up_s: float) -> float:
        """Seconds until a time in which it was warmer than a limit."""
        since_s = max(0.0, at_s - self.begins_s)
        begins, ends = self.from_k > limit_k, self.at(at_s, warm_up_s) > limit_k
        if begins == ends:
            return since_s if begins else 0.0  # it goes one way only
        if self.state == RAMP:
            crossing_s = abs(limit_k - self.from_k) / self.rate_k_s
        else:
            crossing_s = warm_up_s * math.log((self.from_k - self.to_k) / (limit_k - self.to_k))
        return crossing_s if begins else since_s - crossing_s

    def lasts_s(self, warm_up_s: float) -> float:
        """Seconds until it is there."""
        way_k = abs(self.to_k - self.from_k)
        if self.state == RAMP:
            return way_k / self.rate_k_s
        return warm_up_s * math.log(way_k / _ARRIVED_K) if way_k > _ARRIVED_K else 0.0


class CryoFault(RuntimeError):
    """A ramp that cannot come to its end."""


class Cryo:
    """Cryostream and cryojet.

    Args:
        settings: Of both.
        clock: Simulated time.
        faults: Asked for `cryo_warm` (the stream fails as long as it lasts) by `look`, and by the jet's slide.

    Attributes:
        setpoint_k: What is asked for.
        rate_k_h: Rate of the next ramp.
        jet: Slide of the cryojet.
        changed: Tells of commands, failures and ends of ramps.
    """

    def __init__(self, settings: CryoSettings, clock: Clock, faults: FaultSource | None = None) -> None:
        self.settings = settings
        self.setpoint_k = settings.temperature_k
        self.rate_k_h = settings.ramp_k_h
        self.jet = Actuator("cryojet", (IN, OUT), settings.jet_s, clock, faults)
        self.changed = Observable()
        self._clock = clock
        self._faults = faults or NoFaults()
        self._failed = self._by_fault = False
        self._warm_s = 0.0
        self._course = _Course(0.0, self.setpoint_k, self.setpoint_k, settings.ramp_k_h / 3600, RAMP)

    @property
    def temperature_k(self) -> float:
        """At the sample's place, now."""
        return self._course.at(self._clock.now_s(), self.settings.warm_up_s)

    def warm_s(self) -> float:
        """Seconds until now in which it was too warm for glass."""
        settings = self.settings
        return self._warm_s + self._course.above_s(self._clock.now_s(), settings.devitrifies_k, settings.warm_up_s)

    @property
    def failed(self) -> bool:
        """Whether it gives no cold."""
        return self._failed

    @property
    def state(self) -> str:
        """What it does, one of `STATES`."""
        if self._failed:
            return WARM
        return HOLD if self.remaining_s <= 0 else self._course.state

    @property
    def remaining_s(self) -> float:
        """Seconds until the temperature is that of the setpoint, or of the room when it fails; not positive then."""
        return self._course.begins_s + self._course.lasts_s(self.settings.warm_up_s) - self._clock.now_s()

    @property
    def pressure_bar(self) -> float:
        """Back pressure; higher when it is blocked."""
        return self.settings.blocked_bar if self._failed else self.settings.pressure_bar

    @property
    def flow_l_min(self) -> float:
        """Flow of gas; none when it fails."""
        return 0.0 if self._failed else self.settings.flow_l_min

    async def ramp(self, setpoint_k: float) -> None:
        """Go to a temperature and return when it is reached; a second call redirects.

        Raises:
            ValueError: If it is out of range.
            CryoFault: If the stream fails before or meanwhile.
        """
        low, high = self.settings.range_k
        if not low <= setpoint_k <= high:
            raise ValueError(f"cryostream setpoint {setpoint_k:g} K is outside of {low:g} to {high:g} K; not changed")
        if self._failed:
            raise CryoFault("the cryostream has failed, it cannot ramp; restore it first")
        self.setpoint_k = setpoint_k
        self._turn_to(setpoint_k, RAMP)
        await self.changed.notify()
        while (left_s := self.remaining_s) > 0 and not self._failed:
            await self._clock.sleep(min(left_s, self._clock.watch_period_s(1.0)))
        await self.changed.notify()
        if self._failed:
            raise CryoFault(f"the cryostream failed at {self.temperature_k:.1f} K, on its way to {setpoint_k:g} K")

    def set_rate(self, rate_k_h: float) -> None:
        """Rate of ramps from now on.

        Raises:
            ValueError: If it is out of range.
        """
        if not 0 < rate_k_h <= self.settings.ramp_k_h:
            raise ValueError(f"ramp rate {rate_k_h:g} K/h is outside of 0 to {self.settings.ramp_k_h:g} K/h")
        self.rate_k_h = rate_k_h

    async def fail(self) -> None:
        """Give no cold from now on: the sample's place warms up to the room."""
        if not self._failed:
            self._failed = True
            self._turn_to(self.settings.room_k, WARM)
            await self.changed.notify()

    async def restore(self) -> None:
        """Give cold again."""
        if self._failed:
            self._failed = False
            self._turn_to(self.setpoint_k, COOL)
            await self.changed.notify()

    async def look(self) -> None:
        """Let a fault take hold that has begun, and let go when it has ended."""
        strikes = self._faults.active("cryo_warm") is not None
        if strikes != self._by_fault:
            self._by_fault = strikes
            await (self.fail() if strikes else self.restore())

    def _turn_to(self, to_k: float, state: str) -> None:
        self._warm_s = self.warm_s()
        self._course = _Course(self._clock.now_s(), self.temperature_k, to_k, self.rate_k_h / 3600, state)
