"""How axes move: an axis that follows motions on the simulated clock, and what hinders it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

from mxplans_sim.clock import Clock
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.motion import Motion, Piece, at, braking, cut_short, duration_s, first_s, trapezoid
from mxplans_sim.world.observable import Observable

SWITCH_BEYOND = 0.02
"""How far beyond the limits the limit switches stand, as part of the travel."""


class Axis:
    """A motor with its encoder.

    Args:
        name: Of the axis, for faults.
        clock: Simulated time.
        position: Where it stands at the start.
        speed: Speed of moves, units per second; also the highest.
        ramp_s: Seconds from rest to `speed`.
        limits: Lowest and highest position allowed.
        backlash: Play: when it turns back, what it drives follows only after this way.
        faults: Asked for `motor_stall`, `limit_switch_met` and `move_hangs`.

    Attributes:
        taken: Ends whatever else drives the axis now; None when it takes moves.
        changed: Tells when somebody who drives it sets it in motion or lets it go.
        moves: Motions so far.
        homed: Whether its encoder tells the truth.
        stalled: Whether its last move has ended, or is to end, short of its target for want of force.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        position: float,
        speed: float,
        ramp_s: float,
        limits: tuple[float, float],
        backlash: float = 0.0,
        faults: FaultSource | None = None,
    ) -> None:
        self.name = name
        self.speed = speed
        self.top_speed = speed
        self.ramp_s = ramp_s
        self.limits = limits
        self.taken: Callable[[], Awaitable[None]] | None = None
        self.changed = Observable()
        self.moves = 0
        self.homed = True
        self.stalled = False
        self._met = 0
        self._pushed = 0.0
        self._clock = clock
        self._backlash = backlash
        self._faults = faults or NoFaults()
        self._motion: Motion = (Piece(0.0, position),)
        self._begin_s = 0.0
        self._hangs_until_s = 0.0
        self._direction = 1.0
        self._free = asyncio.Event()
        self._free.set()

    @property
    def position(self) -> float:
        """What the encoder says now."""
        return at(self._motion, self._clock.now_s() - self._begin_s)[0]

    @property
    def remaining_s(self) -> float:
        """Simulated seconds until it stands; not positive when it does."""
        ends_s = self._begin_s + duration_s(self._motion)
        return max(ends_s, self._hangs_until_s) - self._clock.now_s()

    @property
    def moving(self) -> bool:
        """Whether it is on its way, or somebody else drives it."""
        return self.remaining_s > 0 or self.taken is not None

    @property
    def driven(self) -> float:
        """Where what it drives stands now, behind the play."""
        return self.position + self.lag(self._direction)

    def driven_at(self, at_s: float) -> float:
        """Where what it drives stands at another time of the present motion, or before or after it."""
        position, speed = at(self._motion, at_s - self._begin_s)
        return position + self.lag(speed)

    def nudge(self, by: float) -> None:
        """Push it without its encoder's knowledge."""
        self._pushed += by
        self.homed = False

    def home(self) -> None:
        """Find the home again: the encoder tells the truth."""
        self._pushed = 0.0
        self.homed = True

    @property
    def switch(self) -> int:
        """Limit switch at which it stands: 1 for the upper one, -1 for the lower one, 0 for none.

        They stand beyond the limits of the encoder, so that only an axis which has lost its home gets there.
        """
        if self._met and self.remaining_s <= 0:
            return self._met
        low, high = self._switches
        here = self.position + self._pushed
        return int(here >= high) - int(here <= low)

    @property
    def _switches(self) -> tuple[float, float]:
        low, high = self.limits
        beyond = SWITCH_BEYOND * (high - low)
        return low - beyond, high + beyond

    def lag(self, direction: float) -> float:
        """How far what it drives is from the encoder when approached in a direction; 0 takes the last one."""
        return self._pushed - math.copysign(self._backlash / 2, direction or self._direction)

    def allows(self, position: float) -> bool:
        """Whether a position is within the limits."""
        return self.limits[0] <= position <= self.limits[1]

    def move_to(self, target: float) -> None:
        """Start towards a position; an axis that moves comes to rest first."""
        now = self._clock.now_s()
        position, speed = at(self._motion, now - self._begin_s)
        before = braking(position, speed, self.speed / self.ramp_s) if speed else ()
        rest = before[-1].position if before else position
        motion = (*before, *trapezoid(rest, target, self.speed, self.ramp_s))
        motion = self._hindered(motion)
        self._take_up(motion, now)
        if (hang := self._faults.take("move_hangs", axis=self.name)) is not None:
            self._hangs_until_s = now + duration_s(motion) + float(hang["duration_s"])

    def _hindered(self, motion: Motion) -> Motion:
        """A move as far as it gets: to its end, to where it stalls, or to a limit switch."""
        whole_s, way = duration_s(motion), motion[-1].position - motion[0].position
        direction, before = int(math.copysign(1, way)), self._met
        self.stalled, self._met = False, 0
        if (stall := self._faults.take("motor_stall", axis=self.name)) is not None:
            self.stalled = True
            return cut_short(motion, float(stall["at_frac"]) * whole_s)
        if (met := self._faults.take("limit_switch_met", axis=self.name)) is not None:
            self._met = direction
            return cut_short(motion, float(met["at_frac"]) * whole_s)
        if before == direction and way:
            self._met = before  # further into the switch: not at all
            return cut_short(motion, 0.0)
        low, high = self._switches
        if low < motion[-1].position + self._pushed < high:
            return motion
        nearest = high if way > 0 else low
        return cut_short(
            motion, first_s(motion, lambda time_s: direction * (at(motion, time_s)[0] + self._pushed - nearest) >= 0)
        )

    def follow(self, motion: Motion, begin_s: float, end: Callable[[], Awaitable[None]]) -> None:
        """Take up a motion of somebody who drives the axis until `release`; `end` stops that."""
        self.taken = end
        self.stalled, self._met = False, 0
        self._free.clear()
        self._take_up(motion, begin_s)

    def release(self) -> None:
        """Take moves again."""
        self.taken = None
        self._free.set()

    async def freed(self) -> None:
        """Return when nobody else drives it."""
        await self._free.wait()

    def stop(self) -> None:
        """Come to rest as fast as the ramp allows."""
        now = self._clock.now_s()
        position, speed = at(self._motion, now - self._begin_s)
        self._hangs_until_s = now
        self._take_up(braking(position, speed, self.speed / self.ramp_s), now)

    def _take_up(self, motion: Motion, begin_s: float) -> None:
        way = at(motion, duration_s(motion))[0] - motion[0].position
        self._direction = way or self._direction
        self._motion = motion
        self._begin_s = begin_s
        self.moves += 1
