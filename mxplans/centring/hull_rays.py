"""A ray through a hull: where it enters, where it leaves, how much it crosses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.centring.hull import Hull
from mxplans.geometry import REST, GoniometerGeometry, Orientation, rotation_x

Array = npt.NDArray[np.float64]

SAME_MM = 1e-7
"""Faces of neighbouring cells are no farther apart than rounding."""
PARALLEL = 1e-12
"""A component of a unit vector that is 0 but for rounding."""


@dataclass(frozen=True, eq=False)
class Chord:
    """What a ray crosses, in the sample's frame.

    Attributes:
        enter_mm: Where it first meets the hull (3,).
        leave_mm: Where it last leaves it (3,).
        middle_mm: The middle of the longest piece that is within it (3,).
        piece_um: Length of that piece.
        thickness_um: Length of all pieces.
    """

    enter_mm: Array
    leave_mm: Array
    middle_mm: Array
    piece_um: float
    thickness_um: float


def chord(hull: Hull, point_mm: npt.ArrayLike, direction: npt.ArrayLike) -> Chord | None:
    """What the ray through a point (3,) along a direction (3,), both ways, crosses; None when it misses."""
    origin = np.asarray(point_mm, dtype=np.float64)
    along = np.asarray(direction, dtype=np.float64)
    along = along / np.linalg.norm(along)
    flat = np.abs(along) < PARALLEL
    slope = np.where(flat, 1.0, along)
    off = hull.points_mm - origin
    # Along a face a ray is between a cell's two faces all the way, or never.
    halves = np.where(
        flat, np.where(np.abs(off) <= hull.step_mm / 2, np.inf, -np.inf), hull.step_mm / 2 / np.abs(slope)
    )
    middles = np.where(flat, 0.0, off / slope)
    enters, leaves = (middles - halves).max(axis=1), (middles + halves).min(axis=1)
    met = enters < leaves
    if not met.any():
        return None
    order = np.argsort(enters[met])
    enters, leaves = enters[met][order], np.maximum.accumulate(leaves[met][order])
    begins = np.concatenate([[True], enters[1:] > leaves[:-1] + SAME_MM])
    ends = np.concatenate([begins[1:], [True]])
    first, last = enters[begins], leaves[ends]
    longest = int((last - first).argmax())
    return Chord(
        origin + first[0] * along,
        origin + last[-1] * along,
        origin + (first[longest] + last[longest]) / 2 * along,
        float(last[longest] - first[longest]) * 1000,
        float((last - first).sum()) * 1000,
    )


def distance_mm(hull: Hull, point_mm: npt.ArrayLike, direction: npt.ArrayLike) -> float:
    """How far a line passes the nearest cell's middle."""
    along = np.asarray(direction, dtype=np.float64)
    off = hull.points_mm - np.asarray(point_mm, dtype=np.float64)
    return float(np.linalg.norm(np.cross(off, along / np.linalg.norm(along)), axis=1).min())


def thickness_um(
    hull: Hull,
    geometry: GoniometerGeometry,
    omega_deg: float,
    orientation: Orientation = REST,
    point_mm: npt.ArrayLike | None = None,
) -> float:
    """How much of the sample the beam crosses on its way through a point of it (3,), by itself the centroid."""
    along = (rotation_x(omega_deg) @ geometry.mount(orientation)).T @ np.array([0.0, 0.0, 1.0])
    crossed = chord(hull, hull.centroid_mm if point_mm is None else point_mm, along)
    return 0.0 if crossed is None else crossed.thickness_um
