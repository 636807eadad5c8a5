"""The area detector."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT


class RoiSettings(BaseModel):
    """A region in the middle of the detector that can be read out faster than the whole."""

    model_config = STRICT

    name: str = Field("4M", min_length=1, description="Value of roi_mode that selects it")
    nx: int = Field(gt=0, description="Columns")
    ny: int = Field(gt=0, description="Rows")
    frame_time_min_s: float = Field(gt=0, description="Shortest time of a frame")


class DetectorSettings(BaseModel):
    """The area detector. The beam centre is in the middle unless given; index = pixel centre."""

    model_config = STRICT

    nx: int = Field(512, gt=0, le=20_000, description="Columns")
    ny: int = Field(512, gt=0, le=20_000, description="Rows")
    pixel_um: float = Field(150.0, ge=1, le=10_000, description="Edge of a pixel")
    beam_x_px: float = Field(0.0, description="Beam centre, column; half of nx - 1 when not given")
    beam_y_px: float = Field(0.0, description="Beam centre, row; half of ny - 1 when not given")
    psf_px: float = Field(0.8, gt=0, description="Standard deviation of a spot")
    background: float = Field(5.0, ge=0, description="Counts per pixel and second in the full beam")
    bit_depth: int = Field(32, description="Bits of a stored pixel: 16 or 32")
    frame_time_min_s: float = Field(0.004, gt=0, description="Shortest time of a frame")
    arm_s: float = Field(1.0, ge=0, description="Time to arm")
    modules_x: int = Field(1, gt=0, description="Modules side by side")
    modules_y: int = Field(1, gt=0, description="Modules one below the other")
    gap_x_px: int = Field(10, ge=0, description="Columns without pixels between two modules")
    gap_y_px: int = Field(37, ge=0, description="Rows without pixels between two modules")
    dead_px: int = Field(0, ge=0, description="Pixels that count nothing, at places by the seed")
    hot_px: int = Field(0, ge=0, description="Pixels that count without light, at places by the seed")
    dead_time_s: float = Field(0.0, ge=0, description="A pixel counts nothing for this long after a photon")
    frames: Literal["full", "thin"] = Field("full", description="thin: spots without background, for long nights")
    roi: RoiSettings | None = Field(None, description="A region that can be read out faster")

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
    def _possible(self) -> Self:
        if self.bit_depth not in (16, 32):
            raise ValueError(f"bit_depth is {self.bit_depth}, allowed are 16 and 32")
        for name, pixels, modules, gap in (
            ("nx", self.nx, self.modules_x, self.gap_x_px),
            ("ny", self.ny, self.modules_y, self.gap_y_px),
        ):
            if (pixels - (modules - 1) * gap) % modules or pixels <= (modules - 1) * gap:
                raise ValueError(f"{name} is {pixels}, which {modules} modules with gaps of {gap} pixels cannot fill")
        if self.dead_px + self.hot_px > self.nx * self.ny // 2:
            raise ValueError(f"{self.dead_px + self.hot_px} bad pixels, at most half of {self.nx * self.ny} may be bad")
        if self.roi is not None and not (self.roi.nx <= self.nx and self.roi.ny <= self.ny):
            raise ValueError(f"roi is {self.roi.nx} x {self.roi.ny}, it must fit into {self.nx} x {self.ny} pixels")
        return self
