"""What is true of the samples."""

from __future__ import annotations

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class SampleTruth(BaseModel):
    """What the world knows about one sample, whatever the seed says."""

    model_config = STRICT

    missing: bool = Field(False, description="No pin in that position of the puck")
    empty: bool = Field(False, description="A bare pin without loop")
    no_crystal: bool = Field(False, description="A loop with liquid, no crystal in it")
    no_diffraction: bool = Field(False, description="A crystal that does not diffract")
    crystals: int = Field(1, ge=1, le=4, description="Crystals in the loop")
    size_um: tuple[float, float, float] | None = Field(None, description="Edges of the crystals")
    d_min_a: float | None = Field(None, gt=0, description="Resolution limit")
    mosaicity_deg: float | None = Field(None, gt=0)
