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

    name: Literal["omega", "kappa", "chi", "phi"]
    vector: Direction = Field(description="Positive angles turn right-handed about it")
    depends_on: str = Field(default=".", description="The axis that it stands on; . for the one on the floor")
    offset_mm: Vector = NOWHERE


class NxmxSettings(TargetSettings):
    """What no document says. All defaults are those of the virtual beamline: omega horizontal, an Eiger.

    Attributes:
        goniometer: As in the profile, as last calibrated; image frame.
        axes: Instead of it, for a goniometer that it has no words for (a vertical omega), from omega to the sample.
        fast: Direction in which columns of the detector count, McStas frame.
        slow: Direction in which rows count.
        beam_centre_from: What the detector counts its beam centre from, of its first pixel.
        instrument: Name; that of the beamline where it is None.
        instrument_short_name: Likewise.
        source: Name of the facility, as the PDB has it.
        source_short_name: Its acronym.
        time_zone: Of the beamline, as +01:00.
        sensor_material: Of the detector.
        sensor_thickness_um: Of the detector.
        readout_s: Dead time between two frames.
        bit_depth_readout: Of the detector's counters; that of the files where it is None.
        saturation_value: Largest count to be trusted; what the files can hold where it is None.
        polarisation_frac: Part of the beam whose electric field is horizontal.
        beam_profile: Of the beam at the sample.
    """

    goniometer: GoniometerGeometry = GoniometerGeometry()
    axes: tuple[RotationAxis, ...] = ()
    fast: Direction = (-1.0, 0.0, 0.0)
    slow: Direction = (0.0, -1.0, 0.0)
    beam_centre_from: Literal["corner", "centre"] = "centre"
    instrument: str | None = None
    instrument_short_name: str | None = None
    source: str = "Virtual beamline"
    source_short_name: str | None = None
    time_zone: str | None = Field(default=None, pattern=r"^[+-]\d\d:\d\d$")
    sensor_material: Literal["Si", "CdTe", "GaAs"] = "Si"
    sensor_thickness_um: float = Field(default=450.0, gt=0, le=10_000)
    readout_s: float = Field(default=1e-7, ge=0, lt=1)
    bit_depth_readout: int | None = Field(default=None, gt=0, le=64)
    saturation_value: int | None = Field(default=None, gt=0)
    polarisation_frac: float = Field(default=0.99, ge=0, le=1)
    beam_profile: Literal["Gaussian", "Airy", "top-hat", "rectangular"] = "Gaussian"

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
