"""A sweep as plans use it, and the way to the MXLIMS shape; `_requested` reads that. Units of both meet here only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mxplans.model._base import Uuid
from mxplans.model._requested import DISTANCE, FREE, GRIDS, POSITION, ROTATING, fields_of
from mxplans.model.experiments import CollectionSweep
from mxplans.model.extensions import DOMAIN, SweepExtension

__all__ = ["GRIDS", "ROTATING", "Position", "ScanKey", "Sweep", "SweepType"]

SweepType: TypeAlias = Literal["simple", "helical", "line", "mesh", "still"]
"""How the axes move: about omega; omega and the position together; along a row; over rows; not at all."""

ScanKey: TypeAlias = tuple[str, int, int]
"""What a scan is known by for ever: its sweep's uuid, its first image in it from 1, its number of images."""

_OF_GRIDS = {
    "number_lines": "numberLines of {}",
    "step_um": "a step of {:g} um",
    "line_step_um": "rows {:g} um apart",
    "vertical": "rows that are vertical",
    "snake": "snake of {}",
}
"""Fields that only a grid follows, and how they are told."""


class Position(BaseModel):
    """A place of the sample, as the goniometer's translations that put it into the beam (mm)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    x_mm: float = Field(ge=-100, le=100, description="Along omega")
    y_mm: float = Field(ge=-100, le=100, description="Down at omega 0")
    z_mm: float = Field(ge=-100, le=100, description="Along the beam at omega 0")

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

    uuid: Uuid | None = Field(default=None, description="None: it follows from the experiment's")
    role: str = Field(default="Result", description="Of its images, as MXLIMS has it")
    sweep_type: SweepType = Field(default="simple", description="How the axes move")
    omega_start_deg: float = Field(default=0.0, ge=-3600, le=3600, description="Of the first image")
    image_width_deg: float = Field(default=0.0, ge=0, le=10, description="0 where omega stands: grids and stills")
    number_images: int = Field(gt=0, le=1_000_000, description="Of all of it; of a grid, of all rows")
    exposure_s: float = Field(gt=0, le=3600, description="Per image")
    transmission_frac: float = Field(default=1.0, gt=0, le=1, description="Of the beam that attenuators let pass")
    energy_ev: float | None = Field(default=None, ge=1000, le=100_000, description="None: as it is")
    distance_mm: float | None = Field(
        default=None, ge=10, le=5000, description="None: the profile's, or of the resolution"
    )
    resolution_a: float | None = Field(
        default=None, ge=0.3, le=50, description="At the detector's edge, in place of a distance"
    )
    kappa_deg: float | None = Field(default=None, ge=-360, le=360, description="None: as it is")
    phi_deg: float | None = Field(default=None, ge=-3600, le=3600, description="None: as it is")
    chi_deg: float | None = Field(default=None, ge=-180, le=180, description="None: as it is")
    start: Position | None = Field(default=None, description="None: where the sample stands; a grid's is its centre")
    end: Position | None = Field(default=None, description="Helical: where the last image ends")
    number_lines: int = Field(default=1, gt=0, le=10_000, description="Rows of a grid")
    step_um: float | None = Field(default=None, gt=0, le=10_000, description="Grid: from box to box along a row")
    line_step_um: float | None = Field(default=None, gt=0, le=10_000, description="Grid: from row to row")
    vertical: bool = Field(default=False, description="Grid: rows run down the image instead of along omega")
    snake: bool = Field(default=True, description="Grid: every second row runs backwards")
    aperture: str | None = Field(default=None, min_length=1, max_length=64, description="None: the profile's")
    inverse: int = Field(default=0, ge=0, le=1, description="1: shows the Bijvoet mates of the sweep with 0")
    pass_number: int = Field(default=1, ge=1, le=10_000, description="Which time the same is measured")
    position: int | None = Field(default=None, ge=1, description="Which crystal or point of the sample")
    prefix: str = Field(
        default="sweep", pattern=r"^[A-Za-z0-9_-]+$", max_length=45, description="Of the names of its files"
    )

    @model_validator(mode="after")
    def _fits_its_type(self) -> Sweep:
        """What a type needs is there, and nothing that it would not follow."""
        if self.distance_mm is not None and self.resolution_a is not None:
            raise ValueError(
                f"detectorDistance is {self.distance_mm:g} mm and resolution {self.resolution_a:g} A; allowed is one of "
                "them, since the other follows from it: leave one out"
            )
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
        if self.sweep_type != "helical" and self.end is not None:
            raise ValueError(
                f"a {self.sweep_type} sweep ends at {self.end.xyz_mm} mm; allowed is axisPositionsEnd in a helical sweep "
                "only: leave it out, or ask for a helical sweep"
            )
        if self.sweep_type in GRIDS:
            self._check_grid()
        else:
            self._check_no_grid()
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

    def _check_no_grid(self) -> None:
        for field, words in _OF_GRIDS.items():
            value = getattr(self, field)
            if value != type(self).model_fields[field].default:
                raise ValueError(
                    f"a {self.sweep_type} sweep has {words.format(value)}; allowed in grids only: leave it out, or ask for "
                    "a line or a mesh"
                )

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
        """Read a requested sweep; what it leaves open is taken from `default`, as far as its type follows that.

        A distance that it gives stands in place of the default's resolution, and the other way round.

        Raises:
            InvalidMessage: If it asks for what no plan follows: an axis, a type, a beam size, a range of what is no grid;
                for half a position; or for boxes of two sizes.
            pydantic.ValidationError: If a value is out of bounds.
        """
        unsaid = (default.number_images, default.number_lines) if default else (1, 1)
        given = fields_of(sweep, *unsaid)
        return cls.model_validate(_left_open(default, given) | given)


def _left_open(default: Sweep | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a default adds to a sweep: nothing that the sweep's type does not follow or that it has decided otherwise."""
    kind = given["sweep_type"]
    pointless = {
        *(() if kind in ROTATING else ("image_width_deg",)),
        *(() if kind in GRIDS else _OF_GRIDS),
        *(() if kind == "helical" else ("end",)),
        *(("resolution_a",) if "distance_mm" in given else ()),
        *(("distance_mm",) if "resolution_a" in given else ()),
    }
    return default.model_dump(exclude=pointless) if default else {}


def _translations(position: Position) -> dict[str, float]:
    return {axis: getattr(position, field) for axis, field in POSITION.items()}


def _axes(sweep: Sweep) -> dict[str, float]:
    """Where the axes begin, by their MXLIMS names."""
    axes = {axis: getattr(sweep, field) for axis, field in FREE.items()}
    axes[DISTANCE] = sweep.distance_mm
    found = {axis: value for axis, value in axes.items() if value is not None}
    return found | (_translations(sweep.start) if sweep.start else {})
