"""The motion program: what it is asked for, and the trajectory that follows. Nothing here moves."""

from __future__ import annotations

from collections.abc import Mapping
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


def fault(scan: Scan, axes: Mapping[str, Axis]) -> str:
    """Why a scan is not possible, or an empty text."""
    if scan.images < 1 or scan.rows < 1 or not scan.exposure_s > 0:
        return f"{scan.rows} rows of {scan.images} images of {scan.exposure_s:g} s: all must be positive"
    ramp_s = run_up_s(scan, axes)
    for index, name in enumerate(AXES):
        axis, unit = axes[name], "deg" if name == "omega" else "mm"
        speed = abs(scan.step[index]) / scan.exposure_s
        if speed > axis.top_speed * (1 + 1e-9):
            return f"{name} would run at {speed:g} {unit}/s, at most {axis.top_speed:g} is allowed: expose longer"
        for row in sorted({0, 1, scan.rows - 2, scan.rows - 1} & set(range(scan.rows)), reverse=True):
            begin, step = scan.row(row)
            way = 1.5 * ramp_s * step[index] / scan.exposure_s
            for position in (begin[index] - way, begin[index] + scan.images * step[index] + way):
                if not axis.allows(position):
                    low, high = axis.limits
                    return f"{name} would go to {position:g} {unit}, allowed is {low:g} to {high:g} with run-up"
    return ""


def trajectory(scan: Scan, axes: Mapping[str, Axis], shutter_s: float, turn_around_s: float) -> Trajectory:
    """Plan a scan from where the axes stand.

    The run-up is 1.5 times ramp time times speed: one ramp time of acceleration, one at constant speed; it lasts at
    least as long as the shutter takes.
    """
    ramp_s = run_up_s(scan, axes)
    rows = [scan.row(index) for index in range(scan.rows)]
    speeds = [step / scan.exposure_s for _, step in rows]
    row_s = scan.images * scan.exposure_s
    turns_s = [
        _turn_s(rows[i][0] + scan.images * rows[i][1], rows[i + 1][0], axes, turn_around_s)
        for i in range(scan.rows - 1)
    ]
    ready = {name: float(rows[0][0][i] - 1.5 * ramp_s * speeds[0][i]) for i, name in enumerate(AXES)}
    approaches = {
        name: trapezoid(axes[name].position, ready[name], axes[name].speed, axes[name].ramp_s) for name in AXES
    }
    approach_s = max(duration_s(motion) for motion in approaches.values())
    wait_s = max(0.0, shutter_s - 2 * ramp_s)
    motions = {}
    for i, name in enumerate(AXES):
        pieces = [*approaches[name], Piece(approach_s + wait_s - duration_s(approaches[name]), ready[name])]
        speed = float(speeds[0][i])
        if speed:
            pieces += [Piece(ramp_s, ready[name], 0.0, speed / ramp_s)]
            pieces += [Piece(ramp_s, ready[name] + 0.5 * speed * ramp_s, speed)]
        else:
            pieces += [Piece(2 * ramp_s, ready[name])]
        for row, (begin, step) in enumerate(rows):
            end = float(begin[i] + scan.images * step[i])
            pieces.append(Piece(row_s, float(begin[i]), float(speeds[row][i])))
            if row + 1 < scan.rows:
                pieces += blend(
                    end, float(speeds[row][i]), float(rows[row + 1][0][i]), float(speeds[row + 1][i]), turns_s[row]
                )
            elif speeds[row][i]:
                pieces += braking(end, float(speeds[row][i]), abs(float(speeds[row][i])) / ramp_s)
            else:
                pieces += [Piece(0.0, end)]
        motions[name] = tuple(pieces)
    begins = [approach_s + wait_s + 2 * ramp_s]
    for turn_s in turns_s:
        begins.append(begins[-1] + row_s + turn_s)
    return Trajectory(motions, tuple(begins), row_s, begins[-1] + row_s + max(ramp_s, shutter_s))


def _turn_s(end: Array, begin: Array, axes: Mapping[str, Axis], turn_around_s: float) -> float:
    """Time between two rows: the turn-around, or more where the way back is long."""
    ways = [2 * abs(begin[i] - end[i]) / axes[name].top_speed for i, name in enumerate(AXES)]
    return max(turn_around_s, 1e-3, *map(float, ways))
