"""Which kappa and phi, or chi and phi, lay a direction of the sample along the spindle.

Turning about phi takes the direction v over a cone about the phi axis; turning back about the outer axis takes the
spindle over a cone about that. Where the cones meet is the solution, and there are two, one or none.

Source: Paden's second subproblem; Murray, Li, Sastry, A mathematical introduction to robotic manipulation (1994), 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.geometry.goniometer import REST, GoniometerGeometry, Orientation
from mxplans.geometry.limits import AxisLimits, Range
from mxplans.geometry.rotation import rotation_about

Array = npt.NDArray[np.float64]

SPINDLE = np.array([1.0, 0.0, 0.0])
SAME_DEG = 1e-6
"""Differences between solutions that are rounding."""


@dataclass(frozen=True)
class Alignment:
    """An orientation and what is left of the angle between the direction and the spindle, deg."""

    orientation: Orientation
    off_deg: float


def align_to_spindle(
    geometry: GoniometerGeometry,
    direction: npt.ArrayLike,
    limits: AxisLimits,
    now: Orientation = REST,
    tolerance_deg: float = 0.1,
) -> Orientation:
    """The orientation that lays a direction along the spindle, either way round, with least travel.

    Args:
        geometry: The goniometer.
        direction: In the sample's frame (3,), of any length.
        limits: Of its axes.
        now: Where they stand.
        tolerance_deg: How well it has to lie there.

    Raises:
        LimitExceeded: If no orientation within the limits does; it says how near the best comes.
        InvalidInput: If the direction is no direction.
    """
    nearest = nearest_alignment(geometry, direction, limits, now)
    if nearest.off_deg > tolerance_deg:
        at = nearest.orientation
        outer = f"chi {at.chi_deg:.2f}" if geometry.kind == "smargon" else f"kappa {at.kappa_deg:.2f}"
        raise LimitExceeded(
            f"the direction {np.round(np.asarray(direction, dtype=float), 4).tolist()} cannot be laid along the spindle "
            f"of this {geometry.kind} goniometer: the nearest is {nearest.off_deg:.2f} deg away, at {outer} deg, phi "
            f"{at.phi_deg:.2f} deg; allowed are {tolerance_deg:g} deg: take that, another direction, or remount"
        )
    return nearest.orientation


def nearest_alignment(
    geometry: GoniometerGeometry, direction: npt.ArrayLike, limits: AxisLimits, now: Orientation = REST
) -> Alignment:
    """The orientation within the limits that comes nearest to that; of equal ones that with least travel.

    Raises:
        InvalidInput: If the direction has no length, or is not finite.
    """
    vector = np.asarray(direction, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    if vector.shape != (3,) or not math.isfinite(length) or length == 0:
        raise InvalidInput(f"the direction is {vector.tolist()}; allowed are three finite numbers, not all of them 0")
    vector = vector / length
    if geometry.kind == "single-axis":
        return Alignment(now, _off_deg(vector))
    outer_now = now.chi_deg if geometry.kind == "smargon" else now.kappa_deg
    found = []
    for spindle in (SPINDLE, -SPINDLE):
        for outer_deg in _outer_candidates(geometry, vector, spindle, limits):
            for phi_deg in _phi_candidates(geometry, vector, spindle, outer_deg, limits.inner_deg(geometry), now):
                at = (
                    Orientation(chi_deg=outer_deg, phi_deg=phi_deg)
                    if geometry.kind == "smargon"
                    else Orientation(kappa_deg=outer_deg, phi_deg=phi_deg)
                )
                off_deg = _off_deg(geometry.mount(at) @ vector)
                found.append((off_deg, max(abs(outer_deg - outer_now), abs(phi_deg - now.phi_deg)), at))
    best_deg = min(off_deg for off_deg, _, _ in found)
    off_deg, _, at = min(
        (one for one in found if one[0] <= best_deg + SAME_DEG), key=lambda one: (round(one[1], 6), one[0])
    )
    return Alignment(at, off_deg)


def _off_deg(vector: Array) -> float:
    """Angle between a unit vector and the spindle, either way round."""
    return math.degrees(math.atan2(math.hypot(vector[1], vector[2]), abs(vector[0])))


def _outer_axis(geometry: GoniometerGeometry) -> Array:
    return np.array(geometry.chi_axis if geometry.kind == "smargon" else geometry.kappa_axis)


def _outer_candidates(
    geometry: GoniometerGeometry, vector: Array, spindle: Array, limits: AxisLimits
) -> Iterable[float]:
    """Angles of the outer axis at which the cones meet or come nearest, and the ends of its travel."""
    outer, phi = _outer_axis(geometry), np.array(geometry.phi_axis)
    low, high = limits.outer_deg(geometry)
    # phi . R(-a) spindle = constant + swing cos(a - peak): what the outer axis makes of the spindle's angle to phi.
    constant = float((phi @ outer) * (outer @ spindle))
    cos_part = float(phi @ spindle) - constant
    sin_part = -float(phi @ np.cross(outer, spindle))
    swing, peak_deg = math.hypot(cos_part, sin_part), math.degrees(math.atan2(sin_part, cos_part))
    wanted = float(phi @ vector) - constant
    meets_deg = math.degrees(math.acos(np.clip(wanted / swing, -1.0, 1.0))) if swing > 0 else 0.0
    angles = [peak_deg + meets_deg, peak_deg - meets_deg, peak_deg, peak_deg + 180.0]
    found = [low, high, *(turned for angle in angles for turned in _within(angle, low, high))]
    first, last = limits.inner_deg(geometry)
    if last - first < 360.0:
        for end_deg in (first, last):  # phi at an end: the best of the outer axis alone
            held = rotation_about(phi, end_deg) @ vector
            cos_part = float(spindle @ held - (spindle @ outer) * (outer @ held))
            best_deg = math.degrees(math.atan2(float(spindle @ np.cross(outer, held)), cos_part))
            found += _within(best_deg, low, high)
    return found


def _phi_candidates(
    geometry: GoniometerGeometry, vector: Array, spindle: Array, outer_deg: float, span: Range, now: Orientation
) -> Iterable[float]:
    """Angles of phi that bring the direction nearest to the spindle, and the ends of its travel."""
    phi = np.array(geometry.phi_axis)
    goal = rotation_about(_outer_axis(geometry), -outer_deg) @ spindle
    off, aim = vector - phi * (phi @ vector), goal - phi * (phi @ goal)
    if min(np.linalg.norm(off), np.linalg.norm(aim)) < 1e-9:
        return [float(np.clip(now.phi_deg, *span))]  # the direction is phi's own, or the goal is: phi does not matter
    angle_deg = math.degrees(math.atan2(float(phi @ np.cross(off, aim)), float(off @ aim)))
    low, high = span
    ends = [low, high] if high - low < 360.0 else []
    return [*_within(angle_deg, low, high), *ends]


def _within(angle_deg: float, low_deg: float, high_deg: float) -> list[float]:
    """All angles within a range that are whole turns away."""
    first = math.ceil((low_deg - angle_deg) / 360.0 - 1e-12)
    last = math.floor((high_deg - angle_deg) / 360.0 + 1e-12)
    return [min(max(angle_deg + 360.0 * turn, low_deg), high_deg) for turn in range(first, last + 1)]
