"""What the server tells its renderers, and hears from them. Plain values that cross a pipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.settings.goniometer import GoniometerSettings
from mxplans_sim.world.burst import Burst

SINGLE_AXIS = GoniometerSettings.model_validate({})
SpotTable = npt.NDArray[np.float64]
"""Spots of a frame (n, 5): x, y (px), intensity, sigma (photons), d (A), strongest first."""


@dataclass(frozen=True)
class Series:
    """What a series is, from the moment it is armed.

    Attributes:
        number: Sequence id.
        images: Expected.
        name: File name without `_master.h5`, relative to the data folder; None writes no files.
        images_per_file: In one data file.
        compressed: Whether frames are compressed.
        panel: What is read out.
        physics: How crystals diffract.
        config: Values of the detector's configuration, for the headers.
        appendix: Of the stream's header, for the master file.
        seed: Of the noise.
        gonio: The goniometer, for the headers.
    """

    number: int
    images: int
    name: str | None
    images_per_file: int
    compressed: bool
    panel: Panel
    physics: DiffractionSettings
    config: Mapping[str, Any]
    appendix: str
    seed: int
    gonio: GoniometerSettings = SINGLE_AXIS


@dataclass(frozen=True)
class Render:
    """Draw the frames of a burst that has been exposed.

    Attributes:
        series: Which they belong to.
        first: Image number of the first frame, from 1.
        burst: The exposures.
        keep: Whether the renderer keeps the frames, because it is told to write them.
    """

    series: Series
    first: int
    burst: Burst
    keep: bool


@dataclass(frozen=True)
class Rendered:
    """Frames as they are stored, one chunk each, and what is found on them.

    Attributes:
        series: Sequence id.
        first: Image number of the first frame.
        spots: Of each frame.
        chunks: Empty when the renderer keeps them.
        last: The chunk of the last frame.
    """

    series: int
    first: int
    spots: list[SpotTable]
    chunks: list[bytes]
    last: bytes


@dataclass(frozen=True)
class Write:
    """Append frames to the files of a series.

    Attributes:
        series: Which.
        first: Image number of the first frame; those that were kept go by it.
        chunks: The frames; None for those that were kept.
        lost: So many of them, at the end, get lost.
    """

    series: Series
    first: int
    chunks: list[bytes] | None
    lost: int = 0


@dataclass(frozen=True)
class Finish:
    """No more frames come: close the files of a series."""

    series: int


@dataclass(frozen=True)
class Wrote:
    """Files of a series that have been closed.

    Attributes:
        series: Sequence id.
        files: Their names, relative to the data folder.
        finished: Whether all of its files are closed.
        error: Why it is not on disk as a whole; empty when it is.
    """

    series: int
    files: list[str] = field(default_factory=list)
    finished: bool = False
    error: str = ""


@dataclass(frozen=True)
class Started:
    """A rendering process waits for its first message."""
