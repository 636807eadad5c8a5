"""What a beamline profile may say. Every quantity carries its unit in its name; unknown keys are refused."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from mxplans.geometry import GoniometerGeometry
from mxplans.model.storage import Storage
from mxplans.profile.sections import (
    Archive,
    Collection,
    DeviceEntry,
    Epics,
    Experiment,
    Limits,
    Lims,
    OpticalCentring,
    Section,
    Service,
    XrayCentring,
)
from mxplans.schedule.timing import Timing

FORMAT = "mxplans.profile/1"


class Profile(Section):
    """A beamline: what runs, where it answers, which devices play the roles, and how it works."""

    schema_: Literal["mxplans.profile/1"] = Field(alias="schema", description="Version of the format")
    include: tuple[str, ...] = Field(
        default=(),
        description="Files whose sections join those of this one, each by its path from this file's folder; what stands "
        "here goes before what they say",
    )
    name: str = Field(description="Of the beamline, for people and records")
    speed_up: float = Field(default=1.0, gt=0, description="Simulated seconds per second; 1 at a real beamline")
    services: dict[str, Service] = Field(default={}, description="Processes to start, in this order")
    epics: Epics = Field(default=Epics(), description="Where Channel Access looks")
    devices: dict[str, DeviceEntry] = Field(description="What plays each role")
    goniometer: GoniometerGeometry = Field(
        default=GoniometerGeometry(), description="Its axes as last calibrated, in the image frame"
    )
    experiment: Experiment = Field(description="For a sample that brings none of its own")
    optical: OpticalCentring = Field(description="How a loop is found with the on-axis viewer")
    xray: XrayCentring = Field(description="How a crystal is found with X-rays")
    collection: Collection = Field(description="How data are collected, where a sweep does not say")
    limits: Limits = Field(description="What the beamline can and may do, with detector, beam and apertures")
    timing: Timing = Field(default=Timing(), description="How long its parts take, for dry runs and for an order")
    storage: Storage = Field(default=Storage(), description="Where files go")
    archive: Archive | None = Field(default=None, description="Documents and frames in Tiled; none keeps no catalogue")
    lims: Lims = Field(default=Lims(), description="Where records go, and where samples come from")

    @model_validator(mode="after")
    def _apertures_are_those_of_the_limits(self) -> Self:
        """Every aperture that is named is there; that of sweeps that name none stands in `collection`, once."""
        known = self.limits.apertures
        for where, named in (("collection", self.collection.aperture), ("xray", self.xray.aperture)):
            if named not in known:
                raise ValueError(f"{where}.aperture: is {named!r}; allowed are {', '.join(known)}, of limits.apertures")
        if not self.limits.aperture:
            limits = self.limits.model_copy(update={"aperture": self.collection.aperture})
            object.__setattr__(self, "limits", limits)  # nobody has seen it yet
        return self

    @model_validator(mode="after")
    def _finder_wants_two_grids(self) -> Self:
        if "crystal_finder" in self.devices and (
            self.xray.strategy != "two grids" or self.xray.coarse_step_um is not None
        ):
            raise ValueError(
                f"xray: a crystal_finder looks at two whole grids; the strategy is {self.xray.strategy!r}, coarse_step_um "
                f"{self.xray.coarse_step_um}: use 'two grids' without coarse_step_um, or leave the crystal_finder out"
            )
        return self
