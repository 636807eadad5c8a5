"""Sweeps as they were executed: the scans that belong together, whatever was taken in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from mxplans_lims.names import made_uuid
from mxplans_lims.records import DetectorFacts, ExitStatus, GridRecord, Measured, SampleRecord, ScanRecord

_WORST_FIRST: tuple[ExitStatus, ...] = ("running", "unfinished", "fail", "abort", "success")
_GAP_DEG = 1e-6
"""Scans that follow one another leave no gap but that of their arithmetic."""


@dataclass(frozen=True)
class ExecutedSweep:
    """One grid, or all scans of one requested sweep that have frames.

    What LIMS call a data collection, a dataset or a result sweep.

    Attributes:
        uuid: Follows from the experiment and the requested sweep, for a grid from its run: the same in each fold.
        scans: In the order of time; one at least.
        ordinals: Of each scan, counted over the whole experiment from 1.
    """

    uuid: str
    scans: tuple[ScanRecord, ...]
    ordinals: tuple[int, ...]

    @property
    def first(self) -> ScanRecord:
        """Its first scan, whose readbacks stand for all."""
        return self.scans[0]

    @property
    def grid(self) -> GridRecord | None:
        """The grid, where it is one."""
        return self.first if isinstance(self.first, GridRecord) else None

    @property
    def asked(self) -> Mapping[str, Any]:
        """The requested sweep, MXLIMS names and units."""
        return self.first.sweep

    @property
    def measured(self) -> Measured:
        """Readbacks before its first scan."""
        return self.first.measured

    @property
    def detector(self) -> DetectorFacts:
        """What the detector was set to."""
        return self.first.detector

    @property
    def frames(self) -> int:
        """Frames on disk."""
        return sum(scan.frames for scan in self.scans)

    @property
    def in_image_order(self) -> tuple[ScanRecord, ...]:
        """Its scans by the number of their first image."""
        return tuple(sorted(self.scans, key=lambda scan: int(scan.scan["firstImageNumber"])))

    @property
    def whole(self) -> bool:
        """Whether the last image that was asked for is on disk; of interleaved sweeps it comes with the last wedge."""
        last = self.in_image_order[-1]
        return int(last.scan["firstImageNumber"]) + last.frames > int(self.asked.get("numberImages") or 0)

    @property
    def image_width_deg(self) -> float:
        """How far omega turns in an image; 0 in a grid and in stills, where it stands."""
        if self.grid is not None or self.first.role == "still":
            return 0.0
        return float(self.asked.get("imageWidth") or self.detector.omega_increment_deg or 0.0)

    @property
    def overlap_deg(self) -> float:
        """End of its first scan less the beginning of the next in image order: 0.5 deg every 45 deg are -44.5.

        0 where they follow one another, and of a single scan.
        """
        first, *others = self.in_image_order
        if not others:
            return 0.0
        end = float(first.scan["scanPositionStart"]) + self.image_width_deg * first.frames
        gap = float(others[0].scan["scanPositionStart"]) - end
        return -gap if gap > _GAP_DEG else 0.0

    @property
    def start(self) -> datetime:
        """When it began."""
        return self.first.start

    @property
    def end(self) -> datetime | None:
        """When its last scan ended; None as long as one has not."""
        ends = [scan.end for scan in self.scans]
        return None if None in ends else max(end for end in ends if end is not None)

    @property
    def exit_status(self) -> ExitStatus:
        """The worst end of its scans."""
        return next(end for end in _WORST_FIRST if any(scan.exit_status == end for scan in self.scans))

    @property
    def succeeded(self) -> bool:
        """Whether all its scans came to their end."""
        return self.exit_status == "success"


def executed_sweeps(record: SampleRecord) -> tuple[ExecutedSweep, ...]:
    """The sweeps of a record, in the order in which they began; scans without a frame are left out."""
    scans: list[ScanRecord] = sorted((*record.grids, *record.sweeps), key=lambda scan: scan.start)
    groups: dict[str, list[tuple[int, ScanRecord]]] = {}
    for ordinal, scan in enumerate((scan for scan in scans if scan.frames), start=1):
        groups.setdefault(_identity(record, scan), []).append((ordinal, scan))
    return tuple(
        ExecutedSweep(uuid, tuple(scan for _, scan in group), tuple(ordinal for ordinal, _ in group))
        for uuid, group in groups.items()
    )


def overlap_deg(record: SampleRecord, sweep: ExecutedSweep) -> float:
    """Overlap of the scans of a sweep, negative for gaps; of a characterisation that of its wedges.

    Wedges are asked for as a sweep each: then it is the gap to the next one, for the last that before it.
    """
    if len(sweep.scans) > 1 or not characterises(sweep.asked):
        return sweep.overlap_deg
    asked = sorted((_turn_deg(each), each.get("uuid")) for each in record.templates if characterises(each))
    gaps = [after[0] - before[1] for (before, _), (after, _) in pairwise(asked)]
    places = [place for place, (_, uuid) in enumerate(asked) if uuid == sweep.asked.get("uuid")]
    if not gaps or not places:
        return sweep.overlap_deg
    gap = gaps[min(places[0], len(gaps) - 1)]
    return -gap if gap > _GAP_DEG else 0.0


def characterises(asked: Mapping[str, Any]) -> bool:
    """Whether a requested sweep is part of a characterisation."""
    return bool(asked.get("role") == "Characterisation")


def _turn_deg(asked: Mapping[str, Any]) -> tuple[float, float]:
    """Where omega is to begin and to end."""
    start = float((asked.get("axisPositionsStart") or {}).get("omega", 0.0))
    return start, start + int(asked.get("numberImages") or 0) * float(asked.get("imageWidth") or 0.0)


def _identity(record: SampleRecord, scan: ScanRecord) -> str:
    requested = scan.sweep.get("uuid")
    if isinstance(scan, GridRecord) or requested is None:
        return made_uuid(scan.run_uid, "sweep")
    return made_uuid(record.item_uid, requested, "sweep")
