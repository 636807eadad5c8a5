"""How axes move: pieces of constant acceleration, and an axis that follows them on the simulated clock."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mxplans_sim.clock import Clock
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.observable import Observable


@dataclass(frozen=True)
class Piece:
    """A piece of a motion with constant acceleration; units are those of the axis."""

    duration_s: float
    position: float
    speed: float = 0.0
    acceleration: float = 0.0

    def at(self, time_s: float) -> tuple[float, float]:
        """Position and speed, `time_s` after its begin."""
        return (
            self.position + self.speed * time_s + 0.5 * self.acceleration * time_s**2,
            self.speed + self.acceleration * time_s,
        )


Motion = tuple[Piece, ...]


def duration_s(motion: Sequence[Piece]) -> float:
    """How long a motion takes.

    >>> duration_s(trapezoid(0.0, 10.0, speed=2.0, ramp_s=0.5))
    5.5
    """
    return math.fsum(piece.duration_s for piece in motion)


def at(motion: Sequence[Piece], time_s: float) -> tuple[float, float]:
    """Position and speed at a time after the begin; before and after the motion the axis stands.

    >>> at(trapezoid(0.0, 10.0, speed=2.0, ramp_s=0.5), 2.75)
    (5.0, 2.0)
    """
    if time_s <= 0:
        return motion[0].position, 0.0
    for piece in motion:
        if time_s < piece.duration_s:
            return piece.at(time_s)
        time_s -= piece.duration_s
    last = motion[-1]
    return last.at(last.duration_s)[0], 0.0


def trapezoid(start: float, target: float, speed: float, ramp_s: float) -> Motion:
    """From rest to rest: speed up within `ramp_s`, go on at `speed`, slow down; triangular when the way is short."""
    way = abs(target - start)
    sign = math.copysign(1.0, target - start)
    acceleration = speed / ramp_s
    peak = min(speed, math.sqrt(way * acceleration))
    ramp = peak / acceleration
    ramp_way = 0.5 * peak * ramp
    pieces = [Piece(ramp, start, 0.0, sign * acceleration)]
    cruise = way - 2 * ramp_way
    if cruise > 1e-12 * way:
        pieces.append(Piece(cruise / peak, start + sign * ramp_way, sign * peak))
    return (*pieces, Piece(ramp, target - sign * ramp_way, sign * peak, -sign * acceleration), Piece(0.0, target))


def braking(position: float, speed: float, acceleration: float) -> Motion:
    """To rest, as fast as `acceleration` (> 0) allows."""
    time_s = abs(speed) / acceleration
    return Piece(time_s, position, speed, -math.copysign(acceleration, speed)), Piece(
        0.0, position + 0.5 * speed * time_s
    )


def blend(start: float, speed: float, end: float, end_speed: float, time_s: float) -> Motion:
    """From one position and speed to another ones in a given time, with two pieces of equal length."""
    half = time_s / 2
    # end_speed = speed + (a + b) half;  end = start + speed T + a (3/2) half^2 + b (1/2) half^2
    total = (end_speed - speed) / half
    first = (end - start - speed * time_s - 0.5 * total * half**2) / half**2
    middle, middle_speed = Piece(half, start, speed, first).at(half)
    return Piece(half, start, speed, first), Piece(half, middle, middle_speed, total - first)


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
        faults: Asked for `motor_stall` and `move_hangs`.

    Attributes:
        taken: Ends whatever else drives the axis now; None when it takes moves.
        changed: Tells when somebody who drives it sets it in motion or lets it go.
        moves: Motions so far.
        homed: Whether its encoder tells the truth.
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
        if (stall := self._faults.take("motor_stall", axis=self.name)) is not None:
            motion = _stalled(motion, float(stall["at_frac"]) * duration_s(motion))
        self._take_up(motion, now)
        if (hang := self._faults.take("move_hangs", axis=self.name)) is not None:
            self._hangs_until_s = now + duration_s(motion) + float(hang["duration_s"])

    def follow(self, motion: Motion, begin_s: float, end: Callable[[], Awaitable[None]]) -> None:
        """Take up a motion of somebody who drives the axis until `release`; `end` stops that."""
        self.taken = end
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


def _stalled(motion: Motion, time_s: float) -> Motion:
    """A motion that ends abruptly."""
    pieces: list[Piece] = []
    for piece in motion:
        if time_s <= piece.duration_s:
            return (
                *pieces,
                Piece(time_s, piece.position, piece.speed, piece.acceleration),
                Piece(0.0, piece.at(time_s)[0]),
            )
        pieces.append(piece)
        time_s -= piece.duration_s
    return motion
