"""A grid in the image plane: boxes, poses and the motion that visits them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mxplans.geometry.rotation import motor_change_mm
from mxplans.model.acquisition import Pose, ScanMotion, Vector


@dataclass(frozen=True)
class GridPlan:
    """Boxes around what stands in the beam at `centre`.

    Columns run along omega (x to the right in the image), rows down the image. Box (0, 0) is top left; index = centre
    of the box. What is further right in the image comes into the beam by moving the sample to the left.

    Attributes:
        centre: Motors that put the grid's middle into the beam; its omega is the grid's.
        columns: Boxes along omega.
        rows: Boxes across.
        step_um: Size of a box along omega.
        height_um: Size of a box across; None for square boxes.
        vertical: Whether it is scanned column by column instead of row by row.
        snake: Whether every second line is scanned backwards.
    """

    centre: Pose
    columns: int
    rows: int
    step_um: float
    height_um: float | None = None
    vertical: bool = False
    snake: bool = True

    def __post_init__(self) -> None:
        """Refuse an empty grid."""
        if self.columns < 1 or self.rows < 1 or not self.step_um > 0 or not self.row_step_um > 0:
            raise ValueError(
                f"grid of {self.columns} x {self.rows} boxes of {self.step_um} x {self.row_step_um} um; "
                "allowed is 1 x 1 or more, steps > 0"
            )

    @property
    def row_step_um(self) -> float:
        """From row to row."""
        return self.step_um if self.height_um is None else self.height_um

    @classmethod
    def covering(cls, centre: Pose, width_um: float, height_um: float, step_um: float) -> GridPlan:
        """The smallest grid that covers an area.

        >>> pose = Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0)
        >>> grid = GridPlan.covering(pose, 100.0, 41.0, 20.0)
        >>> grid.columns, grid.rows
        (5, 3)
        """
        # Rounded to a nanometre, so that an exact multiple does not grow by a box.
        columns = max(1, math.ceil(round(width_um / step_um, 6)))
        rows = max(1, math.ceil(round(height_um / step_um, 6)))
        return cls(centre, columns, rows, step_um)

    def offset_mm(self, row: float, column: float) -> tuple[float, float]:
        """How far right of and below the beam a box stands while the motors are at `centre`."""
        right = (column - (self.columns - 1) / 2) * self.step_um / 1000
        return right, (row - (self.rows - 1) / 2) * self.row_step_um / 1000

    def pose(self, row: float, column: float) -> Pose:
        """Motors that put a box, or a place between boxes, into the beam."""
        right_mm, down_mm = self.offset_mm(row, column)
        change = motor_change_mm(np.array([-right_mm, -down_mm, 0.0]), self.centre.omega_deg)
        x, y, z = np.array(self.centre.xyz_mm) + change
        return Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=self.centre.omega_deg)

    def box(self, pose: Pose) -> tuple[float, float]:
        """Row and column of what a pose at this grid's omega puts into the beam; the depth does not matter."""
        change = np.array(pose.xyz_mm) - np.array(self.centre.xyz_mm)
        cos, sin = math.cos(math.radians(self.centre.omega_deg)), math.sin(math.radians(self.centre.omega_deg))
        down_mm = -(change[1] * cos - change[2] * sin)
        row = down_mm / (self.row_step_um / 1000) + (self.rows - 1) / 2
        return float(row), float(-change[0] / (self.step_um / 1000) + (self.columns - 1) / 2)

    def motion(self, exposure_s: float) -> ScanMotion:
        """The motion that visits every box, line by line; an image is exposed while its box passes the beam."""
        along: Vector = (-self.step_um / 1000, 0.0, 0.0)
        down = motor_change_mm(np.array([0.0, -self.row_step_um / 1000, 0.0]), self.centre.omega_deg)
        across: Vector = (float(down[0]), float(down[1]), float(down[2]))
        return ScanMotion(
            start=self.pose(-0.5, 0) if self.vertical else self.pose(0, -0.5),
            step_mm=across if self.vertical else along,
            images_per_row=self.rows if self.vertical else self.columns,
            rows=self.columns if self.vertical else self.rows,
            row_step_mm=along if self.vertical else across,
            snake=self.snake,
            exposure_s=exposure_s,
        )

    def box_of_image(self, image: int) -> tuple[int, int]:
        """Row and column of an image, counted from 1 in the order of exposure.

        >>> pose = Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0)
        >>> [GridPlan(pose, 3, 2, 20.0).box_of_image(image) for image in (1, 3, 4, 6)]
        [(0, 0), (0, 2), (1, 2), (1, 0)]
        """
        length = self.rows if self.vertical else self.columns
        line, place = divmod(image - 1, length)
        if self.snake and line % 2:
            place = length - 1 - place
        return (place, line) if self.vertical else (line, place)
