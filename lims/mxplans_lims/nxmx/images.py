"""The images of an executed sweep in their order, whatever was taken in between: which file holds each, and its angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_lims.records import GridRecord, ScanRecord

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
NOT_TAKEN = -1


@dataclass(frozen=True)
class Source:
    """Images that stand one after the other in a file.

    Attributes:
        path: The file.
        dataset: In it.
        begin: Index of the first of them there.
        number: How many.
        first: Index of the first of them among the images of the sweep.
    """

    path: str
    dataset: str
    begin: int
    number: int
    first: int


@dataclass(frozen=True)
class Ramp:
    """Angles (deg) at the beginning of images that follow each other: start, start + step ..."""

    start_deg: float
    step_deg: float
    number: int


@dataclass(frozen=True)
class Images:
    """Images from the first that was taken to the last, (n,).

    One that is missing between others has its place and the angle that it would have had, so that the angle of an image
    follows from its number; programs that process sweeps take that for granted.

    Attributes:
        number: n.
        taken: How many of them exist.
        sources: Where they are.
        ramps: Omega of all of them.
    """

    number: int
    taken: int
    sources: tuple[Source, ...]
    ramps: tuple[Ramp, ...]


def in_order(scans: Sequence[ScanRecord]) -> Images:
    """Put the images of scans of one sweep in order. An image that was taken twice is the later one.

    Args:
        scans: In the order of time; one at least has a frame.
    """
    places = [int(scan.scan["firstImageNumber"]) for scan in scans]
    lowest = min(places)
    number = max(place + scan.frames for place, scan in zip(places, scans, strict=True)) - lowest
    file, index, turn = (np.full(number, NOT_TAKEN, dtype=np.int64) for _ in range(3))
    files: list[tuple[str, str]] = []
    for which, (place, scan) in enumerate(zip(places, scans, strict=True)):
        at = place - lowest
        turn[at : at + scan.frames] = which
        for each in scan.files:
            file[at : at + each.frames] = len(files)
            index[at : at + each.frames] = np.arange(each.frames)
            files.append((each.path, each.dataset))
            at += each.frames
    ramps = _ramps(turn, scans, [place - lowest for place in places])
    return Images(number, int(np.count_nonzero(file != NOT_TAKEN)), _sources(file, index, files), ramps)


def _sources(file: Ints, index: Ints, files: Sequence[tuple[str, str]]) -> tuple[Source, ...]:
    """Runs of images that follow each other in one file."""
    broken = (np.diff(file) != 0) | (np.diff(index) != 1)
    begins = [0, *(np.flatnonzero(broken) + 1).tolist()]
    ends = [*begins[1:], len(file)]
    return tuple(
        Source(files[file[first]][0], files[file[first]][1], int(index[first]), end - first, first)
        for first, end in zip(begins, ends, strict=True)
        if file[first] != NOT_TAKEN
    )


def _ramps(turn: Ints, scans: Sequence[ScanRecord], places: Sequence[int]) -> tuple[Ramp, ...]:
    """A ramp for each run of images of one scan; a missing image is a further one of the scan before it."""
    known = np.maximum.accumulate(np.where(turn == NOT_TAKEN, 0, np.arange(len(turn))))
    of = turn[known]
    begins = [0, *(np.flatnonzero(np.diff(of)) + 1).tolist()]
    ends = [*begins[1:], len(of)]
    found = []
    for first, end in zip(begins, ends, strict=True):
        start_deg, step_deg = _turning(scans[of[first]])
        found.append(Ramp(start_deg + (first - places[of[first]]) * step_deg, step_deg, end - first))
    return tuple(found)


def _turning(scan: ScanRecord) -> tuple[float, float]:
    """Omega at the beginning of a scan and per image: the step that the detector says, if it says one."""
    if isinstance(scan, GridRecord):
        return float(scan.centre["omega_deg"]), 0.0
    start = scan.scan.get("scanPositionStart")
    start_deg = float(start if start is not None else scan.measured.omega_deg or 0.0)
    asked_deg = float(scan.sweep.get("imageWidth") or 0.0)
    return start_deg, scan.detector.omega_increment_deg or asked_deg


def angles_deg(ramps: Sequence[Ramp]) -> tuple[Floats, Floats]:
    """Omega at the beginning and at the end of each image, (n,) each.

    >>> [angles.tolist() for angles in angles_deg([Ramp(10.0, 0.5, 2), Ramp(90.0, 0.5, 1)])]
    [[10.0, 10.5, 90.0], [10.5, 11.0, 90.5]]
    """
    begins = np.concatenate([ramp.start_deg + ramp.step_deg * np.arange(ramp.number) for ramp in ramps])
    return begins, begins + np.concatenate([np.full(ramp.number, ramp.step_deg) for ramp in ramps])
