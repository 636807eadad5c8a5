"""From pixels of the on-axis viewer to distances from the beam, and back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Camera:
    """An orthographic view along the beam at one zoom. A pixel's index is its centre.

    Attributes:
        um_per_px: Scale.
        beam_x_px: Column where the beam stands.
        beam_y_px: Row where the beam stands, counted downwards.
    """

    um_per_px: float
    beam_x_px: float
    beam_y_px: float

    def offset_mm(self, x_px: float, y_px: float) -> tuple[float, float]:
        """How far right of and below the beam a pixel is.

        >>> Camera(2.0, 100.0, 50.0).offset_mm(150.0, 25.0)
        (0.1, -0.05)
        """
        scale = self.um_per_px / 1000
        return (x_px - self.beam_x_px) * scale, (y_px - self.beam_y_px) * scale

    def pixel(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """The pixel at an offset from the beam."""
        scale = 1000 / self.um_per_px
        return self.beam_x_px + x_mm * scale, self.beam_y_px + y_mm * scale
