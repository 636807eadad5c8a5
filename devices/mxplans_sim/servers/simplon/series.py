"""What the server tells its rendering process, and hears from it. Plain values that cross a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst

SpotTable = npt.NDArray[np.float64]
"""Spots of a frame (n, 5): x, y (px), intensity, sigma (photons), d (A), strongest first."""


@dataclass(frozen=True)
class OpenSeries:
    """A series has been armed.

    Attributes:
        series: Sequence id.
        number: Images expected.
        name: File name without `_master.h5`, relative to the data folder; None writes no files.
        images_per_file: In one data file.
        compressed: Whether frames are compressed.
        detector: The detector.
        config: Values of the detector's configuration, for the headers.
        seed: Of the noise.
    """

    series: int
    number: int
    name: str | None
    images_per_file: int
    compressed: bool
    detector: DetectorSettings
    config: dict[str, Any]
    seed: int


@dataclass(frozen=True)
class Expose:
    """Frames of a burst belong to the open series. Times are real seconds of `time.monotonic`.

    Attributes:
        series: Sequence id.
        first: Image number of the first frame, from 1.
        count: Frames to take.
        burst: The motion.
        begins_s: When the first frame begins.
        frame_s: Real duration of a frame.
    """

    series: int
    first: int
    count: int
    burst: Burst
    begins_s: float
    frame_s: float


@dataclass(frozen=True)
class StopSeries:
    """Frames that end later than `at_s` are not to be taken. May arrive in the middle of an exposure."""

    series: int
    at_s: float


@dataclass(frozen=True)
class CloseSeries:
    """No more frames come."""

    series: int


@dataclass(frozen=True)
class Idle:
    """The rendering process waits for its next message."""


@dataclass(frozen=True)
class Analysed:
    """Spots found on the next frames of a series, and the data files closed meanwhile."""

    series: int
    spots: list[SpotTable]
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Written:
    """All files of a series are closed; those not yet told of are named."""

    series: int
    files: list[str] = field(default_factory=list)
    error: str = ""
