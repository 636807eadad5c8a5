"""Motions: pieces of constant acceleration, one after the other."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_HALVINGS = 50


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


def cut_short(motion: Motion, time_s: float) -> Motion:
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


def first_s(motion: Motion, holds: Callable[[float], bool]) -> float:
    """First time of a motion at which something holds that goes on to hold, or its end."""
    before_s, after_s = 0.0, duration_s(motion)
    if holds(before_s):
        return before_s
    for _ in range(_HALVINGS):
        middle_s = (before_s + after_s) / 2
        before_s, after_s = (before_s, middle_s) if holds(middle_s) else (middle_s, after_s)
    return after_s
