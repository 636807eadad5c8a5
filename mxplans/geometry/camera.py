"""From pixels of the on-axis viewer to distances from the beam, and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.geometry.rotation import rotation_x

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Camera:
    """An orthographic view at one zoom. A pixel's index is its centre.

    Right and down are the directions of the image frame, as a camera along the beam shows them. One that looks from
    elsewhere is turned about omega; one whose rows do not run along omega is rolled.

    Attributes:
        um_per_px: Scale.
        beam_x_px: Column where the beam stands.
        beam_y_px: Row where the beam stands, counted downwards.
        turn_deg: Turns the sample about +x, right-handed, as the camera sees it; 0 looks along the beam.
        roll_deg: Turns the picture about the beam mark, from right to down.
    """

    um_per_px: float
    beam_x_px: float
    beam_y_px: float
    turn_deg: float = 0.0
    roll_deg: float = 0.0

    def offset_mm(self, x_px: float, y_px: float) -> tuple[float, float]:
        """How far right of and below the beam a pixel is.

        >>> Camera(2.0, 100.0, 50.0).offset_mm(150.0, 25.0)
        (0.1, -0.05)
        """
        scale = self.um_per_px / 1000
        x_mm, y_mm = (x_px - self.beam_x_px) * scale, (y_px - self.beam_y_px) * scale
        if not self.roll_deg:
            return x_mm, y_mm
        cos, sin = math.cos(math.radians(self.roll_deg)), math.sin(math.radians(self.roll_deg))
        return x_mm * cos + y_mm * sin, y_mm * cos - x_mm * sin

    def pixel(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """The pixel at an offset from the beam."""
        scale = 1000 / self.um_per_px
        if self.roll_deg:
            cos, sin = math.cos(math.radians(self.roll_deg)), math.sin(math.radians(self.roll_deg))
            x_mm, y_mm = x_mm * cos - y_mm * sin, x_mm * sin + y_mm * cos
        return self.beam_x_px + x_mm * scale, self.beam_y_px + y_mm * scale

    def rows(self) -> Array:
        """Takes a distance from the beam in the image frame (3,) to what is seen of it right and down, (2, 3).

        >>> bool(np.allclose(Camera(1.0, 0.0, 0.0, turn_deg=90.0).rows() @ [0.1, 0.2, 0.3], [0.1, -0.3]))
        True
        """
        return rotation_x(self.turn_deg)[:2]

    def rows_px(self) -> Array:
        """As `rows`, to columns and rows of the picture: (2, 3), px per mm."""
        origin = np.array(self.pixel(0.0, 0.0))
        turned = np.column_stack([np.array(self.pixel(1.0, 0.0)) - origin, np.array(self.pixel(0.0, 1.0)) - origin])
        return np.asarray(turned @ self.rows())
