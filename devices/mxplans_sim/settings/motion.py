"""Motors."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT, Limits


class MotionSettings(BaseModel):
    """The goniometer's and the detector's motors: speeds, ramps (seconds to full speed), limits and encoders."""

    model_config = STRICT

    omega_deg_s: float = Field(120.0, gt=0, le=3600)
    omega_ramp_s: float = Field(0.3, gt=0, le=100)
    xyz_mm_s: float = Field(2.0, gt=0, le=100)
    xyz_ramp_s: float = Field(0.1, gt=0, le=100)
    xyz_travel_mm: float = Field(3.0, gt=0, le=100, description="Limits are plus and minus this")
    distance_mm_s: float = Field(20.0, gt=0, le=1000)
    distance_ramp_s: float = Field(0.5, gt=0, le=100)
    distance_mm: Limits = Field((80.0, 400.0), description="Limits of the detector distance")
    distance_start_mm: float = Field(100.0, description="Detector distance at the start, within its limits")
    pulses: Literal["image", "row", "scan"] = Field(
        "image", description="The motion program triggers the detector at the begin of each image, row or scan"
    )
    encoder_um: float = Field(
        0.0, ge=0, le=1000, description="Noise of the translations' readbacks, standard deviation"
    )
    encoder_deg: float = Field(0.0, ge=0, le=10, description="Noise of omega's readback, standard deviation")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        low, high = self.distance_mm
        if not 1 <= low or not high <= 10_000:
            raise ValueError(f"distance_mm is {low:g} to {high:g}; give limits within 1 to 10000 mm")
        if not low <= self.distance_start_mm <= high:
            raise ValueError(
                f"distance_start_mm is {self.distance_start_mm:g}, distance_mm allows {low:g} to {high:g}; start within"
            )
        return self
