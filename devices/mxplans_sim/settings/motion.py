"""Motors."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class MotionSettings(BaseModel):
    """The goniometer's and the detector's motors: speeds, ramps (seconds to full speed), limits and encoders."""

    model_config = STRICT

    omega_deg_s: float = Field(120.0, gt=0)
    omega_ramp_s: float = Field(0.3, gt=0)
    xyz_mm_s: float = Field(2.0, gt=0)
    xyz_ramp_s: float = Field(0.1, gt=0)
    xyz_travel_mm: float = Field(3.0, gt=0, description="Limits are plus and minus this")
    distance_mm_s: float = Field(20.0, gt=0)
    distance_ramp_s: float = Field(0.5, gt=0)
    distance_mm: tuple[float, float] = Field((80.0, 400.0), description="Limits of the detector distance")
    pulses: Literal["image", "row", "scan"] = Field(
        "image", description="The motion program triggers the detector at the begin of each image, row or scan"
    )
    encoder_um: float = Field(0.0, ge=0, description="Noise of the translations' readbacks, standard deviation")
    encoder_deg: float = Field(0.0, ge=0, description="Noise of omega's readback, standard deviation")
