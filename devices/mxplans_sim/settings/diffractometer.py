"""The diffractometer and the sample changer that are reached over TCP: times and limits of their protocols."""

from __future__ import annotations

from pydantic import BaseModel, Field

from mxplans_sim.settings.base import STRICT


class DiffractometerSettings(BaseModel):
    """The micro-diffractometer behind the exporter protocol."""

    model_config = STRICT

    phase_s: float = Field(4.0, ge=0, description="Shortest time from one phase to another")
    organ_s: float = Field(1.0, ge=0, description="Time of aperture, capillary, beamstop or scintillator to a position")
    head_type: str = Field("MiniKappa", description="What it says of the head that is fitted")
    request_bytes: int = Field(65536, ge=256, description="Longest request; who sends more is disconnected")


class IsaraSettings(BaseModel):
    """The robot behind the ISARA protocol; how long an exchange takes is in `timing`."""

    model_config = STRICT

    travel_s: float = Field(3.0, ge=0, description="Time of the arm between two of its own positions")
    pucks: int = Field(29, gt=0, le=29, description="Places for pucks in its dewar")
    request_bytes: int = Field(1024, ge=64, description="Longest command; who sends more is disconnected")
    idle_s: float = Field(
        600.0,
        gt=0,
        description="Who gives no order for so long, and runs no path, loses his place to the next who wants to give some",
    )
