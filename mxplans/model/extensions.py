"""What MXLIMS 0.6.13 has no field for: our one domain of extensions, for experiments and for sweeps.

Everything stands under `DOMAIN` in an object's `extensions`; the classes here are its schema.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from mxplans.model._base import MxlimsModel, MxlimsObject

DOMAIN = "mxplans.example.org"
"""Key of our extensions; MXLIMS wants a domain name with a dot."""

_ORDER = (
    "Which of the loops over scans is the slowest, which the fastest: g orientation, s scan (wedge), b beam energy, d "
    "detector position, i inverse beam. A letter that is left out does not alternate: its loop is slower than all that "
    "are named"
)
Order = Annotated[str, Field(pattern=r"^[gsbdi]{0,5}$")]


class Kind(StrEnum):
    """Kinds of experiment."""

    ROTATION = "rotation"
    MULTI_ORIENTATION = "multi_orientation"
    INVERSE_BEAM = "inverse_beam"
    MULTI_ENERGY = "multi_energy"
    HELICAL = "helical"
    MULTI_POSITION = "multi_position"
    DOSE_SLICED = "dose_sliced"
    LINE = "line"
    MESH = "mesh"
    XRAY_CENTRING = "xray_centring"
    CHARACTERISATION = "characterisation"
    STILLS = "stills"
    RASTER = "raster"
    ENERGY_SCAN = "energy_scan"
    XRF_SPECTRUM = "xrf_spectrum"
    OPTICAL_CENTRING = "optical_centring"
    LOAD = "load"
    UNLOAD = "unload"


class Centring(StrEnum):
    """How a sample is brought into the beam before its first scan."""

    NONE = "none"
    OPTICAL = "optical"
    XRAY = "xray"


Element = Annotated[str, Field(pattern=r"^[A-Z][a-z]?$", description="Symbol of a chemical element")]
Edge = Literal["K", "L1", "L2", "L3"]


class ExperimentExtension(MxlimsModel):
    """What our domain says of an `MxExperiment`."""

    kind: Kind = Field(
        default=Kind.ROTATION,
        description="Kind of experiment; left out: helical, stills, line or mesh where all sweeps are that, else rotation",
    )
    order: Order = Field(default="", description=_ORDER)
    wedge_images: int | None = Field(
        default=None, gt=0, le=100_000, description="Images of a scan; None takes each sweep in one scan"
    )
    centring: Centring | None = Field(
        default=None,
        description="How the sample comes into the beam first; None: with X-rays, unless positions are given",
    )
    element: Element | None = Field(default=None, description="Energy scan: the element whose edge is scanned")
    edge: Edge | None = Field(default=None, description="Energy scan: its absorption edge")
    count_time_s: float | None = Field(default=None, gt=0, le=3600, description="XRF spectrum: s of counting")
    dose_limit_mgy: float | None = Field(default=None, gt=0, description="Refuse more than this, MGy")
    mxcube: dict[str, Any] | None = Field(
        default=None, description="What an MXCuBE queue said that has no other place, by its path, for the way back"
    )


class SweepExtension(MxlimsModel):
    """What our domain says of a `CollectionSweep` that is asked for."""

    aperture: str | None = Field(
        default=None, min_length=1, max_length=64, description="Name of the aperture; None takes the profile's"
    )
    inverse: int = Field(default=0, ge=0, le=1, description="1 for the sweep that shows the Bijvoet mates of sweep 0")
    pass_number: int = Field(default=1, ge=1, le=10_000, description="Which pass over the same range, from 1")
    position: int | None = Field(default=None, ge=1, description="Which crystal or point of the sample, from 1")
    snake: bool = Field(default=True, description="Every second line of a grid runs backwards")


def experiment_extension(experiment: MxlimsObject) -> ExperimentExtension:
    """Our extension of an experiment; defaults where it has none.

    Raises:
        pydantic.ValidationError: If it does not follow the schema.
    """
    return ExperimentExtension.model_validate((experiment.extensions or {}).get(DOMAIN, {}))


def sweep_extension(sweep: MxlimsObject) -> SweepExtension:
    """Our extension of a requested sweep; defaults where it has none.

    Raises:
        pydantic.ValidationError: If it does not follow the schema.
    """
    return SweepExtension.model_validate((sweep.extensions or {}).get(DOMAIN, {}))
