"""How long things take."""

from __future__ import annotations

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class TimingSettings(BaseModel):
    """How long things take, simulated seconds."""

    model_config = STRICT

    robot_s: float = Field(25.0, ge=0, description="One load, from empty goniometer to pin mounted")
    unload_s: float = Field(10.0, ge=0, description="One unload")
    dry_s: float = Field(30.0, ge=0, description="Drying and cooling the gripper")
    soak_s: float = Field(10.0, ge=0, description="Cooling the gripper in the dewar")
    shutter_s: float = Field(0.06, ge=0)
    attenuator_s: float = Field(0.5, ge=0)
    backlight_s: float = Field(0.5, ge=0)
    aperture_s: float = Field(1.0, ge=0)
    zoom_s: float = Field(1.5, ge=0)
    turn_around_s: float = Field(0.05, ge=0, description="From the end of a row to the start of the next")
