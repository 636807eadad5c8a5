"""A sample in three dimensions: the cells of space that its silhouettes leave, in the sample's own frame.

Being of the sample, it stays true when the motors move. It has no hollows, and a centroid that is better than its
volume: refraction and few views make it larger than the sample.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from mxplans.geometry import REST, AxisLimits, Camera, GoniometerGeometry, GridPlan, Orientation, rotation_x, view_of
from mxplans.model.acquisition import Pose
from mxplans.model.detection import Mask

Array = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Unit vectors of the sample's frame, one per row (3, 3), and the extents along them (3,), longest spread first."""

    directions: Array
    lengths_um: Array


@dataclass(frozen=True, eq=False)
class Extent:
    """What of a sample is seen along the beam.

    Attributes:
        middle_mm: The point of the sample in the middle of the box (3,).
        width_um: Along omega.
        height_um: Across, in the image.
        depth_um: Along the beam.
    """

    middle_mm: Array
    width_um: float
    height_um: float
    depth_um: float


@dataclass(frozen=True)
class GridExtent:
    """Where a grid is to be laid, and what it has to cover.

    Attributes:
        centre: Motors that put its middle into the beam.
        spindle: The same in the frame that turns with omega alone, in which grids are laid.
        width_um: Along omega.
        height_um: Across, in the image.
    """

    centre: Pose
    spindle: Pose
    width_um: float
    height_um: float

    def grid(self, step_um: float) -> GridPlan:
        """The smallest grid that covers it; `GoniometerGeometry.motors_of` tells its motion to the motors."""
        return GridPlan.covering(self.spindle, self.width_um, self.height_um, step_um)


@dataclass(frozen=True)
class HullNotFound:
    """The silhouettes leave nothing, or do not tell enough."""

    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Hull:
    """Cells of a cubic lattice: cell i is centred at `origin_mm` + `step_mm` i.

    Attributes:
        cells: (n, 3), at least one.
        origin_mm: In the sample's frame (3,).
        step_mm: Edge of a cell.
        views: Silhouettes that it was carved from.
        tolerance: Silhouettes that might miss a cell.
    """

    cells: Cells
    origin_mm: Array
    step_mm: float
    views: int
    tolerance: int

    @cached_property
    def points_mm(self) -> Array:
        """Middles of the cells (n, 3)."""
        return np.asarray(self.origin_mm + self.cells * self.step_mm)

    @property
    def centroid_mm(self) -> Array:
        """Centre of gravity (3,)."""
        return np.asarray(self.points_mm.mean(axis=0))

    @property
    def volume_um3(self) -> float:
        """Of all cells."""
        return float(len(self.cells) * (self.step_mm * 1000) ** 3)

    def principal_axes(self) -> PrincipalAxes:
        """Axes of inertia; the first is that of a needle, the last stands on a plate's face."""
        off = self.points_mm - self.centroid_mm
        _, vectors = np.linalg.eigh(off.T @ off)
        directions = vectors[:, ::-1].T
        along = off @ directions.T
        cell = np.abs(directions).sum(axis=1) * self.step_mm
        return PrincipalAxes(directions, (np.ptp(along, axis=0) + cell) * 1000)

    def extent(self, geometry: GoniometerGeometry, omega_deg: float, orientation: Orientation = REST) -> Extent:
        """The box around it as seen along the beam, at any omega, kappa, chi, phi."""
        turn = rotation_x(omega_deg) @ geometry.mount(orientation)
        seen = self.points_mm @ turn.T
        low, high = seen.min(axis=0), seen.max(axis=0)
        width, height, depth = (high - low + np.abs(turn).sum(axis=1) * self.step_mm) * 1000
        return Extent(turn.T @ ((low + high) / 2), float(width), float(height), float(depth))

    def flat_omega_deg(self, geometry: GoniometerGeometry, orientation: Orientation = REST) -> float:
        """Omega that shows it broadest across the spindle, from 0 to below 180; a quarter turn on it is on its edge."""
        off = (self.points_mm - self.centroid_mm) @ geometry.mount(orientation).T
        (yy, yz), (_, zz) = off[:, 1:].T @ off[:, 1:]
        # The spread of y cos w - z sin w is greatest there.
        return round(math.degrees(math.atan2(-2 * yz, yy - zz) / 2), 9) % 180.0

    def grid_extent(
        self,
        geometry: GoniometerGeometry,
        omega_deg: float,
        orientation: Orientation = REST,
        margin_um: float = 0.0,
        limits: AxisLimits | None = None,
    ) -> GridExtent:
        """What a grid for X-ray centring has to cover, without a new image.

        Args:
            geometry: The goniometer.
            omega_deg: Where the grid is taken.
            orientation: The axes above omega.
            margin_um: Added on each side.
            limits: The grid's middle has to be within them.

        Raises:
            LimitExceeded: If it is not.
        """
        seen = self.extent(geometry, omega_deg, orientation)
        centre = geometry.pose_for(seen.middle_mm, omega_deg, orientation)
        if limits is not None:
            limits.require(centre, orientation, "the middle of the grid")
        spindle = geometry.spindle_pose_for(seen.middle_mm, omega_deg, orientation)
        return GridExtent(centre, spindle, seen.width_um + 2 * margin_um, seen.height_um + 2 * margin_um)

    def silhouette(
        self,
        shape: tuple[int, int],
        geometry: GoniometerGeometry,
        camera: Camera,
        pose: Pose,
        orientation: Orientation = REST,
    ) -> Mask:
        """What a camera would see of it: (rows, columns) of `shape`. Each cell covers the square around its shadow."""
        view = view_of(geometry, camera, pose, orientation)
        half_px = np.abs(view.rows_px).sum(axis=1) * self.step_mm / 2
        middle = view.pixels(self.points_mm)
        first = np.clip(np.ceil(middle - half_px), 0, shape[::-1]).astype(np.intp)
        behind = np.clip(np.floor(middle + half_px) + 1, first, shape[::-1]).astype(np.intp)
        # Corners of the squares count; the sum over both directions tells which pixels are within any.
        count = np.zeros((shape[0] + 1, shape[1] + 1), dtype=np.int32)
        for columns, rows, sign in (
            (first[:, 0], first[:, 1], 1),
            (behind[:, 0], first[:, 1], -1),
            (first[:, 0], behind[:, 1], -1),
            (behind[:, 0], behind[:, 1], 1),
        ):
            np.add.at(count, (rows, columns), sign)
        return np.asarray(count.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0)

    def values(self) -> dict[str, float | int]:
        """The values of its event."""
        x, y, z = self.centroid_mm
        lengths = self.principal_axes().lengths_um
        return {
            "hull_x_mm": float(x),
            "hull_y_mm": float(y),
            "hull_z_mm": float(z),
            "hull_volume_um3": self.volume_um3,
            "hull_length_um": float(lengths[0]),
            "hull_width_um": float(lengths[1]),
            "hull_thickness_um": float(lengths[2]),
            "hull_step_um": self.step_mm * 1000,
            "hull_views": self.views,
            "hull_tolerance": self.tolerance,
        }
