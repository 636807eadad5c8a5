"""The X-ray beam from the storage ring to the diode behind the sample."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from mxplans_sim.settings.base import STRICT, Limits

LONGEST_S = 1e9
"""Thirty years: no world lasts longer."""


class OutageSettings(BaseModel):
    """A loss of the stored beam."""

    model_config = STRICT

    start_s: float = Field(ge=0, le=LONGEST_S, description="When the beam is lost, simulated seconds")
    duration_s: float = Field(gt=0, le=LONGEST_S, description="Until the beamline has beam again")


class RingSettings(BaseModel):
    """The storage ring. In decay mode nothing is refilled; in top-up mode the current is kept up by regular fills."""

    model_config = STRICT

    current_ma: float = Field(300.0, gt=0, description="Stored current after a fill")
    energy_gev: float = Field(3.0, gt=0, le=100, description="Energy of the electrons")
    lifetime_h: float = Field(20.0, ge=0.001, description="In which the current falls to 1/e")
    mode: Literal["decay", "top-up"] = Field("decay", description="How the current is kept up")
    top_up_period_s: float = Field(600.0, gt=0, description="From one top-up to the next")
    top_up_first_s: float | None = Field(
        None, ge=0, le=LONGEST_S, description="Begin of the first top-up; a period when absent"
    )
    top_up_s: float = Field(10.0, gt=0, description="Duration of a top-up")
    shots_hz: float = Field(5.0, gt=0, le=1000, description="Injections per second of a top-up")
    shot_dip_frac: float = Field(0.02, ge=0, le=0.5, description="Flux that an injection costs, mean")
    shot_recovery_s: float = Field(0.05, gt=0, description="Time constant in which the flux comes back after a shot")
    user_beam_h: float = Field(144.0, gt=0, description="End of the users' beam time")
    refill_s: float = Field(300.0, ge=0, description="Last part of an outage, in which the ring is filled")
    outages: tuple[OutageSettings, ...] = Field((), description="Losses of the beam")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.top_up_s * 2 > self.top_up_period_s:
            raise ValueError(
                f"top_up_s is {self.top_up_s:g}, it can be half of top_up_period_s ({self.top_up_period_s:g}) at most"
            )
        return self


class SourceSettings(BaseModel):
    """Undulator and double-crystal monochromator."""

    model_config = STRICT

    energy_range_ev: Limits = Field((5000.0, 25000.0), description="Lowest and highest energy")
    period_mm: float = Field(21.0, gt=0, le=1000, description="Period of the undulator")
    periods: int = Field(95, gt=0, description="Number of its periods")
    gap_mm: Limits = Field((5.0, 30.0), description="Limits of its gap")
    gap_mm_s: float = Field(0.5, gt=0, description="Speed of its gap")
    spacing_a: float = Field(3.1356, gt=0, description="Of the monochromator's lattice planes; Si(111)")
    bragg_deg_s: float = Field(1.0, gt=0, description="Speed of the monochromator's angle")
    bandwidth_frac: float = Field(1.4e-4, gt=0, description="Width of the energy over the energy, FWHM")
    settle_s: float = Field(10.0, ge=0, description="Mirrors after a change of energy")
    step_ev: float = Field(100.0, ge=0, description="Changes up to this need no new place of the mirrors")
    step_s: float = Field(0.5, ge=0, description="To settle after such a small change")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        lowest_ev, highest_ev = self.energy_range_ev
        if lowest_ev < 4000 or highest_ev > 40000:
            raise ValueError(f"energy_range_ev is {lowest_ev:g} to {highest_ev:g}, it must lie within 4000 to 40000")
        if not self.gap_mm[0] > 0:
            raise ValueError(f"gap_mm begins at {self.gap_mm[0]:g}; the magnets touch at 0, give a positive gap")
        if self.gap_mm[1] > 1.5 * self.period_mm:
            raise ValueError(
                f"gap_mm ends at {self.gap_mm[1]:g}, the field is known to 1.5 periods ({1.5 * self.period_mm:g} mm)"
            )
        longest_a = 2 * self.spacing_a
        if not 12398.42 / self.energy_range_ev[0] < 0.99 * longest_a:
            raise ValueError(
                f"energy_range_ev begins at {self.energy_range_ev[0]:g}, "
                f"planes of {self.spacing_a:g} A reflect from {12398.42 / longest_a / 0.99:.0f} on"
            )
        return self


class ApertureSettings(BaseModel):
    """A round hole."""

    model_config = STRICT

    name: str = Field(min_length=1)
    size_um: float = Field(gt=0, description="Diameter")
    flux_frac: float = Field(gt=0, le=1, description="What it passes of the flux through the largest one")


class FilterSettings(BaseModel):
    """A foil that can be put into the beam."""

    model_config = STRICT

    thickness_um: float = Field(gt=0)
    material: Literal["Al", "Si"] = "Al"


_DOUBLING = tuple(FilterSettings(thickness_um=5.0 * 2**n, material="Al") for n in range(12))


class AttenuatorSettings(BaseModel):
    """The attenuator: exactly what is asked for, or the nearest that the foils give at the present energy."""

    model_config = STRICT

    kind: Literal["continuous", "filters"] = "continuous"
    filters: tuple[FilterSettings, ...] = Field(_DOUBLING, min_length=1, max_length=16, description="In or out each")


class SlitSettings(BaseModel):
    """The slits before the aperture; their gap is centred on the beam."""

    model_config = STRICT

    open_mm: float = Field(2.0, gt=0, description="Widest gap, and the gap at the start")
    speed_mm_s: float = Field(0.5, gt=0)


class FeedbackSettings(BaseModel):
    """The position of the beam, and the loop that keeps it. Zeros are a beam that never moves."""

    model_config = STRICT

    drift_um: float = Field(
        0.0, ge=0, le=1e6, description="What is left with the loop closed, rms per axis; 0.5 is usual"
    )
    jumps_per_h: float = Field(0.0, ge=0, le=600, description="Sudden shifts that the loop takes back; 1 is usual")
    jump_um: float = Field(3.0, ge=0, description="Their size, rms per axis")
    open_drift_um: float = Field(0.0, ge=0, le=1e6, description="Wander with the loop open, rms per axis; 5 is usual")
    kick_um_kev: float = Field(5.0, ge=0, description="Shift by a change of energy, per keV")
    time_constant_s: float = Field(2.0, gt=0, description="In which the loop takes a shift back")
    stable_um: float = Field(1.0, gt=0, description="The beam is called stable when it is nearer than this")
    settle_s: float = Field(10.0, ge=0, description="Beam must be there for this long to be called stable")


class DiodeSettings(BaseModel):
    """A silicon photodiode with its amplifier."""

    model_config = STRICT

    thickness_um: float = Field(300.0, gt=0, description="Of the silicon")
    dark_a: float = Field(1e-10, ge=0, description="Current without light")
    range_v: float = Field(10.0, gt=0, description="Highest voltage of the amplifier")
    gain: Literal["1e4", "1e5", "1e6", "1e7", "1e8", "1e9", "1e10"] = Field("1e4", description="At the start, V/A")


class BeamSettings(BaseModel):
    """The X-ray beam."""

    model_config = STRICT

    energy_ev: float = Field(12658.0, gt=0, description="At the start")
    flux_hz: float = Field(
        1e12, gt=0, le=1e16, description="Photons per second at the energy of the start, full ring, all apertures open"
    )
    flux_noise_frac: float = Field(0.0, ge=0, le=0.2, description="Noise of the flux within 1 ms, rms; 0.01 is usual")
    profile: Literal["gaussian", "top-hat"] = Field("gaussian", description="Of the beam at the sample")
    focus_um: tuple[float, float] = Field((70.0, 70.0), description="Beam before slits and aperture, FWHM")
    apertures: tuple[ApertureSettings, ...] = Field(
        (
            ApertureSettings(name="Small", size_um=20.0, flux_frac=0.07),
            ApertureSettings(name="Medium", size_um=50.0, flux_frac=0.39),
            ApertureSettings(name="Large", size_um=100.0, flux_frac=1.0),
        ),
        min_length=1,
        max_length=16,
        description="From small to large; the last one is in at the start",
    )
    axis_offset_um: float | None = Field(
        None, ge=-1000, le=1000, description="Beam below the omega axis; a few um by the seed when absent"
    )
    ring: RingSettings = Field(default_factory=lambda: RingSettings.model_validate({}))
    source: SourceSettings = Field(default_factory=lambda: SourceSettings.model_validate({}))
    attenuator: AttenuatorSettings = Field(default_factory=lambda: AttenuatorSettings.model_validate({}))
    slits: SlitSettings = Field(default_factory=lambda: SlitSettings.model_validate({}))
    feedback: FeedbackSettings = Field(default_factory=lambda: FeedbackSettings.model_validate({}))
    diode: DiodeSettings = Field(default_factory=lambda: DiodeSettings.model_validate({}))
    beamstop_s: float = Field(2.0, ge=0, description="Travel of the beamstop")
    beamstop_radius_mm: float = Field(0.45, gt=0, le=1.9, description="Of the beamstop, a disc")
    beamstop_distance_mm: float = Field(30.0, ge=5, le=1000, description="From the sample to the beamstop")

    @model_validator(mode="after")
    def _possible(self) -> Self:
        low, high = self.source.energy_range_ev
        if not low <= self.energy_ev <= high:
            raise ValueError(f"energy_ev is {self.energy_ev:g}, the source reaches {low:g} to {high:g}")
        if not all(1 <= size_um <= 10_000 for size_um in self.focus_um):
            raise ValueError(f"focus_um is {list(self.focus_um)}; give widths of 1 to 10000 um")
        sizes_um = [aperture.size_um for aperture in self.apertures]
        if sorted(sizes_um) != sizes_um:
            raise ValueError(
                f"apertures have {sizes_um} um; write them from small to large, the last is in at the start"
            )
        names = [aperture.name for aperture in self.apertures]
        if len(set(names)) < len(names):
            raise ValueError(f"apertures are {', '.join(names)}; each name can be there once")
        return self
