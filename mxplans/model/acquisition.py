"""What a plan asks of a goniometer and of a detector for one uninterrupted scan."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Vector = tuple[float, float, float]
SHORTEST_SPIN_DEG = 1.0


class Pose(BaseModel):
    """Positions of the goniometer's motors: x along omega (mm), y and z turning with it (mm), omega (deg)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    x_mm: float
    y_mm: float
    z_mm: float
    omega_deg: float

    @property
    def xyz_mm(self) -> Vector:
        """The three translations."""
        return (self.x_mm, self.y_mm, self.z_mm)


class ScanMotion(BaseModel):
    """A motion during which a detector is triggered once per image.

    During image k of a row the axes move from `start` + k steps to `start` + (k + 1) steps, at constant speed. A row
    begins `row_step_mm` from the one before; with `snake` every second row runs backwards. For a grid the centre of
    the first box is therefore half a step behind `start`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start: Pose
    step_mm: Vector = Field(default=(0.0, 0.0, 0.0), description="Translation per image, goniometer axes")
    step_omega_deg: float = Field(default=0.0, description="Rotation per image")
    images_per_row: int = Field(gt=0)
    rows: int = Field(default=1, gt=0)
    row_step_mm: Vector = (0.0, 0.0, 0.0)
    snake: bool = False
    exposure_s: float = Field(gt=0, description="Time per image")

    @property
    def number_images(self) -> int:
        """Images of the whole scan."""
        return self.images_per_row * self.rows

    @property
    def exposed_s(self) -> float:
        """Seconds with the shutter open."""
        return self.number_images * self.exposure_s


class Spin(BaseModel):
    """A turn of omega at constant speed, with nothing but a camera watching: from `start_deg` on by `sweep_deg`.

    Before and behind it the goniometer needs room to speed up and to slow down.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    start_deg: float = 0.0
    sweep_deg: float = Field(default=360.0, ge=-3600, le=3600, description="Negative turns backwards; at least 1 deg")
    speed_deg_s: float = Field(gt=0, le=3600, description="No faster; where the speed can be set, this speed")

    @model_validator(mode="after")
    def _turns(self) -> Self:
        if abs(self.sweep_deg) < SHORTEST_SPIN_DEG:
            raise ValueError(
                f"a spin of {self.sweep_deg:g} deg is asked for, the shortest is {SHORTEST_SPIN_DEG:g} deg; just move omega"
            )
        return self

    @property
    def end_deg(self) -> float:
        """Where the turn ends."""
        return self.start_deg + self.sweep_deg

    @property
    def sense(self) -> int:
        """1 or -1: which way it turns."""
        return 1 if self.sweep_deg > 0 else -1

    @property
    def duration_s(self) -> float:
        """Seconds of the turn itself, at the speed asked for."""
        return abs(self.sweep_deg) / self.speed_deg_s


class AcquisitionSettings(BaseModel):
    """What a detector must know before it is armed for one scan, or for several that go on from each other."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    number_images: int = Field(gt=0, description="Of each scan")
    number_scans: int = Field(default=1, gt=0, description="Scans in one armed series, each in files of its own")
    exposure_s: float = Field(gt=0)
    energy_ev: float = Field(gt=0)
    distance_mm: float = Field(gt=0)
    omega_start_deg: float = 0.0
    omega_increment_deg: float = 0.0
    directory: str = Field(description="Where the file writer puts the files, relative to the detector's data folder")
    prefix: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    trigger: Literal["external", "internal"] = "external"


class SampleLocation(BaseModel):
    """Where a pin stands in the sample changer: puck and position in it, both counted from 1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    puck: int = Field(gt=0)
    pin: int = Field(gt=0)


class SpotRequest(BaseModel):
    """Ask a spot finder for one armed series of the detector."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence_id: int = Field(gt=0)
    number_images: int = Field(gt=0)
    file_base: str | None = Field(
        default=None,
        description="Path of its files under the detector's data folder, in front of `_master.h5`, where it has files",
    )


class Spot(BaseModel):
    """One spot of one frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    x_px: float
    y_px: float
    intensity: float
    sigma: float
    d_a: float


class FrameSpots(BaseModel):
    """The spots of one frame; `image` counts from 1 within the series."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image: int = Field(gt=0)
    spots: tuple[Spot, ...] = ()
