"""The goniometer: which axes stand on which, and how true they run."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT, Limits

Vector = tuple[float, float, float]


class GoniometerSettings(BaseModel):
    """Axes above omega, directions of the motors, and errors. Vectors are in the image frame at omega 0.

    Source: a mini-kappa's axis stands 24 deg from omega; its directions are those of ESRF ID30B.
    """

    model_config = STRICT

    kind: Literal["single-axis", "smargon", "mini-kappa"] = Field(
        "single-axis", description="smargon: chi and phi that keep the point; mini-kappa: kappa and phi that do not"
    )
    omega_sign: Literal[-1, 1] = Field(1, description="1: positive omega is right-handed about +x")
    x_sign: Literal[-1, 1] = Field(1, description="1: positive x moves the sample in +x")
    y_sign: Literal[-1, 1] = Field(1, description="1: positive y moves the sample down at omega 0")
    z_sign: Literal[-1, 1] = Field(1, description="1: positive z moves the sample along the beam at omega 0")
    chi_axis: Vector = Field((0.0, 0.0, 1.0), description="Of a smargon")
    kappa_axis: Vector = Field((0.913545, -0.282543, -0.292582), description="Of a mini-kappa")
    phi_axis: Vector = Field((1.0, 0.0, 0.0), description="Of the uppermost axis")
    kappa_point_mm: Vector = Field((1.0, 0.4, -0.3), description="A point on the kappa axis, all motors at 0")
    phi_point_mm: Vector = Field((0.0, 0.15, 0.1), description="A point on the phi axis, all motors at 0")
    chi_deg: Limits = Field((-5.0, 48.0), description="Limits of chi")
    kappa_deg: Limits = Field((-8.0, 256.0), description="Limits of kappa")
    chi_deg_s: float = Field(30.0, gt=0, le=3600, description="Speed of chi, kappa and phi")
    confusion_um: float = Field(0.0, ge=0, le=1000, description="Run-out of omega, radius of the sphere of confusion")
    backlash_um: float = Field(0.0, ge=0, le=1000, description="Play of x, y and z when they turn back")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in ("chi_axis", "kappa_axis", "phi_axis"):
            vector = getattr(self, name)
            if not 0.5 <= math.hypot(*vector) <= 2:
                raise ValueError(
                    f"{name} is {list(vector)}, a direction has a length of about 1; write it like [1, 0, 0]"
                )
        for name in ("kappa_point_mm", "phi_point_mm"):
            if max(map(abs, getattr(self, name))) > 100:
                raise ValueError(f"{name} is {list(getattr(self, name))}; give a point within 100 mm of the beam")
        for name, furthest_deg in (("chi_deg", 180), ("kappa_deg", 360)):
            low, high = getattr(self, name)
            if not -furthest_deg <= low <= 0 <= high <= furthest_deg:
                raise ValueError(
                    f"{name} is {low:g} to {high:g}; the axis stands at 0 at the start and turns {furthest_deg} deg to "
                    "either side at most, so give limits around 0 within that"
                )
        return self
