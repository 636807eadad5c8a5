"""What a profile says of the NXmx files."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from mxplans.geometry.goniometer import GoniometerGeometry
from mxplans.model.acquisition import Vector
from mxplans_lims.delivery import TargetSettings
from mxplans_lims.nxmx.frame import NOWHERE, Axis, goniometer_axes


def _unit(vector: Vector) -> Vector:
    length = math.hypot(*vector)
    if abs(length - 1) > 0.01:  # written with two digits or more; a longer one is no direction
        raise ValueError(f"a vector of length {length:g}; a direction has length 1, write it like [-1, 0, 0]")
    x, y, z = vector
    return x / length, y / length, z / length


Direction = Annotated[Vector, AfterValidator(_unit)]


class RotationAxis(BaseModel):
    """An axis of rotation, McStas frame (z along the beam, y up)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: Literal["omega", "kappa", "chi", "phi"] = Field(description="Which axis it is")
    vector: Direction = Field(description="Positive angles turn right-handed about it")
    depends_on: str = Field(default=".", description="The axis that it stands on; . for the one on the floor")
    offset_mm: Vector = Field(default=NOWHERE, description="From the axis that it stands on, McStas frame")


class NxmxSettings(TargetSettings):
    """What no document says. All defaults are those of the virtual beamline: omega horizontal, an Eiger."""

    goniometer: GoniometerGeometry = Field(
        default=GoniometerGeometry(), description="As last calibrated, image frame; the profile's where it says nothing"
    )
    axes: tuple[RotationAxis, ...] = Field(
        default=(),
        description="Instead of goniometer, for one that it has no words for (a vertical omega), from omega to the sample",
    )
    fast: Direction = Field(
        default=(-1.0, 0.0, 0.0), description="Direction in which columns of the detector count, McStas frame"
    )
    slow: Direction = Field(default=(0.0, -1.0, 0.0), description="Direction in which its rows count, McStas frame")
    beam_centre_from: Literal["corner", "centre"] = Field(
        default="centre", description="What the detector counts its beam centre from, of its first pixel"
    )
    instrument: str | None = Field(default=None, description="Its name; None takes that of the beamline")
    instrument_short_name: str | None = Field(default=None, description="Its short name, likewise")
    source: str = Field(default="Virtual beamline", description="Name of the facility, as the PDB has it")
    source_short_name: str | None = Field(default=None, description="Acronym of the facility")
    time_zone: str | None = Field(default=None, pattern=r"^[+-]\d\d:\d\d$", description="Of the beamline, as +01:00")
    sensor_material: Literal["Si", "CdTe", "GaAs"] = Field(default="Si", description="Of the detector")
    sensor_thickness_um: float = Field(default=450.0, gt=0, le=10_000, description="Of the detector")
    readout_s: float = Field(default=1e-7, ge=0, lt=1, description="Dead time between two frames")
    bit_depth_readout: int | None = Field(
        default=None, gt=0, le=64, description="Of the detector's counters; None takes that of the files"
    )
    saturation_value: int | None = Field(
        default=None, gt=0, description="Largest count to be trusted; None takes what the files can hold"
    )
    polarisation_frac: float = Field(
        default=0.99, ge=0, le=1, description="Part of the beam whose electric field is horizontal"
    )
    beam_profile: Literal["Gaussian", "Airy", "top-hat", "rectangular"] = Field(
        default="Gaussian", description="Of the beam at the sample"
    )

    @model_validator(mode="after")
    def _a_chain(self) -> Self:
        """Each axis stands on the one before, omega on the floor."""
        for below, axis in zip((".", *(axis.name for axis in self.axes)), self.axes, strict=False):
            if axis.depends_on != below:
                raise ValueError(
                    f"axis {axis.name} depends on {axis.depends_on!r}; write the axes from omega, which depends on '.', "
                    f"to the sample: this one would depend on {below!r}"
                )
        if self.axes and self.axes[0].name != "omega":
            raise ValueError(
                f"the first axis is {self.axes[0].name}; sweeps are about omega, which stands on the floor"
            )
        return self

    @property
    def chain(self) -> tuple[Axis, ...]:
        """The goniometer's axes from the floor to the sample, McStas frame."""
        if not self.axes:
            return goniometer_axes(self.goniometer)
        return tuple(Axis(each.name, "rotation", each.vector, each.depends_on, each.offset_mm) for each in self.axes)
