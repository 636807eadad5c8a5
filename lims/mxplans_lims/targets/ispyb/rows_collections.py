"""Rows of a data collection: itself, its position, its motors where they move along, and the files beside it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from mxplans_lims.executed import ExecutedSweep, overlap_deg
from mxplans_lims.records import SampleRecord, ScanRecord
from mxplans_lims.targets.ispyb.groups import Group
from mxplans_lims.targets.ispyb.row import SAMPLE, Row, told
from mxplans_lims.targets.ispyb.rows_detector import detector_columns
from mxplans_lims.targets.ispyb.site import Told
from mxplans_lims.targets.ispyb.units import at_sample, ev_to_angstrom, frac_to_percent, um_to_mm

RUN_STATUS = {
    "success": "DataCollection Successful",
    "abort": "DataCollection Cancelled",
    "fail": "DataCollection Unsuccessful",
    "unfinished": "DataCollection Unsuccessful",
}
"""By how a sweep ended; while it runs there is none."""
_SNAPSHOTS = 4


def collection_key(sweep: ExecutedSweep) -> str:
    """Key of the row of a sweep."""
    return f"collection/{sweep.uuid}"


def collection_row(given: Told, group: Group, sweep: ExecutedSweep) -> Row:
    """The row of a sweep. Its number within the group tells it from others: it is that of the requested sweep."""
    over = given.record.complete or (sweep.whole and sweep.end is not None)
    values = {
        "dataCollectionNumber": _number(given.record, group, sweep),
        "startTime": given.time(sweep.start),
        "endTime": given.time(sweep.end) if over else None,
        "runStatus": _status(given.record, sweep) if over else None,
        "numberOfImages": sweep.frames,
        "startImageNumber": int(sweep.in_image_order[0].scan["firstImageNumber"]),
        "numberOfPasses": 1,
        "exposureTime": sweep.detector.exposure_s or sweep.asked.get("exposureTime"),
        "comments": _comments(sweep) if over else None,
        **_rotation(given.record, sweep),
        **_files(sweep),
        **_beam(sweep),
        **detector_columns(sweep),
        **_looked_at(given),
    }
    return Row(
        key=collection_key(sweep),
        table="DataCollection",
        values=told(values),
        links={"dataCollectionGroupId": group.key, "BLSAMPLEID": SAMPLE},
        natural=("dataCollectionGroupId", "dataCollectionNumber"),
    )


def _number(record: SampleRecord, group: Group, sweep: ExecutedSweep) -> int:
    """Place of the requested sweep; where it was not asked for, the place in the group after all that were."""
    if group.what == "grids":
        return 1 + group.sweeps.index(sweep)
    requested = [template.get("uuid") for template in record.templates]
    wanted = sweep.asked.get("uuid")
    return 1 + (requested.index(wanted) if wanted in requested else len(requested) + group.sweeps.index(sweep))


def _status(record: SampleRecord, sweep: ExecutedSweep) -> str | None:
    """The worst end of its scans; where scans are missing altogether, that of the experiment, which was no success."""
    if sweep.whole or not sweep.succeeded:
        return RUN_STATUS.get(sweep.exit_status)
    return RUN_STATUS.get("fail" if record.exit_status == "success" else record.exit_status)


def _rotation(record: SampleRecord, sweep: ExecutedSweep) -> dict[str, Any]:
    """Where omega went; in a grid and in stills it stands. `overlap` in deg, negative for the gap between two scans."""
    measured, ordered = sweep.measured, sweep.in_image_order
    angles = {"kappaStart": measured.kappa_deg, "phiStart": measured.phi_deg, "chiStart": measured.chi_deg}
    width = sweep.image_width_deg
    if not width:
        stands = sweep.grid.centre["omega_deg"] if sweep.grid else measured.omega_deg
        return angles | {
            "rotationAxis": "Omega",
            "axisStart": stands,
            "axisEnd": stands,
            "axisRange": 0.0,
            "overlap": 0.0,
            "omegaStart": stands,
        }
    start, last = _start_deg(ordered[0]), ordered[-1]
    return angles | {
        "rotationAxis": "Omega",
        "axisStart": start,
        "axisEnd": _start_deg(last) + width * last.frames,
        "axisRange": width,
        "overlap": overlap_deg(record, sweep),
        "omegaStart": start,
    }


def _start_deg(scan: ScanRecord) -> float:
    return float(scan.scan["scanPositionStart"])


def _files(sweep: ExecutedSweep) -> dict[str, Any]:
    """Where the frames stand. A master file stands for all; without one the first file of frames does."""
    scan = sweep.in_image_order[0]
    first = next(file for file in scan.files if file.frames)
    file = PurePosixPath(scan.detector.master or first.path)
    return {
        "imageDirectory": f"{file.parent}/",
        "imagePrefix": sweep.asked.get("prefix") or file.stem.removesuffix("_master"),
        "imageSuffix": file.suffix.removeprefix("."),
        "fileTemplate": file.name,
        "imageContainerSubPath": first.dataset or None,
    }


def _beam(sweep: ExecutedSweep) -> dict[str, Any]:
    """Energy, flux at the sample, size (mm) and transmission (%), as measured; a transmission above one is noise of a readback."""
    measured = sweep.measured
    energy = measured.energy_ev or sweep.detector.energy_ev
    size = measured.beam_size_um
    frac = None if measured.transmission_frac is None else min(max(measured.transmission_frac, 0.0), 1.0)
    return {
        "wavelength": ev_to_angstrom(energy) if energy else None,
        "transmission": None if frac is None else frac_to_percent(frac),
        "flux": _at_sample(measured.flux_ph_s, frac),
        "flux_end": _at_sample(sweep.scans[-1].measured.flux_end_ph_s, frac),
        "beamSizeAtSampleX": um_to_mm(size[0]) if size else None,
        "beamSizeAtSampleY": um_to_mm(size[1]) if size else None,
    }


def _at_sample(flux_ph_s: float | None, frac: float | None) -> float | None:
    return None if flux_ph_s is None or frac is None else at_sample(flux_ph_s, frac)


def _looked_at(given: Told) -> dict[str, Any]:
    """The first pictures of the sample, and how it came into the beam."""
    record = given.record
    pictures = {
        f"xtalSnapshotFullPath{number}": given.path(picture.path)
        for number, picture in enumerate(record.snapshots[:_SNAPSHOTS], start=1)
    }
    centred = record.xray
    method = "X-ray" if centred else "Optical" if record.optical else None
    place = centred and f"sampleX={centred.x_mm:.4f} sampleY={centred.y_mm:.4f} sampleZ={centred.z_mm:.4f} mm"
    return pictures | {"centeringMethod": method, "actualCenteringPosition": place}


def _comments(sweep: ExecutedSweep) -> str | None:
    """Said when it is final, since what stands in comments stays there."""
    doses = [scan.dose_mgy for scan in sweep.scans if scan.dose_mgy]
    return f"dose {sum(doses):.3g} MGy" if doses else None


def position_rows(sweep: ExecutedSweep) -> tuple[Row, ...]:
    """Where the sample stood (mm): of a grid its middle. A helical sweep has the motors of both ends as well.

    The columns of motors are named after a goniometer whose `phiY` runs along omega and whose `sampX` and `sampY` turn
    with it: sampleX, sampleY, sampleZ in that order.
    """
    key, measured = collection_key(sweep), sweep.measured
    place = (
        tuple(sweep.grid.centre[f"{axis}_mm"] for axis in "xyz")
        if sweep.grid is not None
        else (measured.x_mm, measured.y_mm, measured.z_mm)
    )
    rows = []
    if None not in place:
        values = dict(zip(("posX", "posY", "posZ"), place, strict=True))
        rows.append(Row(f"position/{sweep.uuid}", "Position", values, owner=(key, "POSITIONID")))
    if sweep.asked.get("sweepType") == "helical":
        for which in ("Start", "End"):
            values = _motors(sweep.asked.get(f"axisPositions{which}") or {})
            owner = (key, f"{which.lower()}PositionId")
            rows.append(Row(f"motors/{sweep.uuid}/{which.lower()}", "MotorPosition", values, owner=owner))
    return tuple(rows)


def _motors(axes: dict[str, float]) -> dict[str, Any]:
    names = {"sampleX": "phiY", "sampleY": "sampX", "sampleZ": "sampY"}
    return {column: axes[axis] for axis, column in names.items() if axis in axes}


def attachment_rows(given: Told, sweep: ExecutedSweep) -> tuple[Row, ...]:
    """Pictures for which a data collection has no column, each once."""
    key = collection_key(sweep)
    return tuple(
        Row(
            f"attachment/{sweep.uuid}/{picture.path}",
            "DataCollectionFileAttachment",
            told({"fileFullPath": given.path(picture.path), "fileType": "snapshot"}),
            links={"dataCollectionId": key},
            natural=("dataCollectionId", "fileFullPath"),
        )
        for picture in given.record.snapshots[_SNAPSHOTS:]
    )
