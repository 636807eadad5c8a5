"""An experiment for people: flat, in the project's units, each in the name of its value."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.names import finite, spelled, without_none
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.mxlims import job_status, radiation_dose_mgy


def described(
    record: SampleRecord, sweeps: Sequence[ExecutedSweep], folder: Path, message: Path, out: Path
) -> dict[str, Any]:
    """What one experiment came to.

    Args:
        record: Of the experiment.
        sweeps: Those to describe.
        folder: Where the description will stand; files are named as seen from there.
        message: Its MXLIMS message.
        out: Folder of the night, which snapshots are named in.
    """
    objects = record.objects
    told = without_none(
        {
            "message": _seen(str(message), folder),
            "status": job_status(record),
            "verdict": record.verdict,
            "reason": record.reason,
            "sample": record.sample_name,
            "acronym": objects.get("Macromolecule", {}).get("acronym"),
            "pin_barcode": objects.get("Pin", {}).get("barcode") or objects.get("MultiPin", {}).get("barcode"),
            "puck_barcode": objects.get("Puck", {}).get("barcode"),
            "place": record.locator or None,
            "proposal": record.proposal,
            "session": record.session,
            "beamline": record.beamline,
            "strategy": record.experiment.get("experimentStrategy"),
            "attempt": record.attempt,
            "start": spelled(record.start),
            "end": spelled(record.end or record.last),
            "dose_mgy": radiation_dose_mgy(record),
            "sweeps": [_sweep(sweep, folder) for sweep in sweeps],
            "strategies": _plain(record.strategies),
            "energy_scans": _plain(record.energy_scans),
            "fluorescence": _plain(record.fluorescence),
            "snapshots": [_seen(str(out / picture.path), folder) for picture in record.snapshots] or None,
        }
    )
    return dict(finite(told))


def _sweep(sweep: ExecutedSweep, folder: Path) -> dict[str, Any]:
    measured, detector, asked = sweep.measured, sweep.detector, sweep.asked
    doses = [scan.dose_mgy for scan in sweep.scans if scan.dose_mgy is not None]
    files = [file.path for scan in sweep.in_image_order for file in scan.files]
    masters = [scan.detector.master for scan in sweep.in_image_order if scan.detector.master]
    return without_none(
        {
            "uuid": sweep.uuid,
            "requested_uuid": asked.get("uuid"),
            "kind": sweep.first.role,
            "role": "Centring" if sweep.grid else asked.get("role"),
            "status": sweep.exit_status,
            "start": spelled(sweep.start),
            "end": sweep.end and spelled(sweep.end),
            "scans": len(sweep.scans),
            "images": sweep.frames,
            "images_requested": asked.get("numberImages"),
            "rows": sweep.grid and sweep.grid.rows,
            "columns": sweep.grid and sweep.grid.columns,
            "step_um": sweep.grid and sweep.grid.step_um,
            "row_step_um": sweep.grid and sweep.grid.row_step_um,
            **_turn(sweep),
            "exposure_s": detector.exposure_s or asked.get("exposureTime"),
            **measured.model_dump(mode="json", exclude={"omega_deg", "distance_mm"}),
            "distance_mm": measured.distance_mm or detector.distance_mm,
            "detector": detector.model,
            "detector_serial_number": detector.serial_number,
            "beam_centre_x_px": detector.beam_centre_x_px,
            "beam_centre_y_px": detector.beam_centre_y_px,
            "dose_mgy": sum(doses) if doses else None,
            "masters": [_seen(path, folder) for path in masters] or None,
            "files": [_seen(path, folder) for path in files],
        }
    )


def _turn(sweep: ExecutedSweep) -> Mapping[str, Any]:
    """Where omega was: along a rotation from its first image on, for all else where it stood."""
    if sweep.grid is not None:
        return {"omega_deg": sweep.grid.centre["omega_deg"]}
    start = sweep.in_image_order[0].scan["scanPositionStart"]
    if sweep.first.role != "rotation":
        return {"omega_deg": start}
    width = sweep.detector.omega_increment_deg or sweep.asked.get("imageWidth")
    return {"omega_start_deg": start, "image_width_deg": width}


def _plain(told: tuple[Any, ...]) -> list[dict[str, Any]] | None:
    return [each.model_dump(mode="json", exclude_none=True) for each in told] or None


def _seen(path: str, folder: Path) -> str:
    """The way to a file from the folder, which stays right when all is copied to another place."""
    return os.path.relpath(path, folder)
