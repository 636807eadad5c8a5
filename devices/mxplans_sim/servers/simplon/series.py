"""What the server tells its rendering process, and hears from it. Plain values that cross a pipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst


@dataclass(frozen=True)
class OpenSeries:
    """A series has been armed.

    Attributes:
        series: Sequence id.
        number: Images expected.
        name: File name without `_master.h5`, relative to the data folder; None writes no files.
        images_per_file: In one data file.
        detector: The detector.
        config: Values of the detector's configuration, for the headers.
        seed: Of the noise.
    """

    series: int
    number: int
    name: str | None
    images_per_file: int
    detector: DetectorSettings
    config: dict[str, Any]
    seed: int


@dataclass(frozen=True)
class Expose:
    """Frames of a burst belong to the open series; `first` counts from 1."""

    series: int
    first: int
    count: int
    burst: Burst


@dataclass(frozen=True)
class CloseSeries:
    """No more frames come."""

    series: int


@dataclass(frozen=True)
class Analysed:
    """Spots found on frames, in order, beginning with image `first`."""

    series: int
    first: int
    spots: list[list[tuple[float, float, float, float, float]]]


@dataclass(frozen=True)
class Written:
    """All files of a series are closed."""

    series: int
    files: list[str] = field(default_factory=list)
    error: str = ""
