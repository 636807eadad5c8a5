"""What a night needs to know besides the queue."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from mxplans.geometry import GoniometerGeometry
from mxplans.model.storage import Storage
from mxplans.profile import Collection, Limits, OpticalCentring, Profile, XrayCentring


class NightSettings(BaseModel):
    """The parts of a profile that plans work by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    beamline: str
    optical: OpticalCentring
    xray: XrayCentring
    collection: Collection
    limits: Limits
    goniometer: GoniometerGeometry = GoniometerGeometry()
    storage: Storage = Storage()

    @classmethod
    def from_profile(cls, profile: Profile) -> NightSettings:
        """Take them from a profile."""
        return cls(
            beamline=profile.name,
            optical=profile.optical,
            xray=profile.xray,
            collection=profile.collection,
            limits=profile.limits,
            goniometer=profile.goniometer,
            storage=profile.storage,
        )
