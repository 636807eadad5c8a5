"""What a camera sees of the sample's frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.geometry.camera import Camera
from mxplans.geometry.goniometer import REST, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class View:
    """Linear map from the sample's frame to pixels: `rows_px` s + `origin_px`.

    Attributes:
        rows_px: (2, 3), px per mm.
        origin_px: Column and row of the sample's origin, (2,).
        along: Direction in which the camera looks, unit vector of the sample's frame (3,).
        um_per_px: Scale.
    """

    rows_px: Array
    origin_px: Array
    along: Array
    um_per_px: float

    def pixels(self, points_mm: npt.ArrayLike) -> Array:
        """Columns and rows of points (3,) or (n, 3) of the sample: (2,) or (n, 2)."""
        return np.asarray(np.asarray(points_mm, dtype=np.float64) @ self.rows_px.T + self.origin_px)


def view_of(geometry: GoniometerGeometry, camera: Camera, pose: Pose, orientation: Orientation = REST) -> View:
    """The view of a camera whose beam mark is true.

    >>> view = view_of(GoniometerGeometry(), Camera(2.0, 100.0, 50.0), Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=90))
    >>> view.pixels([0.1, 0.0, 0.1]).round(9).tolist()
    [150.0, 0.0]
    """
    stand = geometry.stand(pose, orientation)
    rows_px = camera.rows_px()
    origin = np.array(camera.pixel(0.0, 0.0)) + rows_px @ (stand.shift_mm - geometry.beam_mm)
    across = camera.rows()
    along = stand.rotation.T @ np.cross(across[0], across[1])
    return View(rows_px @ stand.rotation, origin, along, camera.um_per_px)
