"""Where blobs of grids stand in motor coordinates, and the crystal that several of them show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from mxplans.centring.blobs import Blob
from mxplans.centring.scores import GridView
from mxplans.geometry import height_row

Array = npt.NDArray[np.float64]

FOREIGN_RATIO = 1.35  # of photons in two views: as far as crystals differ by how they are turned
FOREIGN_SIGMAS = 0.5  # of the width: how far what is foreign in a blob may move its middle


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


def freed(views: Sequence[GridView], blobs: Mapping[int, Blob]) -> dict[int, Blob]:
    """The blobs of one crystal without what others add to them, as far as it can be told.

    A blob with more photons than the weakest one holds another crystal as well. Its middle is then not that of the
    crystal, which stands along omega where the weakest blob does, and across where the light leans there; how far it
    may be off still, the foreign part of its width, is its error.
    """
    wide = {k: blob for k, blob in blobs.items() if views[k].grid.columns >= 3}
    if len(wide) < 2:
        return dict(blobs)
    purest = min(wide, key=lambda k: strength(views[k], wide[k]))
    least, place = strength(views[purest], wide[purest]), sight(views[purest], wide[purest])
    found = dict(blobs)
    for k, blob in wide.items():
        foreign = 1 - FOREIGN_RATIO * least / strength(views[k], blob)
        if foreign <= 0:
            continue
        grid = views[k].grid
        column = grid.box(grid.centre.model_copy(update={"x_mm": place.x_mm}))[1]
        shift = max(-blob.column_sigma, min(column - blob.column, blob.column_sigma)) * foreign
        found[k] = replace(
            blob,
            row=blob.row + blob.lean * shift,
            row_error=float(np.hypot(blob.row_error, FOREIGN_SIGMAS * foreign * blob.row_sigma)),
            column_error=float(np.hypot(blob.column_error, FOREIGN_SIGMAS * foreign * blob.column_sigma)),
        )
    return found
