"""What stands around the sample: cryostream, hutch, fluorescence detector."""

from __future__ import annotations

from typing import Self

import gemmi
from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT, Limits

_HEAVIEST = 92


class CryoSettings(BaseModel):
    """The cryostream and the cryojet's slide."""

    model_config = STRICT

    temperature_k: float = Field(100.0, gt=0, description="At the start")
    range_k: Limits = Field((80.0, 400.0), description="Lowest and highest setpoint")
    ramp_k_h: float = Field(360.0, gt=0, description="Rate of a ramp at the start, and the highest")
    room_k: float = Field(295.0, gt=0, description="What it warms to when it fails")
    warm_up_s: float = Field(120.0, gt=0, description="Time constant of that, and of the way back")
    devitrifies_k: float = Field(150.0, gt=0, description="From here on the glass of a sample turns into ice")
    devitrify_s: float = Field(30.0, gt=0, description="Time constant of that")
    pressure_bar: float = Field(0.05, ge=0, description="Back pressure")
    blocked_bar: float = Field(0.4, ge=0, description="Back pressure when ice blocks it")
    flow_l_min: float = Field(10.0, ge=0, description="Flow of gas")
    jet_s: float = Field(2.0, ge=0, description="Travel of the cryojet")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        low, high = self.range_k
        if not 0 < low <= self.temperature_k <= high:
            raise ValueError(
                f"temperature_k is {self.temperature_k:g}, it must be within range_k ({low:g} to {high:g}, above 0)"
            )
        return self


class HutchSettings(BaseModel):
    """Door, search and shutter of the experimental hutch."""

    model_config = STRICT

    search_s: float = Field(30.0, ge=0, description="Time of a search")
    door_s: float = Field(5.0, ge=0, description="Time of the door")
    shutter_s: float = Field(3.0, ge=0, description="Time of the hutch shutter")
    searched: bool = Field(True, description="Searched and locked, with the shutter open, at the start")


class FluorescenceSettings(BaseModel):
    """The energy-dispersive detector beside the sample, and what the samples emit.

    Concentrations are in mmol/l of the element. The edge is that of the free atom, shifted by the chemistry, with a
    white line behind it.
    """

    model_config = STRICT

    channels: int = Field(2048, ge=64, le=8192)
    ev_per_channel: float = Field(10.0, gt=0)
    offset_ev: float = Field(0.0, description="Energy of channel 0")
    fwhm_ev: float = Field(140.0, gt=0, description="Resolution at 5895 eV")
    solid_angle_sr: float = Field(0.05, gt=0, le=6)
    dead_time_s: float = Field(1e-6, ge=0, description="Of a count; counts within it prolong it")
    air_mm: float = Field(20.0, ge=0, description="Way of the light in air")
    travel_s: float = Field(3.0, ge=0, description="Time of the detector in or out")
    thickness_um: float = Field(50.0, gt=0, description="Of the sample along the beam")
    polarisation_frac: float = Field(0.99, ge=0, le=1, description="Of the beam, along the way to the detector")
    elements: dict[str, float] = Field(
        default_factory=lambda: {"S": 200.0, "Cl": 100.0, "K": 20.0}, description="Elements in every sample"
    )
    samples: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="More elements, by the name of the sample"
    )
    edge_shift_ev: float = Field(2.0, ge=-30, le=30, description="Chemical shift of the edges")
    white_line: float = Field(1.0, ge=0, le=10, description="Its height over that of the edge; 0 for none")
    white_line_ev: float = Field(2.0, ge=0, le=20, description="Its place behind the edge")
    white_line_width_ev: float = Field(3.0, gt=0, le=30, description="Its width, FWHM")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for elements in (self.elements, *self.samples.values()):
            for symbol, amount in elements.items():
                element = gemmi.Element(symbol)
                if element.name != symbol or symbol == "D" or not 1 <= element.atomic_number <= _HEAVIEST:
                    raise ValueError(f"there is no element {symbol!r}; write its symbol, as Se")
                if not 0 <= amount <= 1e5:
                    raise ValueError(f"{symbol} is {amount:g} mmol/l, allowed is 0 to 100000")
        return self

    def of(self, sample: str) -> dict[str, float]:
        """All elements of a sample."""
        return {**self.elements, **self.samples.get(sample, {})}


class EnvironmentSettings(BaseModel):
    """All of it."""

    model_config = STRICT

    cryo: CryoSettings = Field(default_factory=lambda: CryoSettings.model_validate({}))
    hutch: HutchSettings = Field(default_factory=lambda: HutchSettings.model_validate({}))
    fluorescence: FluorescenceSettings = Field(default_factory=lambda: FluorescenceSettings.model_validate({}))
