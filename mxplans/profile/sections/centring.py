"""How a sample comes into the beam: with the on-axis viewer, then with X-rays."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from mxplans.model.detection import PinSide
from mxplans.profile.sections.base import Section


class OpticalCentring(Section):
    """How a loop is found with the on-axis viewer."""

    zoom: str = Field(description="Level of the viewer that shows the whole loop")
    fine_zoom: str | None = Field(default=None, description="Level at which the centre is confirmed; the same if none")
    pin_side: PinSide = Field(default=PinSide.RIGHT, description="Side of the image at which pins enter")
    turn: Literal["continuous", "steps"] = Field(
        default="continuous", description="How it is seen from all sides: in one turn, or stopping for each image"
    )
    steps: int = Field(default=12, ge=6, le=72, description="Images over a full turn in steps")
    spin_deg: float = Field(
        default=260.0, ge=180, le=720, description="Turn (deg) in which the loop is seen from all sides"
    )
    spin_speed_deg_s: float = Field(default=120.0, gt=0, le=3600, description="Speed of that turn (deg/s)")
    frames_per_turn: int = Field(default=36, ge=8, le=360, description="Images on 360 deg of it")
    search_step_mm: float = Field(
        default=0.5, gt=0, le=5, description="Step along omega (mm), while nothing is to be seen"
    )
    search_steps: int = Field(default=3, ge=0, le=10, description="How many such steps to each side")
    spins_most: int = Field(
        default=3, ge=1, le=10, description="A loop that leaves the image is moved in and seen again, this often"
    )
    neck_range_mm: tuple[float, float] = Field(
        default=(-0.6, 0.6),
        description="Where loops of well-made pins end (mm), from where they should; negative: too long",
    )
    bend_max_deg: float = Field(default=25.0, gt=0, le=90, description="Between pin and omega axis (deg)")
    opaque_max_frac: float = Field(default=0.6, gt=0, le=1, description="Part of the loop beyond which it is iced")
    hull_views: int = Field(default=18, ge=0, le=72, description="Silhouettes for the model of the loop; 0 makes none")
    centre_on: Literal["loop", "crystal"] = Field(
        default="loop",
        description="What comes into the beam: the loop's middle, or the crystal where most views show one",
    )


class PinPositions(Section):
    """Where the positions of multi-position pins are; where nothing says so, evenly over the loop."""

    spacing_mm: float = Field(gt=0, le=5, description="From position to position (mm)")
    tip_mm: float = Field(ge=0, le=5, description="From the loop's tip to the middle of the last position (mm)")
    reach_mm: float | None = Field(
        default=None,
        gt=0,
        description="How far from its middle (mm) a crystal belongs to a position; none: half of the spacing",
    )
    number: int | None = Field(default=None, ge=1, le=100, description="Of a pin whose MultiPin is not told")


class XrayCentring(Section):
    """How a crystal is found with X-rays."""

    strategy: Literal["two grids", "grid and line"] = Field(
        default="two grids",
        description="After the flat face: the whole edge, or only where the first grid shows crystals",
    )
    third_view: bool = Field(default=True, description="Half way between both when they can be paired in several ways")
    step_um: float = Field(default=20.0, gt=0, description="From box to box of a grid (um)")
    coarse_step_um: float | None = Field(
        default=None,
        gt=0,
        description="Of first grids (um); then `step_um` is that of finer ones around what they show",
    )
    refined_most: int = Field(default=8, ge=1, le=100, description="Crystals that get finer grids, the best first")
    extensions_most: int = Field(default=2, ge=0, le=10, description="How often grids grow whose edge cuts a crystal")
    crystals_most: int | None = Field(
        default=None, ge=1, description="Kept to be collected from, of each position of a pin; none keeps all"
    )
    pin_positions: PinPositions | None = Field(
        default=None, description="Of multi-position pins; none: their positions are evenly over the loop"
    )
    exposure_s: float = Field(default=0.01, gt=0, description="Per image (s)")
    transmission_frac: float = Field(default=0.2, gt=0, le=1, description="Part of the beam that attenuators let pass")
    aperture: str = Field(description="One of `limits.apertures`")
    margin_um: float = Field(default=40.0, ge=0, description="Added around the loop on each side of a grid (um)")
    grid_min_um: float = Field(default=120.0, gt=0, description="No grid is narrower or lower (um)")
    grid_max_um: float = Field(default=1200.0, gt=0, description="No grid is wider or higher (um)")
    significance_min: float = Field(default=5.0, gt=0, description="Least score over noise that makes a crystal")
    spots_timeout_s: float = Field(default=120.0, gt=0, description="For the spots of a grid (s)")
    crystals_timeout_s: float = Field(default=240.0, gt=0, description="For the answer of a `crystal_finder` (s)")

    @model_validator(mode="after")
    def _coarse_is_coarser(self) -> Self:
        if self.coarse_step_um is not None and self.coarse_step_um <= self.step_um:
            raise ValueError(
                f"coarse_step_um is {self.coarse_step_um:g} um, step_um {self.step_um:g} um; allowed is a larger one: "
                "leave it out to scan once"
            )
        return self
