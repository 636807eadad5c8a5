"""Where blobs of grids stand in motor coordinates, and the crystal that several of them show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.centring.blobs import Blob
from mxplans.centring.scores import GridView
from mxplans.geometry import height_row

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """Where a blob of a view stands, mm.

    Attributes:
        x_mm: Motor x that puts it into the beam.
        height_mm: cos w y - sin w z of the motors that do.
        x_sigma_mm: Standard error.
        height_sigma_mm: Standard error.
    """

    x_mm: float
    height_mm: float
    x_sigma_mm: float
    height_sigma_mm: float


def sight(view: GridView, blob: Blob) -> Sight:
    """Where a blob stands."""
    grid = view.grid
    pose = grid.pose(blob.row, blob.column)
    height_mm = float(height_row(grid.centre.omega_deg) @ np.array(pose.xyz_mm[1:]))
    return Sight(
        pose.x_mm, height_mm, blob.column_error * grid.step_um / 1000, blob.row_error * grid.row_step_um / 1000
    )


def solve_yz(views: Sequence[GridView], blobs: Mapping[int, Blob], axis_offset_mm: float) -> tuple[Array, Array]:
    """Motor y and z (mm) of a crystal from its heights in two or more views, and their covariance (mm2).

    Each view gives cos w y - sin w z = height; weighted least squares, for any angles that are not half a turn apart.
    """
    sights = [sight(views[k], blob) for k, blob in blobs.items()]
    rows = np.array([height_row(views[k].grid.centre.omega_deg) for k in blobs])
    heights = np.array([one.height_mm - axis_offset_mm for one in sights])
    weights = 1 / np.array([one.height_sigma_mm for one in sights]) ** 2
    covariance = np.linalg.inv(rows.T * weights @ rows)
    place = covariance @ (rows.T * weights) @ heights
    spare = len(sights) - 2
    if spare > 0:  # views that contradict each other make the result as uncertain as they are
        covariance = covariance * max(1.0, float(weights @ (heights - rows @ place) ** 2) / spare)
    return place, covariance


def strength(view: GridView, blob: Blob) -> float:
    """Photons of a blob for boxes of 1 um2, so that grids of other steps can be compared."""
    return blob.total * view.grid.step_um * view.grid.row_step_um
