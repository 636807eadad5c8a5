"""The world file: what the virtual beamline is made of. Unknown keys are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

_STRICT = ConfigDict(frozen=True, extra="forbid")


class SettingsError(ValueError):
    """A world file or a shipment that cannot be used."""


class DetectorSettings(BaseModel):
    """The area detector. The beam centre is in the middle unless given; index = pixel centre."""

    model_config = _STRICT

    nx: int = Field(512, gt=0, description="Columns")
    ny: int = Field(512, gt=0, description="Rows")
    pixel_um: float = Field(150.0, gt=0, description="Edge of a pixel")
    beam_x_px: float = Field(0.0, description="Beam centre, column; half of nx - 1 when not given")
    beam_y_px: float = Field(0.0, description="Beam centre, row; half of ny - 1 when not given")
    psf_px: float = Field(0.8, gt=0, description="Standard deviation of a spot")
    background: float = Field(5.0, ge=0, description="Counts per pixel and second in the full beam")
    bit_depth: int = Field(32, description="Bits of a stored pixel: 16 or 32")
    frame_time_min_s: float = Field(0.004, gt=0, description="Shortest time of a frame")
    arm_s: float = Field(1.0, ge=0, description="Time to arm")

    @model_validator(mode="before")
    @classmethod
    def _centre(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        filled = dict(values)
        for centre, size in (("beam_x_px", "nx"), ("beam_y_px", "ny")):
            pixels = filled.get(size, 512)
            if centre not in filled and isinstance(pixels, int):
                filled[centre] = (pixels - 1) / 2
        return filled

    @model_validator(mode="after")
    def _depth(self) -> Self:
        if self.bit_depth not in (16, 32):
            raise ValueError(f"bit_depth is {self.bit_depth}, allowed are 16 and 32")
        return self


class TimingSettings(BaseModel):
    """How long things take, simulated seconds."""

    model_config = _STRICT

    robot_s: float = Field(25.0, ge=0, description="One load, from empty goniometer to pin mounted")
    unload_s: float = Field(10.0, ge=0, description="One unload")
    shutter_s: float = Field(0.06, ge=0)
    attenuator_s: float = Field(0.5, ge=0)
    backlight_s: float = Field(0.5, ge=0)
    aperture_s: float = Field(1.0, ge=0)
    zoom_s: float = Field(1.5, ge=0)
    camera_s: float = Field(0.01, ge=0, description="Exposure of the on-axis viewer")
    turn_around_s: float = Field(0.05, ge=0, description="From the end of a row to the start of the next")


class MotionSettings(BaseModel):
    """The goniometer's and the detector's motors: speeds, ramps (seconds to full speed), limits and encoders."""

    model_config = _STRICT

    omega_deg_s: float = Field(120.0, gt=0)
    omega_ramp_s: float = Field(0.3, gt=0)
    xyz_mm_s: float = Field(2.0, gt=0)
    xyz_ramp_s: float = Field(0.1, gt=0)
    xyz_travel_mm: float = Field(3.0, gt=0, description="Limits are plus and minus this")
    distance_mm_s: float = Field(20.0, gt=0)
    distance_ramp_s: float = Field(0.5, gt=0)
    distance_mm: tuple[float, float] = Field((80.0, 400.0), description="Limits of the detector distance")
    encoder_um: float = Field(0.0, ge=0, description="Noise of the translations' readbacks, standard deviation")
    encoder_deg: float = Field(0.0, ge=0, description="Noise of omega's readback, standard deviation")


class BeamSettings(BaseModel):
    """The X-ray beam."""

    model_config = _STRICT

    energy_ev: float = Field(12658.0, gt=0)
    flux_hz: float = Field(1e12, gt=0, description="Photons per second at full transmission through the Large aperture")
    ring_current_ma: float = Field(300.0, gt=0)
    ring_lifetime_h: float = Field(20.0, gt=0)
    axis_offset_um: float | None = Field(
        None, description="Beam below the omega axis; a few um by the seed when absent"
    )


class SampleTruth(BaseModel):
    """What the world knows about one sample, whatever the seed says."""

    model_config = _STRICT

    missing: bool = Field(False, description="No pin in that position of the puck")
    empty: bool = Field(False, description="A bare pin without loop")
    no_crystal: bool = Field(False, description="A loop with liquid, no crystal in it")
    no_diffraction: bool = Field(False, description="A crystal that does not diffract")
    crystals: int = Field(1, ge=1, le=4, description="Crystals in the loop")
    size_um: tuple[float, float, float] | None = Field(None, description="Edges of the crystals")
    d_min_a: float | None = Field(None, gt=0, description="Resolution limit")
    mosaicity_deg: float | None = Field(None, gt=0)


class WorldSettings(BaseModel):
    """The whole world file."""

    model_config = _STRICT

    seed: int = Field(1, ge=0)
    speed_up: float = Field(1.0, gt=0, description="Simulated seconds per real second")
    detector: DetectorSettings = Field(default_factory=lambda: DetectorSettings.model_validate({}))
    timing: TimingSettings = Field(default_factory=lambda: TimingSettings.model_validate({}))
    motion: MotionSettings = Field(default_factory=lambda: MotionSettings.model_validate({}))
    beam: BeamSettings = Field(default_factory=lambda: BeamSettings.model_validate({}))
    samples: dict[str, SampleTruth] = Field(default_factory=dict, description="Truth by sample name")


def load_world(path: Path, speed_up: float | None = None) -> WorldSettings:
    """Read a world file.

    Args:
        path: The file.
        speed_up: Goes before the file's own.

    Raises:
        SettingsError: If it is missing, not YAML, or has a key or value that is not allowed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; name a world file") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        return WorldSettings.model_validate(_with_speed_up({} if content is None else content, speed_up))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"{path} is not a world file: {faults}") from error


def _with_speed_up(content: Any, speed_up: float | None) -> Any:
    if speed_up is None or not isinstance(content, dict):
        return content
    return content | {"speed_up": speed_up}
