"""What is collected, how, and within which limits."""

from __future__ import annotations

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from mxplans.model.sweeps import Sweep
from mxplans.profile.sections.base import Section
from mxplans.schedule.limits import BeamlineLimits


class Experiment(Section):
    """What a sample without an experiment of its own gets."""

    strategy: str = Field(default="OSC", description="Name of the experiment's strategy, as MXLIMS has it")
    sweep: Sweep = Field(description="What is collected, and what stands for what a sample's own sweeps leave open")


class Collection(Section):
    """How data are collected."""

    aperture: str = Field(description="Of sweeps that name none: one of `limits.apertures`")
    distance_mm: float = Field(
        gt=0, description="Of the detector (mm), for sweeps that give neither it nor a resolution"
    )


class Limits(BeamlineLimits):
    """What nobody may ask for."""

    model_config = ConfigDict(hide_input_in_errors=True)

    aperture: str = Field(default="", description="Of sweeps that name none; left out, it is that of `collection`")
    centring_travel_mm: float = Field(default=3.0, gt=0, description="How far centring may move a sample (mm)")

    @model_validator(mode="after")
    def _has_its_aperture(self) -> Self:
        """One that is left out follows from another section, and is checked there."""
        if self.aperture and self.aperture not in self.apertures:
            raise ValueError(f"aperture is {self.aperture!r}; allowed are {', '.join(self.apertures)}")
        return self
