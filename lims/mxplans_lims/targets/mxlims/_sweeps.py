"""Sweeps of a message: templates as they were asked for, results as they were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from mxplans.model.extensions import DOMAIN
from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.names import made_uuid, reference, spelled, without_none
from mxplans_lims.records import SampleRecord, ScanRecord
from mxplans_lims.targets.mxlims._samples import Ref
from mxplans_lims.targets.mxlims._volume_scans import VolumeScans
from mxplans_lims.targets.mxlims.units import frac_to_percent, um_to_mm


def templates(record: SampleRecord) -> list[dict[str, Any]]:
    """The requested sweeps, which no experiment is the source of."""
    return [
        {
            "scanAxis": "omega",
            **_without_references(asked),
            "mxlimsType": "CollectionSweep",
            "uuid": asked.get("uuid") or made_uuid(record.item_uid, "template", number),
        }
        for number, asked in enumerate(record.templates, start=1)
    ]


def result(sweep: ExecutedSweep, volumes: VolumeScans, place: Ref) -> dict[str, Any]:
    """A sweep as it was executed: what was measured at its first scan, and all its scans.

    What no document measured is as it was asked for.
    """
    asked = _without_references(sweep.asked)
    measured, detector = sweep.measured, sweep.detector
    files = [PurePosixPath(file.path) for scan in sweep.scans for file in scan.files]
    size = measured.beam_size_um
    given: Mapping[str, Any] = asked.get("extensions") or {}
    return without_none(
        {
            "scanAxis": "omega",
            **asked,
            "mxlimsType": "CollectionSweep",
            "uuid": sweep.uuid,
            "role": "Centring" if sweep.grid is not None else asked.get("role", "Result"),
            "exposureTime": detector.exposure_s or asked.get("exposureTime"),
            "imageWidth": _turned_deg(sweep) or asked.get("imageWidth"),
            "energy": measured.energy_ev or asked.get("energy"),
            "transmission": _percent(measured.transmission_frac) or asked.get("transmission"),
            "detectorType": detector.model,
            "beamPosition": _beam_px(sweep),
            "beamSize": size and [um_to_mm(value) for value in size],
            "axisPositionsStart": _axes(sweep, asked),
            "scans": [_scan(scan, ordinal) for scan, ordinal in zip(sweep.scans, sweep.ordinals, strict=True)],
            "fileType": "HDF5",
            "path": str(files[0].parent),
            "filenameTemplate": _template_of(files) if len(sweep.scans) == 1 else None,
            "sourceRef": reference("MxExperiment"),
            "logisticalSampleRef": place,
            "extensions": {**given, DOMAIN: {**given.get(DOMAIN, {}), **_extension(sweep, volumes)}},
        }
    )


def _without_references(asked: Mapping[str, Any]) -> dict[str, Any]:
    """They name objects of another message."""
    return {key: value for key, value in asked.items() if not key.endswith(("Ref", "Refs"))}


def _scan(scan: ScanRecord, ordinal: int) -> dict[str, Any]:
    return {**scan.scan, "numberImages": scan.frames, "ordinal": ordinal}


def _turned_deg(sweep: ExecutedSweep) -> float | None:
    """Width of an image of a rotation, as the detector was told; the boxes of a grid are in mm."""
    return sweep.detector.omega_increment_deg if sweep.first.role == "rotation" else None


def _beam_px(sweep: ExecutedSweep) -> list[float] | None:
    x, y = sweep.detector.beam_centre_x_px, sweep.detector.beam_centre_y_px
    return None if x is None or y is None else [x, y]


def _percent(frac: float | None) -> float | None:
    """A transmission as measured; zero or above one is noise of a readback and no transmission."""
    return frac_to_percent(min(frac, 1.0)) if frac else None


def _axes(sweep: ExecutedSweep, asked: Mapping[str, Any]) -> dict[str, float]:
    """Where the axes stood: measured, but for a grid its centre, and for the scanned axis where the first image began."""
    measured = sweep.measured
    read = {
        "omega": measured.omega_deg,
        "kappa": measured.kappa_deg,
        "phi": measured.phi_deg,
        "chi": measured.chi_deg,
        "sampleX": measured.x_mm,
        "sampleY": measured.y_mm,
        "sampleZ": measured.z_mm,
        "detectorDistance": measured.distance_mm or sweep.detector.distance_mm,
    }
    axes = {**asked.get("axisPositionsStart", {}), **{key: value for key, value in read.items() if value is not None}}
    if sweep.grid is not None:
        centre = sweep.grid.centre
        axes |= {"omega": centre["omega_deg"], "sampleX": centre["x_mm"], "sampleY": centre["y_mm"]}
        return axes | {"sampleZ": centre["z_mm"]}
    return axes | {"omega": sweep.in_image_order[0].scan["scanPositionStart"]}


def _template_of(files: Sequence[PurePosixPath]) -> str:
    """Name with the running number of the file as `?`, as MXLIMS messages have it."""
    stem, _, number = files[0].stem.rpartition("_")
    return f"{stem}_{'?' * len(number)}{files[0].suffix}" if number.isdigit() else files[0].name


def _extension(sweep: ExecutedSweep, volumes: VolumeScans) -> dict[str, Any]:
    """What MXLIMS has no field for; of a grid, what it is part of and its scores."""
    grid = sweep.grid
    doses = [scan.dose_mgy for scan in sweep.scans if scan.dose_mgy is not None]
    return without_none(
        {
            "volumeScanUuid": grid and volumes.volume_of(grid),
            "snake": grid and grid.snake,
            "score": grid and grid.score,
            "doseMgy": sum(doses) if doses else None,
            "detector": sweep.detector.model_dump(mode="json", exclude_none=True) or None,
            "runs": [_run(scan) for scan in sweep.scans],
        }
    )


def _run(scan: ScanRecord) -> dict[str, Any]:
    return without_none(
        {
            "runUid": scan.run_uid,
            "exitStatus": scan.exit_status,
            "requestedSweepUuid": scan.sweep.get("uuid"),
            "requestedOrdinal": scan.scan.get("ordinal"),
            "startTime": spelled(scan.start),
            "endTime": scan.end and spelled(scan.end),
            "doseMgy": scan.dose_mgy,
            "files": [file.model_dump() for file in scan.files],
            "measured": scan.measured.model_dump(mode="json", exclude_none=True),
        }
    )
