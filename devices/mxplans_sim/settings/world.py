"""The world file: what the virtual beamline is made of. Unknown keys are errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from mxplans_sim.settings.analysis import MurkoSettings, ZocaloSettings
from mxplans_sim.settings.base import STRICT, SettingsError
from mxplans_sim.settings.beam import BeamSettings
from mxplans_sim.settings.camera import CameraSettings, side_camera
from mxplans_sim.settings.detector import DetectorSettings
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.settings.diffractometer import DiffractometerSettings, IsaraSettings
from mxplans_sim.settings.environment import EnvironmentSettings
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.settings.motion import MotionSettings
from mxplans_sim.settings.samples import PlateSettings, SampleMix, SampleTruth
from mxplans_sim.settings.timing import TimingSettings

ServerName = Literal["epics", "simplon", "exporter", "isara", "camera", "murko", "zocalo", "work_source"]


class WorldSettings(BaseModel):
    """The whole world file."""

    model_config = STRICT

    seed: int = Field(1, ge=0)
    speed_up: float = Field(1.0, gt=0, le=1e6, description="Simulated seconds per real second")
    detector: DetectorSettings = Field(default_factory=lambda: DetectorSettings.model_validate({}))
    timing: TimingSettings = Field(default_factory=lambda: TimingSettings.model_validate({}))
    motion: MotionSettings = Field(default_factory=lambda: MotionSettings.model_validate({}))
    goniometer: GoniometerSettings = Field(default_factory=lambda: GoniometerSettings.model_validate({}))
    camera: CameraSettings = Field(default_factory=lambda: CameraSettings.model_validate({}))
    side_camera: CameraSettings = Field(default_factory=side_camera)
    beam: BeamSettings = Field(default_factory=lambda: BeamSettings.model_validate({}))
    environment: EnvironmentSettings = Field(default_factory=lambda: EnvironmentSettings.model_validate({}))
    diffraction: DiffractionSettings = Field(default_factory=lambda: DiffractionSettings.model_validate({}))
    diffractometer: DiffractometerSettings = Field(default_factory=lambda: DiffractometerSettings.model_validate({}))
    isara: IsaraSettings = Field(default_factory=lambda: IsaraSettings.model_validate({}))
    murko: MurkoSettings = Field(default_factory=lambda: MurkoSettings.model_validate({}))
    zocalo: ZocaloSettings = Field(default_factory=lambda: ZocaloSettings.model_validate({}))
    servers: tuple[ServerName, ...] = Field(("epics", "simplon"), min_length=1, description="What is served")
    faults: tuple[dict[str, Any], ...] = Field((), description="Rules, as in a scenario file")
    proxies: dict[str, str] = Field(
        default_factory=dict, description="Proxies for network faults, by name: HOST:PORT, or a server of this beamline"
    )
    work: tuple[dict[str, Any], ...] = Field((), description="Instructions of the work source, in their order")
    mix: SampleMix = Field(default_factory=lambda: SampleMix.model_validate({}))
    plate: PlateSettings | None = Field(None, description="A plate on the goniometer, instead of pins")
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
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A ValueError comes from what looks like a number, a date or a text and is none.
        raise SettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    try:
        return WorldSettings.model_validate(_with_speed_up({} if content is None else content, speed_up))
    except ValidationError as error:
        raise SettingsError(f"{path} is not a world file: {'; '.join(map(_told, error.errors()))}") from error


def _told(error: ErrorDetails) -> str:
    """Key, what is allowed, and what was there when the message does not say so itself."""
    key = ".".join(map(str, error["loc"])) or "file"
    told = "" if error["type"] in ("value_error", "extra_forbidden", "missing") else f", not {error['input']!r:.60}"
    return f"{key}: {error['msg']}{told}"


def _with_speed_up(content: Any, speed_up: float | None) -> Any:
    if speed_up is None or not isinstance(content, dict):
        return content
    return content | {"speed_up": speed_up}
