"""How crystals diffract, and how the beam damages them."""

from __future__ import annotations

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class DiffractionSettings(BaseModel):
    """What is the same for all crystals.

    Source of the decay: I(d, D) = I0 exp(-beta D / (2 d^2)) with beta = 1 A^2/MGy, as strategy programs have it.
    """

    model_config = STRICT

    polarisation_frac: float = Field(0.99, ge=0, le=1, description="Part of the beam that is polarised along x")
    decay_a2_mgy: float = Field(1.0, ge=0, description="Growth of the B factor with the dose; 0 for no damage")
    absorption_factor: float = Field(1.0, gt=0, description="Dose over that of an average protein crystal")
    anomalous_frac: float = Field(0.0, ge=0, lt=1, description="Mean difference of Friedel mates over their intensity")
