"""The X-ray beam and its source."""

from __future__ import annotations

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class BeamSettings(BaseModel):
    """The X-ray beam."""

    model_config = STRICT

    energy_ev: float = Field(12658.0, gt=0)
    flux_hz: float = Field(1e12, gt=0, description="Photons per second at full transmission through the Large aperture")
    ring_current_ma: float = Field(300.0, gt=0)
    ring_lifetime_h: float = Field(20.0, gt=0)
    axis_offset_um: float | None = Field(
        None, description="Beam below the omega axis; a few um by the seed when absent"
    )
