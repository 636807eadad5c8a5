"""The area detector."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT


class DetectorSettings(BaseModel):
    """The area detector. The beam centre is in the middle unless given; index = pixel centre."""

    model_config = STRICT

    nx: int = Field(512, gt=0, description="Columns")
    ny: int = Field(512, gt=0, description="Rows")
    pixel_um: float = Field(150.0, gt=0, description="Edge of a pixel")
    beam_x_px: float = Field(0.0, description="Beam centre, column; half of nx - 1 when not given")
    beam_y_px: float = Field(0.0, description="Beam centre, row; half of ny - 1 when not given")
    psf_px: float = Field(0.8, gt=0, description="Standard deviation of a spot")
    background: float = Field(5.0, ge=0, description="Counts per pixel and second in the full beam")
    bit_depth: int = Field(32, description="Bits of a stored pixel: 16 or 32")
    frame_time_min_s: float = Field(0.004, gt=0, description="Shortest time of a frame")
    arm_s: float = Field(1.0, ge=0, description="Time to arm")

    @model_validator(mode="before")
    @classmethod
    def _centre(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        for centre, size in (("beam_x_px", "nx"), ("beam_y_px", "ny")):
            pixels = filled.get(size, 512)
            if centre not in filled and isinstance(pixels, int):
                filled[centre] = (pixels - 1) / 2
        return filled

    @model_validator(mode="after")
    def _depth(self) -> Self:
        if self.bit_depth not in (16, 32):
            raise ValueError(f"bit_depth is {self.bit_depth}, allowed are 16 and 32")
        return self
