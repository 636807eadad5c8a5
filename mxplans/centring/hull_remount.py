"""How a sample stands after it was mounted again: turned about its pin by an angle that nobody knows, and shifted.

The hulls before and after are cut to the same length from the tip, their shadows across the pin are compared at all
angles between, and the tips and centroids then tell the shift.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mxplans.centring.hull import Hull
from mxplans.geometry import rotation_about

Array = npt.NDArray[np.float64]
Shadow = npt.NDArray[np.bool_]

VIEWS = 12
"""Over half a turn."""
STEP_DEG = 1.0
"""Of the search; a parabola through the best three gives parts of it."""
OVERLAP_LEAST = 0.75
"""Shadows of two hulls of one loop overlap by 0.9 and more."""
LEAD_LEAST = 0.02
"""By how much the best angle has to be better than any that is far from it."""
FAR_DEG = 30.0
ANGLE_SIGMA_DEG = 1.5
"""Of the angle found: 1.1 deg was measured for loops with a crystal, from 24 views."""


@dataclass(frozen=True, eq=False)
class Remount:
    """s after = R s before + shift, R by `angle_deg` about `axis`.

    Attributes:
        axis: The pin's direction, unit vector of the sample's frame (3,).
        angle_deg: From -180 to below 180.
        shift_mm: (3,).
        centre_mm: Middle of the sample now, about which the angle is uncertain (3,).
        overlap_frac: Mean over the shadows of intersection over union.
        lead_frac: By how much that is better than at any angle far from it.
        sigma_mm: Standard error of the shift.
    """

    axis: Array
    angle_deg: float
    shift_mm: Array
    centre_mm: Array
    overlap_frac: float
    lead_frac: float
    sigma_mm: float

    @property
    def rotation(self) -> Array:
        """(3, 3)."""
        return rotation_about(self.axis, self.angle_deg)

    def covariance_mm2(self, place_mm: Array) -> Array:
        """What angle and shift are uncertain by, at a place of the sample as it stands now: (3, 3)."""
        lever = np.cross(self.axis, place_mm - self.centre_mm) * np.radians(ANGLE_SIGMA_DEG)
        return np.asarray(self.sigma_mm**2 * np.eye(3) + np.outer(lever, lever))


@dataclass(frozen=True)
class RemountUnclear:
    """The hulls do not tell how the sample was turned."""

    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


def find_remount(before: Hull, now: Hull, axis: npt.ArrayLike = (1.0, 0.0, 0.0)) -> Remount | RemountUnclear:
    """How a sample stands now.

    Args:
        before: Its hull in the earlier mount.
        now: Its hull in this one; 8 views or more.
        axis: From the tip to the pin, in the sample's frame (3,).
    """
    along = np.asarray(axis, dtype=np.float64)
    along = along / np.linalg.norm(along)
    first, second = before.points_mm, now.points_mm
    reaches = [np.ptp(points @ along) for points in (first, second)]
    first, second = (points[points @ along <= (points @ along).min() + min(reaches)] for points in (first, second))
    first_middle, second_middle = first.mean(axis=0), second.mean(axis=0)
    cell_mm = max(before.step_mm, now.step_mm)
    half_mm = max(float(np.abs(points - points.mean(axis=0)).max()) for points in (first, second)) * 1.5
    angles = np.arange(-180.0, 180.0, STEP_DEG)
    shadows = [_shadow(first - first_middle, along, angle, half_mm, cell_mm) for angle in angles]
    looks = np.arange(0.0, 180.0, 180.0 / VIEWS)
    overlaps = np.zeros(len(angles))
    for look in looks:
        seen = _shadow(second - second_middle, along, look, half_mm, cell_mm)
        # What is seen now when looking from an angle was seen before from that angle less the turn.
        places = np.rint((look - angles + 180.0) / STEP_DEG).astype(int) % len(angles)
        overlaps += [_overlap(seen, shadows[place]) / len(looks) for place in places]
    best = int(overlaps.argmax())
    far = np.abs((angles - angles[best] + 180.0) % 360.0 - 180.0) > FAR_DEG
    overlap, lead = float(overlaps[best]), float(overlaps[best] - overlaps[far].max())
    evidence = {"overlap_frac": overlap, "lead_frac": lead, "angle_deg": float(angles[best])}
    if overlap < OVERLAP_LEAST or lead < LEAD_LEAST:
        return RemountUnclear(
            f"the best angle, {angles[best]:g} deg, has an overlap of {overlap:.2f}, {lead:.2f} more than any far from it; "
            f"allowed are {OVERLAP_LEAST} and {LEAD_LEAST} or more: the sample looks alike from several sides or has "
            "changed; register its points anew",
            evidence,
        )
    angle_deg = float(angles[best]) + _peak(overlaps, best) * STEP_DEG
    angle_deg = (angle_deg + 180.0) % 360.0 - 180.0
    shift_mm = second_middle - rotation_about(along, angle_deg) @ first_middle
    return Remount(along, angle_deg, shift_mm, second_middle, overlap, lead, cell_mm / 2)


def _shadow(off_mm: Array, along: Array, look_deg: float, half_mm: float, cell_mm: float) -> Shadow:
    """Cells (n, 3) about their middle, seen across the pin from an angle, as a picture with the pin to the right."""
    across = np.cross(along, np.eye(3)[np.abs(along).argmin()])
    across /= np.linalg.norm(across)
    # Looking from another angle is turning the sample the other way.
    seen = rotation_about(along, -look_deg).T @ across
    size = int(np.ceil(2 * half_mm / cell_mm)) + 3
    columns = np.rint((off_mm @ along) / cell_mm).astype(int) + size // 2
    rows = np.rint((off_mm @ seen) / cell_mm).astype(int) + size // 2
    shadow = np.zeros((size, size), dtype=bool)
    shadow[rows, columns] = True
    return shadow


def _overlap(one: Shadow, other: Shadow) -> float:
    return float((one & other).sum() / (one | other).sum())


def _peak(values: Array, best: int) -> float:
    """Place of the top of a parabola through a value and its neighbours, from -0.5 to 0.5 steps."""
    left, middle, right = values[best - 1], values[best], values[(best + 1) % len(values)]
    bend = left - 2 * middle + right
    return float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else 0.0
