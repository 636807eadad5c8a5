"""Settings of a detector that speaks SIMPLON."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mxplans.model.device_settings import DeviceSettings, HttpUrl, Sign, TimeoutS


class SimplonSettings(DeviceSettings):
    """Settings of a `SimplonDetector`."""

    url: HttpUrl = Field(description="Address of the control unit")
    data_dir: Path = Field(description="The file writer's folder as seen from here")
    images_per_file: int | None = Field(
        default=None, ge=1, description="Most frames in one data file; None makes one file for each series"
    )
    readout_s: float = Field(default=1e-7, ge=0, lt=1, description="Dead time between two frames")
    omega_sign: Sign = Field(
        default=1, description="-1 where positive omega of the motor is left-handed about the axis that we call omega's"
    )
    http_timeout_s: TimeoutS = Field(default=10.0, description="Real seconds to wait for a plain answer")
    prepare_timeout_s: TimeoutS = Field(
        default=120.0, description="Real seconds until setting, initialising and arming have failed"
    )
    complete_timeout_s: TimeoutS = Field(
        default=120.0, description="Real seconds beyond the exposures until all frames must be on disk"
    )
