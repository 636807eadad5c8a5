"""X-ray centrings of a record as VolumeScans: which grids belong together, and which of them showed the crystals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mxplans.model.extensions import DOMAIN, Kind
from mxplans_lims.executed import ExecutedSweep
from mxplans_lims.names import made_uuid, reference, spelled, without_none
from mxplans_lims.records import GridRecord, SampleRecord
from mxplans_lims.targets.mxlims._samples import Ref
from mxplans_lims.targets.mxlims._volumes import box_mm, result_volume


class VolumeScans:
    """The VolumeScans of a record.

    Args:
        record: What became of the sample.
        sweeps: As executed, in the order of time.
        sample: Reference to it.
        place: Reference to where it stood.
    """

    def __init__(self, record: SampleRecord, sweeps: Sequence[ExecutedSweep], sample: Ref, place: Ref) -> None:
        self._record = record
        self._links = {"sampleRef": sample, "logisticalSampleRef": place}
        self._volumes: dict[str, list[GridRecord]] = {}
        for sweep in sweeps:
            if sweep.grid is not None:
                self._volumes.setdefault(self.volume_of(sweep.grid), []).append(sweep.grid)

    def volume_of(self, grid: GridRecord) -> str:
        """What a grid is part of: a centring that brought the sample in, one that was asked for, or itself alone."""
        if grid.volume_scan_uuid is not None:
            return grid.volume_scan_uuid
        return made_uuid(self._record.item_uid if self._asks_for_centring() else grid.run_uid, "volume")

    def objects(self) -> list[dict[str, Any]]:
        """The VolumeScans, in the order of time."""
        found_in = self._found_in()
        return [self._volume_scan(uid, grids, uid == found_in) for uid, grids in self._volumes.items()]

    def _asks_for_centring(self) -> bool:
        extensions: Mapping[str, Any] = self._record.experiment.get("extensions") or {}
        return bool(extensions.get(DOMAIN, {}).get("kind") == Kind.XRAY_CENTRING)

    def _found_in(self) -> str | None:
        """The centring whose grids showed the crystals: the last before they were told."""
        crystals, lines = self._record.crystals, self._record.lines
        told_at = min([crystal.time for crystal in crystals] + [line.time for line in lines], default=None)
        told = [
            uid
            for uid, grids in self._volumes.items()
            if told_at and grids[-1].start < told_at and (grids[-1].volume_scan_uuid or self._asks_for_centring())
        ]
        return told[-1] if told else None

    def _volume_scan(self, uid: str, grids: list[GridRecord], told: bool) -> dict[str, Any]:
        first = grids[0].centre["omega_deg"]
        crystals, lines = (self._record.crystals, self._record.lines) if told else ((), ())
        return without_none(
            {
                "mxlimsType": "VolumeScan",
                "uuid": uid,
                "experimentType": "Xray.centring",
                **self._progress(grids),
                # A grid that grew, or a finer one, is at an angle that is there already.
                "rotationAngles": list(dict.fromkeys(grid.centre["omega_deg"] - first for grid in grids)),
                "boundingBoxSize": box_mm(grids),
                "boundingBoxShape": "Box",
                "resultVolume": result_volume(crystals, first),
                "startedFromRef": reference("MxExperiment"),
                **self._links,
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

    def _progress(self, grids: list[GridRecord]) -> dict[str, Any]:
        """Status and times; what is not over has no end."""
        if grids[-1].exit_status == "running":
            return {"jobStatus": "Running", "startTime": spelled(grids[0].start)}
        ended = all(grid.exit_status == "success" for grid in grids)
        return {
            "jobStatus": "Completed" if ended else "Failed",
            "startTime": spelled(grids[0].start),
            "endTime": spelled(grids[-1].end or self._record.last),
        }
