"""What a plan asks of a goniometer and of a detector for one uninterrupted scan."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Vector = tuple[float, float, float]


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
