"""The motion program: what it is asked for, and the trajectory that follows. Nothing here moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mxplans_sim.world.burst import Array
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.motion import Motion, Piece, blend, braking, duration_s, trapezoid

AXES = ("x", "y", "z", "omega")
"""Order of the axes in all vectors of this module."""


@dataclass(frozen=True)
class Scan:
    """Parameters. During image k of a row the axes go from `start` + k `step` to `start` + (k + 1) `step`.

    Vectors are x, y, z (mm), omega (deg). With `snake` every second row runs backwards.

    With a `pause_s` it is stop and go: the axes stand in the middle of each image's step, and go on to the next within
    the pause. `steady_s` is how long they run at constant speed before the first image; as long as the ramp when None.
    """

    start: tuple[float, float, float, float]
    step: tuple[float, float, float, float]
    row_step: tuple[float, float, float, float]
    images: int
    rows: int
    snake: bool
    exposure_s: float
    pause_s: float = 0.0
    steady_s: float | None = None

    @property
    def period_s(self) -> float:
        """From image to image."""
        return self.exposure_s + self.pause_s

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
        return begin + (np.arange(self.images)[:, None] + (0.5 if self.pause_s else 0.0)) * step

    def during(self, index: int) -> Array:
        """Motion during each image of a row, as a vector."""
        return np.zeros(len(AXES)) if self.pause_s else self.row(index)[1]

    def ends(self, index: int) -> tuple[Array, Array]:
        """Where the first image of a row begins and the last one ends, as vectors."""
        frames = self.frames(index)
        return frames[0], frames[-1] + self.during(index)


@dataclass(frozen=True)
class Trajectory:
    """The motion of each axis, and when the rows begin and end, in seconds after the start."""

    motions: Mapping[str, Motion]
    row_begins_s: tuple[float, ...]
    row_s: float
    ends_s: float


def run_up_s(scan: Scan, axes: Mapping[str, Axis]) -> float:
    """Ramp time of a scan: the longest of the axes that move during images, 0 when none does."""
    return max((axes[name].ramp_s for name, step in zip(AXES, scan.during(0), strict=True) if step), default=0.0)


def _steady_s(scan: Scan, ramp_s: float) -> float:
    """Time at constant speed between the ramp and the first image."""
    return ramp_s if scan.steady_s is None else scan.steady_s


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
    # Stop and go has its highest speed halfway to the next image.
    speed = 2 * abs(scan.step[index]) / scan.pause_s if scan.pause_s else abs(scan.step[index]) / scan.exposure_s
    if speed > axis.top_speed * (1 + 1e-9):
        reason = f"{name} would run at {speed:g} {unit}/s, at most {axis.top_speed:g} is allowed: expose longer"
        return Obstacle(reason, name)
    for row in sorted({0, 1, scan.rows - 2, scan.rows - 1} & set(range(scan.rows)), reverse=True):
        ramp_s, (begin, end) = run_up_s(scan, axes), scan.ends(row)
        way = (0.5 * ramp_s + _steady_s(scan, ramp_s)) * scan.during(row)[index] / scan.exposure_s
        for position in (begin[index] - way, end[index] + way):
            if not axis.allows(position):
                low, high = axis.limits
                reason = f"{name} would go to {position:g} {unit}, allowed is {low:g} to {high:g} with run-up"
                return Obstacle(reason, name)
    return None


def trajectory(scan: Scan, axes: Mapping[str, Axis], shutter_s: float, turn_around_s: float) -> Trajectory:
    """Plan a scan from where the axes stand.

    The run-up is one ramp time of acceleration, and as much or `steady_s` at constant speed; it lasts at least as long as
    the shutter takes.
    """
    ramp_s = run_up_s(scan, axes)
    steady_s = _steady_s(scan, ramp_s)
    row_s = scan.images * scan.period_s
    turns_s = [_turn_s(scan, row, axes, turn_around_s) for row in range(scan.rows - 1)]
    begin, speed = scan.ends(0)[0], scan.during(0) / scan.exposure_s
    ready = {name: float(begin[i] - (0.5 * ramp_s + steady_s) * speed[i]) for i, name in enumerate(AXES)}
    approaches = {
        name: trapezoid(axes[name].position, ready[name], axes[name].speed, axes[name].ramp_s) for name in AXES
    }
    ready_s = max(map(duration_s, approaches.values())) + max(0.0, shutter_s - ramp_s - steady_s)
    motions = {
        name: (
            *approaches[name],
            Piece(ready_s - duration_s(approaches[name]), ready[name]),
            *_run_up(ready[name], float(speed[i]), ramp_s, steady_s),
            *_rows(scan, i, turns_s, ramp_s),
        )
        for i, name in enumerate(AXES)
    }
    begins = [ready_s + ramp_s + steady_s]
    for turn_s in turns_s:
        begins.append(begins[-1] + row_s + turn_s)
    return Trajectory(motions, tuple(begins), row_s, begins[-1] + row_s + max(ramp_s, shutter_s))


def _run_up(position: float, speed: float, ramp_s: float, steady_s: float) -> Motion:
    """One ramp time of acceleration, and then at constant speed."""
    if not speed:
        return (Piece(ramp_s + steady_s, position),)
    return Piece(ramp_s, position, 0.0, speed / ramp_s), Piece(steady_s, position + 0.5 * speed * ramp_s, speed)


def _rows(scan: Scan, axis: int, turns_s: Sequence[float], ramp_s: float) -> Motion:
    """All rows of one axis with the turns between them, and its way to rest."""
    pieces: list[Piece] = []
    for row in range(scan.rows):
        end, speed = float(scan.ends(row)[1][axis]), float(scan.during(row)[axis] / scan.exposure_s)
        pieces += _row(scan, row, axis)
        if row + 1 < scan.rows:
            following, next_speed = scan.ends(row + 1)[0][axis], scan.during(row + 1)[axis] / scan.exposure_s
            pieces += blend(end, speed, float(following), float(next_speed), turns_s[row])
        else:
            pieces += braking(end, speed, abs(speed) / ramp_s) if speed else (Piece(0.0, end),)
    return tuple(pieces)


def _row(scan: Scan, row: int, axis: int) -> Motion:
    """One row of one axis, with the pause after its last image."""
    frames = scan.frames(row)[:, axis]
    if not scan.pause_s:
        return (
            Piece(scan.images * scan.exposure_s, float(frames[0]), float(scan.row(row)[1][axis] / scan.exposure_s)),
        )
    pieces: list[Piece] = []
    for here, there in zip(frames, (*frames[1:], frames[-1]), strict=True):
        pieces += Piece(scan.exposure_s, float(here)), *blend(float(here), 0.0, float(there), 0.0, scan.pause_s)
    return tuple(pieces)


def _turn_s(scan: Scan, row: int, axes: Mapping[str, Axis], turn_around_s: float) -> float:
    """Time between a row and the next: the turn-around, or more where the way back is long."""
    ways = np.abs(scan.ends(row + 1)[0] - scan.ends(row)[1])
    slowest_s = max(2 * float(way) / axes[name].top_speed for way, name in zip(ways, AXES, strict=True))
    return max(turn_around_s, 1e-3, slowest_s)
