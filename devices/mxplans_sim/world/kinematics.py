"""How axes move: pieces of constant acceleration, and an axis that follows them on the simulated clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mxplans_sim.clock import Clock


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
    """A motor with an encoder that does not err.

    Args:
        clock: Simulated time.
        position: Where it stands at the start.
        speed: Speed of moves, units per second; also the highest.
        ramp_s: Seconds from rest to `speed`.
        limits: Lowest and highest position allowed.
    """

    def __init__(self, clock: Clock, position: float, speed: float, ramp_s: float, limits: tuple[float, float]) -> None:
        self.speed = speed
        self.top_speed = speed
        self.ramp_s = ramp_s
        self.limits = limits
        self._clock = clock
        self._motion: Motion = (Piece(0.0, position),)
        self._begin_s = 0.0

    @property
    def position(self) -> float:
        """Where it is now."""
        return at(self._motion, self._clock.now_s() - self._begin_s)[0]

    @property
    def remaining_s(self) -> float:
        """Simulated seconds until it stands; not positive when it does."""
        return self._begin_s + duration_s(self._motion) - self._clock.now_s()

    def allows(self, position: float) -> bool:
        """Whether a position is within the limits."""
        return self.limits[0] <= position <= self.limits[1]

    def move_to(self, target: float) -> None:
        """Start towards a position; an axis that moves comes to rest first."""
        now = self._clock.now_s()
        position, speed = at(self._motion, now - self._begin_s)
        before = braking(position, speed, self.speed / self.ramp_s) if speed else ()
        rest = before[-1].position if before else position
        self.follow((*before, *trapezoid(rest, target, self.speed, self.ramp_s)), now)

    def follow(self, motion: Motion, begin_s: float) -> None:
        """Take up a motion that begins at a simulated time."""
        self._motion = motion
        self._begin_s = begin_s

    def stop(self) -> None:
        """Come to rest as fast as the ramp allows."""
        now = self._clock.now_s()
        position, speed = at(self._motion, now - self._begin_s)
        self.follow(braking(position, speed, self.speed / self.ramp_s), now)
