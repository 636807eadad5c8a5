"""What a beamline can and may do, as far as it can be told before anything moves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from mxplans.schedule.dose import Profile

HC_EV_A = 12_398.419843320025
"""Energy times wavelength of a photon (CODATA 2018, exact)."""


def _ascending(span: tuple[float, float]) -> tuple[float, float]:
    if span[0] > span[1]:
        raise ValueError(f"a range from {span[0]:g} to {span[1]:g} is empty; give the lower end first")
    return span


Range: TypeAlias = Annotated[tuple[float, float], AfterValidator(_ascending)]


class Beam(BaseModel):
    """The beam behind an aperture."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    horizontal_um: float = Field(gt=0, description="Full width at half maximum")
    vertical_um: float = Field(gt=0, description="Full width at half maximum")
    flux_frac: float = Field(default=1.0, gt=0, le=1, description="Of the full beam's photons")

    @property
    def size_um(self) -> tuple[float, float]:
        """Horizontal and vertical."""
        return (self.horizontal_um, self.vertical_um)


class BeamlineLimits(BaseModel):
    """What a beamline can and may do."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    omega_speed_max_deg_s: float = Field(default=120.0, gt=0, description="Fastest turn during images")
    omega_speed_min_deg_s: float = Field(default=0.0, ge=0, description="Slower is not smooth")
    omega_range_deg: Range | None = Field(default=None, description="None turns without end")
    omega_run_up_s: float = Field(
        default=0.0, ge=0, description="Omega needs this many seconds' way before the first image and after the last"
    )
    kappa_range_deg: Range | None = Field(default=None, description="None: there is no such axis")
    phi_range_deg: Range | None = Field(default=None, description="None: there is no such axis")
    chi_range_deg: Range | None = Field(default=None, description="None: there is no such axis")
    x_range_mm: Range = Field(default=(-100.0, 100.0), description="Travel along omega")
    y_range_mm: Range = Field(default=(-100.0, 100.0), description="Travel of the motor that goes down at omega 0")
    z_range_mm: Range = Field(
        default=(-100.0, 100.0), description="Travel of the motor that goes along the beam at omega 0"
    )
    translation_speed_max_mm_s: float | None = Field(default=None, gt=0, description="During images; None: any")
    frame_time_min_s: float = Field(default=0.004, gt=0, description="Shortest image of the detector, with its readout")
    images_per_arm_most: int | None = Field(default=None, gt=0, description="None: any number")
    detector_nx: int = Field(default=1030, gt=0, description="Pixels of the detector in a row")
    detector_ny: int = Field(default=1065, gt=0, description="Rows of the detector")
    pixel_um: float = Field(default=75.0, gt=0, description="Width of a pixel, which is its height")
    bytes_per_pixel: int = Field(default=4, ge=1, le=8, description="Of an image before compression")
    energy_range_ev: Range = Field(
        default=(1000.0, 100_000.0), description="Of the photons; one value twice where it cannot be changed"
    )
    energy_ev: float | None = Field(default=None, gt=0, description="Where it stands, for sweeps that name none")
    distance_range_mm: Range = Field(default=(10.0, 5000.0), description="From sample to detector")
    transmission_min_frac: float = Field(default=0.0, ge=0, le=1, description="Least that attenuators let pass")
    flux_ph_s: float | None = Field(default=None, gt=0, description="Of the full beam; None: dose is not known")
    profile: Profile = Field(default="gaussian", description="Shape of the beam, for doses")
    apertures: dict[str, Beam] = Field(min_length=1, description="By name")
    aperture: str = Field(description="Of sweeps that name none")
    dose_limit_mgy: float | None = Field(default=None, gt=0, description="Of one experiment, at one place of a sample")

    @model_validator(mode="after")
    def _has_its_aperture(self) -> BeamlineLimits:
        if self.aperture not in self.apertures:
            raise ValueError(f"aperture is {self.aperture}; allowed are {', '.join(self.apertures)}")
        return self

    @property
    def detector_radius_mm(self) -> float:
        """Of the largest circle that is wholly on the detector."""
        return min(self.detector_nx, self.detector_ny) * self.pixel_um / 2000

    @property
    def bytes_per_image(self) -> int:
        """Before compression."""
        return self.detector_nx * self.detector_ny * self.bytes_per_pixel


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that is asked for and cannot be had."""

    thing: str
    value: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.thing} is {self.value}; allowed is {self.allowed}: {self.remedy}"


def distance_of_resolution_mm(resolution_a: float, energy_ev: float, radius_mm: float) -> float:
    """Where a flat detector square to the beam has a resolution at a radius; 0 where it cannot have it anywhere.

    >>> round(distance_of_resolution_mm(2.0, 12_398.42, 100.0), 3)
    180.739
    """
    sine = HC_EV_A / energy_ev / (2 * resolution_a)
    if sine >= math.sqrt(0.5):
        return 0.0
    return radius_mm / math.tan(2 * math.asin(sine))
