"""A sweep as plans use it, and the way from and to the MXLIMS shape: the one place where these units meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mxplans.errors import InvalidMessage
from mxplans.model._base import Uuid
from mxplans.model.experiments import CollectionSweep
from mxplans.model.extensions import DOMAIN, SweepExtension, sweep_extension

SweepType: TypeAlias = Literal["simple", "helical", "line", "mesh", "still"]
"""How the axes move: about omega; omega and the position together; along a row; over rows; not at all."""

ScanKey: TypeAlias = tuple[str, int, int]
"""What a scan is known by for ever: its sweep's uuid, its first image in it from 1, its number of images."""

ROTATING = ("simple", "helical")
GRIDS = ("line", "mesh")
_FREE: dict[str, str] = {"omega": "omega_start_deg", "kappa": "kappa_deg", "phi": "phi_deg", "chi": "chi_deg"}
_POSITION = {"sampleX": "x_mm", "sampleY": "y_mm", "sampleZ": "z_mm"}
_DISTANCE = "detectorDistance"
_NOT_FOLLOWED = {
    "overlap": "ask for a sweep for each wedge",
    "number_triggers": "ask for wedges (wedgeImages of the experiment's extension)",
    "number_images_per_trigger": "ask for wedges (wedgeImages of the experiment's extension)",
    "detector_roi_mode": "leave it to the beamline",
    "detector_binning_mode": "leave it to the beamline",
    "beam_shape": "name an aperture in the sweep's extension",
    "beam_size": "name an aperture in the sweep's extension",
    "scans": "ask for a sweep for each, or for wedges (wedgeImages of the experiment's extension)",
    "filename_template": "give a prefix",
}
"""What MXLIMS can say of a sweep and no plan follows yet, and what to ask for instead."""


class Position(BaseModel):
    """A place of the sample, as the goniometer's translations that put it into the beam (mm)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    x_mm: float = Field(ge=-100, le=100)
    y_mm: float = Field(ge=-100, le=100)
    z_mm: float = Field(ge=-100, le=100)

    @property
    def xyz_mm(self) -> tuple[float, float, float]:
        """The three translations."""
        return (self.x_mm, self.y_mm, self.z_mm)


class Sweep(BaseModel):
    """Images of equal width, one after the other. Their number is what was asked; a total follows from it.

    What is None stays as it is (orientation, position, energy) or is the profile's (aperture, distance).

    >>> Sweep(number_images=3, image_width_deg=0.1, exposure_s=0.02).width_deg
    0.30000000000000004
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    uuid: Uuid | None = None
    role: str = "Result"
    sweep_type: SweepType = "simple"
    omega_start_deg: float = Field(default=0.0, ge=-3600, le=3600)
    image_width_deg: float = Field(default=0.0, ge=0, le=10, description="0 where omega stands: grids and stills")
    number_images: int = Field(gt=0, le=1_000_000)
    exposure_s: float = Field(gt=0, le=3600, description="Per image")
    transmission_frac: float = Field(default=1.0, gt=0, le=1)
    energy_ev: float | None = Field(default=None, ge=1000, le=100_000)
    distance_mm: float | None = Field(default=None, ge=10, le=5000)
    resolution_a: float | None = Field(default=None, ge=0.3, le=50)
    kappa_deg: float | None = Field(default=None, ge=-360, le=360)
    phi_deg: float | None = Field(default=None, ge=-3600, le=3600)
    chi_deg: float | None = Field(default=None, ge=-180, le=180)
    start: Position | None = Field(default=None, description="None: where the sample stands; a grid's is its centre")
    end: Position | None = Field(default=None, description="Helical: where the last image ends")
    number_lines: int = Field(default=1, gt=0, le=10_000, description="Rows of a grid")
    step_um: float | None = Field(default=None, gt=0, le=10_000, description="Grid: from box to box along a row")
    line_step_um: float | None = Field(default=None, gt=0, le=10_000, description="Grid: from row to row")
    vertical: bool = Field(default=False, description="Grid: rows run down the image instead of along omega")
    snake: bool = Field(default=True, description="Grid: every second row runs backwards")
    aperture: str | None = Field(default=None, min_length=1, max_length=64)
    inverse: int = Field(default=0, ge=0, le=1, description="1: shows the Bijvoet mates of the sweep with 0")
    pass_number: int = Field(default=1, ge=1, le=10_000)
    position: int | None = Field(default=None, ge=1, description="Which crystal or point of the sample")
    prefix: str = Field(default="sweep", pattern=r"^[A-Za-z0-9_-]+$", max_length=45)

    @model_validator(mode="after")
    def _fits_its_type(self) -> Sweep:
        """What a type needs is there."""
        if self.sweep_type in ROTATING and not self.image_width_deg:
            raise ValueError(f"a {self.sweep_type} sweep has images of 0 deg; give imageWidth, more than 0 deg")
        if self.sweep_type not in ROTATING and self.image_width_deg:
            raise ValueError(
                f"a {self.sweep_type} sweep has images of {self.image_width_deg:g} deg; omega stands still in it: use simple"
            )
        if self.sweep_type == "helical" and (self.start is None or self.end is None):
            raise ValueError(
                "a helical sweep goes from one point to another; give sampleX, sampleY and sampleZ in "
                "axisPositionsStart and in axisPositionsEnd"
            )
        if self.sweep_type in GRIDS:
            self._check_grid()
        return self

    def _check_grid(self) -> None:
        if self.step_um is None or (self.number_lines > 1 and self.line_step_um is None):
            raise ValueError(f"a {self.sweep_type} sweep needs meshRange, mm, both more than 0")
        if self.number_images % self.number_lines:
            raise ValueError(
                f"{self.number_images} images in {self.number_lines} lines; numberLines must divide numberImages"
            )
        if self.sweep_type == "line" and self.number_lines != 1:
            raise ValueError(f"a line sweep has {self.number_lines} lines; allowed is 1: ask for a mesh")

    @property
    def width_deg(self) -> float:
        """Rotation from the first image's start to the last one's end."""
        return self.number_images * self.image_width_deg

    @property
    def speed_deg_s(self) -> float:
        """Omega's speed during the images."""
        return self.image_width_deg / self.exposure_s

    @property
    def images_per_line(self) -> int:
        """Boxes of a row of a grid; of anything else all images."""
        return self.number_images // self.number_lines

    @property
    def orientation(self) -> tuple[float | None, float | None, float | None]:
        """Kappa, phi and chi (deg)."""
        return (self.kappa_deg, self.phi_deg, self.chi_deg)

    def start_of(self, first_image: int) -> float:
        """Where omega stands when an image begins (deg); images count from 1.

        >>> Sweep(number_images=3600, image_width_deg=0.1, exposure_s=0.1, omega_start_deg=10).start_of(3601)
        370.0
        """
        return self.omega_start_deg + (first_image - 1) * self.image_width_deg

    def to_mxlims(self) -> CollectionSweep:
        """The requested sweep as MXLIMS writes it."""
        grid = self.sweep_type in GRIDS
        range_mm = None
        if grid and self.step_um is not None:
            along = self.images_per_line * self.step_um / 1000
            across = self.number_lines * (self.line_step_um or self.step_um) / 1000
            range_mm = (across, along) if self.vertical else (along, across)
        said = SweepExtension(
            aperture=self.aperture,
            inverse=self.inverse,
            pass_number=self.pass_number,
            position=self.position,
            snake=self.snake,
        ).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return CollectionSweep(
            uuid=self.uuid,
            role=self.role,
            sweep_type=self.sweep_type,
            scan_axis=("vertical" if self.vertical else "horizontal") if grid else "omega",
            exposure_time=self.exposure_s,
            image_width=(self.step_um or 0) / 1000 if grid else self.image_width_deg or None,
            number_images=self.number_images,
            number_lines=self.number_lines if grid else None,
            mesh_range=range_mm,
            energy=self.energy_ev,
            transmission=self.transmission_frac * 100,
            resolution=self.resolution_a,
            axis_positions_start=_axes(self),
            axis_positions_end=None if self.end is None else _translations(self.end),
            prefix=self.prefix,
            extensions={DOMAIN: said} if said else None,
        )

    @classmethod
    def from_mxlims(cls, sweep: CollectionSweep, default: Sweep | None = None) -> Sweep:
        """Read a requested sweep; what it leaves open is taken from `default`.

        Raises:
            InvalidMessage: If it asks for what no plan follows: an axis, a type, a beam size; or for half a position.
            pydantic.ValidationError: If a value is out of bounds.
        """
        kind = sweep.sweep_type or "simple"
        axes = ("omega",) if kind not in GRIDS else ("horizontal", "vertical")
        if kind not in (*ROTATING, *GRIDS, "still") or sweep.scan_axis not in axes:
            raise InvalidMessage(
                f"sweep {sweep.uuid or sweep.prefix} is a {kind} sweep along {sweep.scan_axis}; allowed are simple, helical "
                "and still along omega, line and mesh along horizontal or vertical: change scanAxis and sweepType"
            )
        _check_followed(sweep)
        asked: dict[str, Any] = {
            "uuid": sweep.uuid,
            "role": sweep.role,
            "sweep_type": kind,
            "exposure_s": sweep.exposure_time,
            "number_images": sweep.number_images,
            "energy_ev": sweep.energy,
            "transmission_frac": None if sweep.transmission is None else sweep.transmission / 100,
            "resolution_a": sweep.resolution,
            "prefix": sweep.prefix,
            **sweep_extension(sweep).model_dump(exclude_unset=True),
            **_positions(sweep),
            **(
                _grid(sweep, sweep.number_images or (default.number_images if default else 1))
                if kind in GRIDS
                else {"image_width_deg": sweep.image_width}
            ),
        }
        base = default.model_dump() if default else {}
        if kind not in ROTATING:
            base.pop("image_width_deg", None)
        return cls.model_validate(base | {key: value for key, value in asked.items() if value is not None})


def _check_followed(sweep: CollectionSweep) -> None:
    """Nothing that is asked for is passed over in silence."""
    for field, instead in _NOT_FOLLOWED.items():
        if getattr(sweep, field):
            alias = type(sweep).model_fields[field].alias
            raise InvalidMessage(
                f"sweep {sweep.uuid or sweep.prefix} gives {alias}, which no plan follows; leave it out: {instead}"
            )


def _translations(position: Position) -> dict[str, float]:
    return {axis: getattr(position, field) for axis, field in _POSITION.items()}


def _axes(sweep: Sweep) -> dict[str, float]:
    """Where the axes begin, by their MXLIMS names."""
    axes = {axis: getattr(sweep, field) for axis, field in _FREE.items()}
    axes[_DISTANCE] = sweep.distance_mm
    found = {axis: value for axis, value in axes.items() if value is not None}
    return found | (_translations(sweep.start) if sweep.start else {})


def _positions(sweep: CollectionSweep) -> dict[str, Any]:
    start, end = sweep.axis_positions_start or {}, sweep.axis_positions_end or {}
    unknown = (set(start) - {*_FREE, *_POSITION, _DISTANCE}) | (set(end) - set(_POSITION))
    if unknown:
        raise InvalidMessage(
            f"sweep {sweep.uuid or sweep.prefix} gives a position of {', '.join(sorted(unknown))}; allowed are "
            f"{', '.join((*_FREE, *_POSITION, _DISTANCE))} at its start and {', '.join(_POSITION)} at its end"
        )
    found: dict[str, Any] = {field: start[axis] for axis, field in _FREE.items() if axis in start}
    found["distance_mm"] = start.get(_DISTANCE)
    return found | {"start": _place(sweep, start), "end": _place(sweep, end)}


def _place(sweep: CollectionSweep, positions: Mapping[str, float]) -> dict[str, float] | None:
    given = {field: positions[axis] for axis, field in _POSITION.items() if axis in positions}
    if given and len(given) < len(_POSITION):
        raise InvalidMessage(
            f"sweep {sweep.uuid or sweep.prefix} gives {', '.join(axis for axis in _POSITION if axis in positions)} only; "
            f"a place needs {', '.join(_POSITION)}"
        )
    return given or None


def _grid(sweep: CollectionSweep, number_images: int) -> dict[str, Any]:
    """Steps from ranges and counts; a range covers whole boxes."""
    lines = sweep.number_lines or 1
    vertical = sweep.scan_axis == "vertical"
    found: dict[str, Any] = {"number_lines": lines, "vertical": vertical}
    if sweep.mesh_range is not None:
        along_mm, across_mm = reversed(sweep.mesh_range) if vertical else sweep.mesh_range
        per_line = max(1, number_images // lines)
        found |= {"step_um": along_mm * 1000 / per_line, "line_step_um": across_mm * 1000 / lines}
    elif sweep.image_width is not None:
        found |= {"step_um": sweep.image_width * 1000}
    return found
