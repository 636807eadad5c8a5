"""The experiment of a record: what was asked (template), what was done (results), what it rests on (extensions)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from mxplans.model.extensions import DOMAIN, Kind
from mxplans_lims.names import made_uuid, named, reference, spelled, without_none
from mxplans_lims.records import GridRecord, SampleRecord, ScanRecord
from mxplans_lims.targets._volumes import box_mm, result_volume
from mxplans_lims.units import frac_to_percent, um_to_mm

Ref = dict[str, str] | None
_SUCCEEDED = ("COLLECTED", "DONE")
_STATUS = {"abort": "Aborted", "fail": "Failed", "unfinished": "Failed"}


class ExperimentPart:
    """Jobs and datasets of a record's message.

    The templates come first; then the sweeps as they were executed, in the order of time: a sweep for each grid, and one
    for all scans of a rotation, whatever was taken in between.

    Args:
        record: What became of the sample.
        sample: Reference to it.
        place: Reference to where it stood.
    """

    def __init__(self, record: SampleRecord, sample: Ref, place: Ref) -> None:
        self._record = record
        self._sample = sample
        self._place = place
        scans: list[ScanRecord] = sorted((*record.grids, *record.sweeps), key=lambda scan: scan.start)
        self._scans = [scan for scan in scans if scan.frames]
        self._ordinals = {scan.run_uid: place for place, scan in enumerate(self._scans, start=1)}
        self._executed: dict[str, list[ScanRecord]] = {}
        for scan in self._scans:
            self._executed.setdefault(_sweep_of(scan), []).append(scan)

    def objects(self) -> dict[str, Any]:
        """Objects by type."""
        return {
            **named("MxExperiment", self._experiment()),
            **named("VolumeScan", *self._volume_scans()),
            **named("CollectionSweep", *self._templates(), *(self._result(scans) for scans in self._executed.values())),
        }

    def _job(self) -> dict[str, Any]:
        record = self._record
        return {
            "startTime": spelled(record.start),
            "endTime": spelled(record.end or record.last),
            "sampleRef": self._sample,
            "logisticalSampleRef": self._place,
        }

    def _experiment(self) -> dict[str, Any]:
        record = self._record
        asked = {key: value for key, value in record.experiment.items() if not key.endswith(("Ref", "Refs"))}
        flux = next((sweep.measured.flux_ph_s for sweep in record.sweeps if sweep.measured.flux_ph_s), None)
        completed = record.verdict in _SUCCEEDED and record.exit_status == "success"
        return without_none(
            {
                **asked,
                **self._job(),
                "mxlimsType": "MxExperiment",
                "uuid": record.item_uid,
                "jobStatus": "Completed" if completed else _STATUS.get(record.exit_status, "Failed"),
                "annotation": _joined(asked.get("annotation"), f"{record.verdict}: {record.reason}"),
                "experimentLocation": asked.get("experimentLocation") or record.beamline,
                "measuredFlux": flux,
                "snapshotCount": len(record.snapshots) or asked.get("snapshotCount"),
                "templateDataRefs": [
                    reference("CollectionSweep", number) for number in range(1, len(record.templates) + 1)
                ]
                or None,
                "extensions": _extended(asked, _outcome(record)),
            }
        )

    def _templates(self) -> list[dict[str, Any]]:
        return [
            {
                "scanAxis": "omega",
                **{key: value for key, value in asked.items() if not key.endswith("Ref")},
                "mxlimsType": "CollectionSweep",
                "uuid": asked.get("uuid") or made_uuid(self._record.item_uid, "template", number),
            }
            for number, asked in enumerate(self._record.templates, start=1)
        ]

    def _volume_scans(self) -> list[dict[str, Any]]:
        volumes: dict[str, list[GridRecord]] = {}
        for scan in self._scans:
            if isinstance(scan, GridRecord):
                volumes.setdefault(self._volume_of(scan), []).append(scan)
        found_in = self._found_in(volumes)
        return [self._volume_scan(uid, grids, uid == found_in) for uid, grids in volumes.items()]

    def _volume_of(self, grid: GridRecord) -> str:
        """What a grid is part of: a centring that brought the sample in, one that was asked for, or itself alone."""
        if grid.volume_scan_uuid is not None:
            return grid.volume_scan_uuid
        return made_uuid(self._record.item_uid if self._asks_for_centring() else grid.run_uid, "volume")

    def _asks_for_centring(self) -> bool:
        extensions: Mapping[str, Any] = self._record.experiment.get("extensions") or {}
        return bool(extensions.get(DOMAIN, {}).get("kind") == Kind.XRAY_CENTRING)

    def _found_in(self, volumes: Mapping[str, list[GridRecord]]) -> str | None:
        """The centring whose grids showed the crystals: the last before they were told."""
        crystals, lines = self._record.crystals, self._record.lines
        told_at = min([crystal.time for crystal in crystals] + [line.time for line in lines], default=None)
        told = [
            uid
            for uid, grids in volumes.items()
            if told_at and grids[-1].start < told_at and (grids[-1].volume_scan_uuid or self._asks_for_centring())
        ]
        return told[-1] if told else None

    def _volume_scan(self, uid: str, grids: list[GridRecord], told: bool) -> dict[str, Any]:
        first = grids[0].centre["omega_deg"]
        ended = all(grid.exit_status == "success" for grid in grids)
        crystals, lines = (self._record.crystals, self._record.lines) if told else ((), ())
        return without_none(
            {
                "mxlimsType": "VolumeScan",
                "uuid": uid,
                "experimentType": "Xray.centring",
                "jobStatus": "Completed" if ended else "Failed",
                "startTime": spelled(grids[0].start),
                "endTime": spelled(grids[-1].end or self._record.last),
                # A grid that grew, or a finer one, is at an angle that is there already.
                "rotationAngles": list(dict.fromkeys(grid.centre["omega_deg"] - first for grid in grids)),
                "boundingBoxSize": box_mm(grids),
                "boundingBoxShape": "Box",
                "resultVolume": result_volume(crystals, first),
                "startedFromRef": reference("MxExperiment"),
                "sampleRef": self._sample,
                "logisticalSampleRef": self._place,
                "extensions": {
                    DOMAIN: {
                        "crystals": [crystal.values for crystal in crystals],
                        "linesOfSight": [line.values for line in lines],
                    }
                }
                if told
                else None,
            }
        )

    def _result(self, scans: list[ScanRecord]) -> dict[str, Any]:
        """A sweep as it was executed: what was measured at its first scan, and all its scans."""
        scan = scans[0]
        asked = {key: value for key, value in scan.sweep.items() if not key.endswith("Ref")}
        parts = [{**each.scan, "numberImages": each.frames, "ordinal": self._ordinals[each.run_uid]} for each in scans]
        measured = scan.measured
        files = [PurePosixPath(file.path) for each in scans for file in each.files]
        size = measured.beam_size_um
        given: Mapping[str, Any] = asked.get("extensions") or {}
        ours = {**given.get(DOMAIN, {}), **self._grid_extension(scan), "runs": [self._run(each) for each in scans]}
        return without_none(
            {
                "scanAxis": "omega",
                **asked,
                "mxlimsType": "CollectionSweep",
                "uuid": made_uuid(scan.run_uid, "sweep"),
                "role": "Centring" if isinstance(scan, GridRecord) else asked.get("role", "Result"),
                "energy": measured.energy_ev or asked.get("energy"),
                "transmission": _percent(measured.transmission_frac) or asked.get("transmission"),
                "beamSize": size and [um_to_mm(value) for value in size],
                "axisPositionsStart": _axes(scan, asked),
                "scans": parts,
                "fileType": "HDF5",
                "path": str(files[0].parent),
                "filenameTemplate": _template_of(files) if len(scans) == 1 else None,
                "sourceRef": reference("MxExperiment"),
                "logisticalSampleRef": self._place,
                "extensions": {**given, DOMAIN: ours},
            }
        )

    def _grid_extension(self, scan: ScanRecord) -> dict[str, Any]:
        """What a grid has besides: what it is part of, and its scores."""
        if not isinstance(scan, GridRecord):
            return {}
        return without_none({"volumeScanUuid": self._volume_of(scan), "snake": scan.snake, "score": scan.score})

    def _run(self, scan: ScanRecord) -> dict[str, Any]:
        return without_none(
            {
                "runUid": scan.run_uid,
                "exitStatus": scan.exit_status,
                "requestedSweepUuid": scan.sweep.get("uuid"),
                "requestedOrdinal": scan.scan.get("ordinal"),
                "startTime": spelled(scan.start),
                "endTime": scan.end and spelled(scan.end),
                "files": [file.model_dump() for file in scan.files],
                "measured": scan.measured.model_dump(mode="json"),
            }
        )


def _sweep_of(scan: ScanRecord) -> str:
    """What scans of one executed sweep have in common."""
    return scan.run_uid if isinstance(scan, GridRecord) else str(scan.sweep.get("uuid") or scan.run_uid)


def _percent(frac: float | None) -> float | None:
    """A transmission as measured; zero or above one is noise of a readback and no transmission."""
    return frac_to_percent(min(frac, 1.0)) if frac else None


def _axes(scan: ScanRecord, asked: Mapping[str, Any]) -> dict[str, float]:
    """Where the axes stood: measured, but for a grid its centre, and for the scanned axis where the scan began."""
    measured = scan.measured
    read = {
        "omega": measured.omega_deg,
        "sampleX": measured.x_mm,
        "sampleY": measured.y_mm,
        "sampleZ": measured.z_mm,
        "detectorDistance": measured.distance_mm,
    }
    axes = {**asked.get("axisPositionsStart", {}), **{key: value for key, value in read.items() if value is not None}}
    if isinstance(scan, GridRecord):
        centre = scan.centre
        axes |= {"omega": centre["omega_deg"], "sampleX": centre["x_mm"], "sampleY": centre["y_mm"]}
        return axes | {"sampleZ": centre["z_mm"]}
    return axes | {"omega": scan.scan["scanPositionStart"]}


def _template_of(files: list[PurePosixPath]) -> str:
    """Name with the running number of the file as `?`, as MXLIMS messages have it."""
    stem, _, number = files[0].stem.rpartition("_")
    return f"{stem}_{'?' * len(number)}{files[0].suffix}" if number.isdigit() else files[0].name


def _joined(*texts: str | None) -> str:
    return "; ".join(text for text in texts if text)


def _extended(asked: Mapping[str, Any], ours: Mapping[str, Any]) -> dict[str, Any]:
    given: Mapping[str, Any] = asked.get("extensions") or {}
    return {**given, DOMAIN: {**given.get(DOMAIN, {}), **ours}}


def _outcome(record: SampleRecord) -> dict[str, Any]:
    return without_none(
        {
            "verdict": record.verdict,
            "reason": record.reason,
            "evidence": record.evidence,
            "attempt": record.attempt,
            "runUid": record.run_uid,
            "exitStatus": record.exit_status,
            "locator": record.locator,
            "phases": [phase.model_dump(mode="json", exclude_none=True) for phase in record.phases],
            "robot": [action.model_dump(mode="json") for action in record.robot],
            "opticalCentring": record.optical or None,
            "xrayCentring": record.xray and record.xray.values,
            "snapshots": [snapshot.model_dump(mode="json") for snapshot in record.snapshots],
        }
    )
