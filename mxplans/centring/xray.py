"""Crystals in three dimensions from grids at two or more angles."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from mxplans.centring.blobs import Blob, find_blobs, significance
from mxplans.centring.scores import GridView
from mxplans.geometry import height_row
from mxplans.model.acquisition import Pose

PAIR_COLUMN_SIGMA_BOX = 0.5
PAIR_LOG_RATIO_SIGMA = 0.35
PAIR_COST_MAX = 40.0


@dataclass(frozen=True)
class XrayCandidate:
    """A crystal.

    Attributes:
        pose: Motors that put it into the beam.
        sigma_um: Standard errors along goniometer x, y, z.
        size_um: Along omega, and across in the first two views; the beam's size is taken off.
        total: Photons in both views.
        significance: Of the weaker view.
    """

    pose: Pose
    sigma_um: tuple[float, float, float]
    size_um: tuple[float, float, float]
    total: float
    significance: float

    def values(self) -> dict[str, float]:
        """The values of its event."""
        names = ("x", "y", "z")
        return {
            "xrc_x_mm": self.pose.x_mm,
            "xrc_y_mm": self.pose.y_mm,
            "xrc_z_mm": self.pose.z_mm,
            **{f"xrc_sigma_{name}_um": value for name, value in zip(names, self.sigma_um, strict=True)},
            **{f"xrc_size_{name}_um": value for name, value in zip(("along", "a", "b"), self.size_um, strict=True)},
            "xrc_total": self.total,
            "xrc_significance": self.significance,
        }


@dataclass(frozen=True)
class CrystalsFound:
    """Candidates, strongest first; without any, why."""

    candidates: tuple[XrayCandidate, ...]
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


def locate_crystals(
    views: Sequence[GridView], beam_size_um: float, threshold: float = 5.0, axis_offset_mm: float = 0.0
) -> CrystalsFound:
    """Find the crystals that two grids show.

    Blobs of the views are paired by where they stand along omega and by how strong they are, never by their order.
    A pair gives a position for any two angles that are not a half turn apart.

    Args:
        views: Two grids.
        beam_size_um: Full width of the beam at half maximum, for the sizes.
        threshold: Significance that the brightest box of each view must reach.
        axis_offset_mm: Height of the beam below the omega axis (negative: above), so that the crystal comes to stand
            on the axis and keeps one distance from the beam at all angles.

    Raises:
        ValueError: If there are not two views, or they are less than 5 degrees away from a half turn.
    """
    first, second = _two(views)
    evidence = {f"significance_{name}": significance(view.score) for name, view in zip("ab", views, strict=True)}
    evidence["threshold"] = threshold
    if min(evidence["significance_a"], evidence["significance_b"]) < threshold:
        return CrystalsFound((), _too_weak(evidence), evidence)
    pairs = pair_blobs(find_blobs(first.score), find_blobs(second.score), first, second)
    candidates = [_candidate(views, pair, beam_size_um, axis_offset_mm, evidence) for pair in pairs]
    candidates.sort(key=lambda candidate: -candidate.total)
    reason = f"{len(candidates)} found" if candidates else "what the two grids show does not belong together"
    return CrystalsFound(tuple(candidates), reason, evidence)


def pair_blobs(
    blobs_a: Sequence[Blob], blobs_b: Sequence[Blob], view_a: GridView, view_b: GridView
) -> list[tuple[Blob, Blob]]:
    """Assign the blobs of two views to each other; blobs without a partner are left out."""
    if not blobs_a or not blobs_b:
        return []
    step_mm = min(view_a.grid.step_um, view_b.grid.step_um) / 1000
    cost = np.empty((len(blobs_a), len(blobs_b)))
    for (i, a), (j, b) in itertools.product(enumerate(blobs_a), enumerate(blobs_b)):
        apart = (view_a.grid.pose(0, a.column).x_mm - view_b.grid.pose(0, b.column).x_mm) / step_mm
        cost[i, j] = (apart / PAIR_COLUMN_SIGMA_BOX) ** 2 + (math.log(a.total / b.total) / PAIR_LOG_RATIO_SIGMA) ** 2
    rows, columns = linear_sum_assignment(cost)
    return [(blobs_a[i], blobs_b[j]) for i, j in zip(rows, columns, strict=True) if cost[i, j] < PAIR_COST_MAX]


def _two(views: Sequence[GridView]) -> tuple[GridView, GridView]:
    if len(views) != 2:
        raise ValueError(f"{len(views)} grids; allowed are 2")
    first, second = views
    apart_deg = second.grid.centre.omega_deg - first.grid.centre.omega_deg
    if abs(math.sin(math.radians(apart_deg))) < math.sin(math.radians(5.0)):
        raise ValueError(f"grids {apart_deg:g} deg apart see the same plane; allowed are 5 to 175 deg")
    return first, second


def _too_weak(evidence: Mapping[str, float]) -> str:
    return (
        f"brightest boxes {evidence['significance_a']:.1f} and {evidence['significance_b']:.1f} sigma above background; "
        f"{evidence['threshold']:g} are needed in both grids"
    )


def _candidate(
    views: Sequence[GridView],
    pair: tuple[Blob, Blob],
    beam_size_um: float,
    axis_offset_mm: float,
    evidence: Mapping[str, float],
) -> XrayCandidate:
    # Along omega both views measure the same; across, each gives one equation in motor y and z.
    steps_mm = np.array([view.grid.step_um / 1000 for view in views])
    row_steps_mm = np.array([view.grid.row_step_um / 1000 for view in views])
    x_values = np.array([view.grid.pose(0, blob.column).x_mm for view, blob in zip(views, pair, strict=True)])
    x_weights = 1 / (np.array([blob.column_error for blob in pair]) * steps_mm) ** 2
    x_mm = float((x_values * x_weights).sum() / x_weights.sum())
    rows = np.array([height_row(view.grid.centre.omega_deg) for view in views])
    heights = np.array(
        [
            row @ np.array(view.grid.pose(blob.row, 0).xyz_mm[1:]) - axis_offset_mm
            for view, blob, row in zip(views, pair, rows, strict=True)
        ]
    )
    y_mm, z_mm = np.linalg.solve(rows, heights)
    inverse = np.linalg.inv(rows)
    covariance = inverse @ np.diag((np.array([blob.row_error for blob in pair]) * row_steps_mm) ** 2) @ inverse.T
    sigma_y, sigma_z = np.sqrt(np.diag(covariance)) * 1000
    widths = [_size_um(np.mean([blob.column_sigma for blob in pair]), views[0].grid.step_um, beam_size_um)]
    widths += [
        _size_um(blob.row_sigma, view.grid.row_step_um, beam_size_um) for view, blob in zip(views, pair, strict=True)
    ]
    return XrayCandidate(
        pose=Pose(x_mm=x_mm, y_mm=float(y_mm), z_mm=float(z_mm), omega_deg=views[0].grid.centre.omega_deg),
        sigma_um=(float(1000 / np.sqrt(x_weights.sum())), float(sigma_y), float(sigma_z)),
        size_um=(widths[0], widths[1], widths[2]),
        total=sum(blob.total for blob in pair),
        significance=min(evidence["significance_a"], evidence["significance_b"]),
    )


def _size_um(sigma_box: float | np.floating, step_um: float, beam_size_um: float) -> float:
    """Full width at half maximum with the beam's taken off in quadrature."""
    full_um = 2.355 * float(sigma_box) * step_um
    return math.sqrt(max(full_um**2 - beam_size_um**2, 0.0))
