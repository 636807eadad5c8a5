"""Several attempts at one item as one record: each scan that any of them brought to its end, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from mxplans_lims.records import GridRecord, SampleRecord, ScanRecord, Snapshot, XrayCentre

S = TypeVar("S", bound=ScanRecord)


def joined(attempts: Sequence[SampleRecord]) -> SampleRecord:
    """What the last attempt says, with what earlier ones did.

    A sample that still hangs is not centred again: its centring is that of the latest attempt that made one. The grids
    that an item asks for are scans like all others.

    Args:
        attempts: At the same item, in their order; one at least.
    """
    last = attempts[-1]
    if len(attempts) == 1:
        return last
    asked = [[grid for grid in record.grids if grid.volume_scan_uuid is None] for record in attempts]
    grids = sorted((*_brought_in(attempts), *_taken(asked)), key=lambda grid: grid.start)
    return last.model_copy(
        update={
            "start": min(record.start for record in attempts),
            "phases": tuple(phase for record in attempts for phase in record.phases),
            "robot": tuple(action for record in attempts for action in record.robot),
            "optical": _optical(attempts),
            "snapshots": _pictures(attempts),
            "xray": _xray(attempts),
            "crystals": _told(attempts).crystals,
            "lines": _told(attempts).lines,
            "grids": tuple(grids),
            "sweeps": tuple(_taken([record.sweeps for record in attempts])),
            "strategies": tuple(told for record in attempts for told in record.strategies),
            "energy_scans": tuple(scan for record in attempts for scan in record.energy_scans),
            "fluorescence": tuple(spectrum for record in attempts for spectrum in record.fluorescence),
        }
    )


def _taken(attempts: Sequence[Sequence[S]]) -> list[S]:
    """Each part as it was brought to its end last; of the rest, what the last attempt broke off."""
    done = {_part(scan): scan for scans in attempts for scan in scans if scan.exit_status == "success"}
    rest = [scan for scan in attempts[-1] if scan.exit_status != "success" and _part(scan) not in done]
    return sorted((*done.values(), *rest), key=lambda scan: scan.start)


def _part(scan: ScanRecord) -> tuple[Any, ...]:
    """Which images of which sweep a scan holds."""
    return (scan.sweep.get("uuid"), scan.scan.get("firstImageNumber"), scan.scan.get("numberImages"))


def _centred_in(attempts: Sequence[SampleRecord]) -> int:
    """Place of the latest attempt that brought its sample in with X-rays; of the first if none did."""
    places = range(len(attempts))
    return next((place for place in reversed(places) if _centring_grids(attempts[place])), 0)


def _centring_grids(record: SampleRecord) -> list[GridRecord]:
    return [grid for grid in record.grids if grid.volume_scan_uuid is not None]


def _brought_in(attempts: Sequence[SampleRecord]) -> list[GridRecord]:
    return _centring_grids(attempts[_centred_in(attempts)])


def _xray(attempts: Sequence[SampleRecord]) -> XrayCentre | None:
    """Of a centring that found nothing there is none, whatever was found before it."""
    found = [record.xray for record in attempts[_centred_in(attempts) :] if record.xray is not None]
    return found[-1] if found else None


def _told(attempts: Sequence[SampleRecord]) -> SampleRecord:
    """The latest attempt that told of crystals, since the sample was brought in last; else the one that brought it in."""
    later = attempts[_centred_in(attempts) :]
    return next((record for record in reversed(later) if record.crystals or record.lines), later[0])


def _optical(attempts: Sequence[SampleRecord]) -> Mapping[str, Any]:
    """Of the latest attempt that looked at its sample, whether it found it or not."""
    tried = [
        record.optical
        for record in attempts
        if record.optical or any(phase.name == "optical" for phase in record.phases)
    ]
    return tried[-1] if tried else {}


def _pictures(attempts: Sequence[SampleRecord]) -> tuple[Snapshot, ...]:
    """Each file once, since a picture of the same name has overwritten an earlier one."""
    files = {picture.path: picture for record in attempts for picture in record.snapshots}
    return tuple(sorted(files.values(), key=lambda picture: picture.time))
