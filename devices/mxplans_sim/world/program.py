"""The motion program: what it is asked for, and the trajectory that follows. Nothing here moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mxplans_sim.world.burst import Array
from mxplans_sim.world.kinematics import Axis, Motion, Piece, blend, braking, duration_s, trapezoid

AXES = ("x", "y", "z", "omega")
"""Order of the axes in all vectors of this module."""


@dataclass(frozen=True)
class Scan:
    """Parameters. During image k of a row the axes go from `start` + k `step` to `start` + (k + 1) `step`.

    Vectors are x, y, z (mm), omega (deg). With `snake` every second row runs backwards.
    """

    start: tuple[float, float, float, float]
    step: tuple[float, float, float, float]
    row_step: tuple[float, float, float, float]
    images: int
    rows: int
    snake: bool
    exposure_s: float

    def row(self, index: int) -> tuple[Array, Array]:
        """Where a row begins, and the step per image, as vectors."""
        step = np.array(self.step)
        begin = np.array(self.start) + index * np.array(self.row_step)
        if self.snake and index % 2:
            return begin + self.images * step, -step
        return begin, step

    def frames(self, index: int) -> Array:
        """Positions at the begin of each image of a row, (images, 4)."""
        begin, step = self.row(index)
        return begin + np.arange(self.images)[:, None] * step


@dataclass(frozen=True)
class Trajectory:
    """The motion of each axis, and when the rows begin and end, in seconds after the start."""

    motions: Mapping[str, Motion]
    row_begins_s: tuple[float, ...]
    row_s: float
    ends_s: float


def run_up_s(scan: Scan, axes: Mapping[str, Axis]) -> float:
    """Ramp time of a scan: the longest of the axes that move during images, 0 when none does."""
    return max((axes[name].ramp_s for name, step in zip(AXES, scan.step, strict=True) if step), default=0.0)


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a scan.

    Attributes:
        reason: In words.
        axis: Which axis cannot do it; empty when none is to blame.
    """

    reason: str
    axis: str = ""


def obstacle(scan: Scan, axes: Mapping[str, Axis]) -> Obstacle | None:
    """What stands in the way of a scan, None when nothing does."""
    if scan.images < 1 or scan.rows < 1 or not scan.exposure_s > 0:
        return Obstacle(f"{scan.rows} rows of {scan.images} images of {scan.exposure_s:g} s: all must be positive")
    return next((found for name in AXES if (found := _obstacle_of(scan, axes, name)) is not None), None)


def _obstacle_of(scan: Scan, axes: Mapping[str, Axis], name: str) -> Obstacle | None:
    """Why one axis cannot do its part."""
    axis, unit, index = axes[name], "deg" if name == "omega" else "mm", AXES.index(name)
    speed = abs(scan.step[index]) / scan.exposure_s
    if speed > axis.top_speed * (1 + 1e-9):
        reason = f"{name} would run at {speed:g} {unit}/s, at most {axis.top_speed:g} is allowed: expose longer"
        return Obstacle(reason, name)
    for row in sorted({0, 1, scan.rows - 2, scan.rows - 1} & set(range(scan.rows)), reverse=True):
        begin, step = scan.row(row)
        way = 1.5 * run_up_s(scan, axes) * step[index] / scan.exposure_s
        for position in (begin[index] - way, begin[index] + scan.images * step[index] + way):
            if not axis.allows(position):
                low, high = axis.limits
                reason = f"{name} would go to {position:g} {unit}, allowed is {low:g} to {high:g} with run-up"
                return Obstacle(reason, name)
    return None


def trajectory(scan: Scan, axes: Mapping[str, Axis], shutter_s: float, turn_around_s: float) -> Trajectory:
    """Plan a scan from where the axes stand.

    The run-up is 1.5 times ramp time times speed: one ramp time of acceleration, one at constant speed; it lasts at
    least as long as the shutter takes.
    """
    ramp_s = run_up_s(scan, axes)
    row_s = scan.images * scan.exposure_s
    turns_s = [_turn_s(scan, row, axes, turn_around_s) for row in range(scan.rows - 1)]
    begin, step = scan.row(0)
    ready = {name: float(begin[i] - 1.5 * ramp_s * step[i] / scan.exposure_s) for i, name in enumerate(AXES)}
    approaches = {
        name: trapezoid(axes[name].position, ready[name], axes[name].speed, axes[name].ramp_s) for name in AXES
    }
    ready_s = max(map(duration_s, approaches.values())) + max(0.0, shutter_s - 2 * ramp_s)
    motions = {
        name: (
            *approaches[name],
            Piece(ready_s - duration_s(approaches[name]), ready[name]),
            *_run_up(ready[name], float(step[i] / scan.exposure_s), ramp_s),
            *_rows(scan, i, turns_s, ramp_s),
        )
        for i, name in enumerate(AXES)
    }
    begins = [ready_s + 2 * ramp_s]
    for turn_s in turns_s:
        begins.append(begins[-1] + row_s + turn_s)
    return Trajectory(motions, tuple(begins), row_s, begins[-1] + row_s + max(ramp_s, shutter_s))


def _run_up(position: float, speed: float, ramp_s: float) -> Motion:
    """One ramp time of acceleration and one at constant speed."""
    if not speed:
        return (Piece(2 * ramp_s, position),)
    return Piece(ramp_s, position, 0.0, speed / ramp_s), Piece(ramp_s, position + 0.5 * speed * ramp_s, speed)


def _rows(scan: Scan, axis: int, turns_s: Sequence[float], ramp_s: float) -> Motion:
    """All rows of one axis with the turns between them, and its way to rest."""
    pieces: list[Piece] = []
    for row in range(scan.rows):
        begins, steps = scan.row(row)
        begin, speed = float(begins[axis]), float(steps[axis] / scan.exposure_s)
        end = float(begins[axis] + scan.images * steps[axis])
        pieces.append(Piece(scan.images * scan.exposure_s, begin, speed))
        if row + 1 < scan.rows:
            following, steps = scan.row(row + 1)
            pieces += blend(end, speed, float(following[axis]), float(steps[axis] / scan.exposure_s), turns_s[row])
        else:
            pieces += braking(end, speed, abs(speed) / ramp_s) if speed else (Piece(0.0, end),)
    return tuple(pieces)


def _turn_s(scan: Scan, row: int, axes: Mapping[str, Axis], turn_around_s: float) -> float:
    """Time between a row and the next: the turn-around, or more where the way back is long."""
    begin, step = scan.row(row)
    ways = np.abs(scan.row(row + 1)[0] - begin - scan.images * step)
    slowest_s = max(2 * float(way) / axes[name].top_speed for way, name in zip(ways, AXES, strict=True))
    return max(turn_around_s, 1e-3, slowest_s)
