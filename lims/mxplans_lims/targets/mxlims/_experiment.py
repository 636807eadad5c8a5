"""The experiment of a record: what was asked for, how it ended, and in our extension what MXLIMS has no field for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans.model.extensions import DOMAIN
from mxplans.model.space_groups import SPACE_GROUP_NAMES
from mxplans_lims.names import reference, spelled, without_none
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.mxlims._samples import Ref

_SUCCEEDED = ("COLLECTED", "DONE")
_STATUS = {"abort": "Aborted", "fail": "Failed", "unfinished": "Failed", "running": "Running"}
_CELL = ("a", "b", "c", "alpha", "beta", "gamma")


def experiment(record: SampleRecord, sample: Ref, place: Ref) -> dict[str, Any]:
    """The MxExperiment of a record.

    Args:
        record: What became of the sample.
        sample: Reference to it.
        place: Reference to where it stood.
    """
    asked = {key: value for key, value in record.experiment.items() if not key.endswith(("Ref", "Refs"))}
    flux = next((sweep.measured.flux_ph_s for sweep in record.sweeps if sweep.measured.flux_ph_s), None)
    said = f"{record.verdict}: {record.reason}" if record.complete else None
    return without_none(
        {
            **asked,
            "mxlimsType": "MxExperiment",
            "uuid": record.item_uid,
            "jobStatus": job_status(record),
            "startTime": spelled(record.start),
            "endTime": spelled(record.end or record.last) if record.complete else None,
            "annotation": "; ".join(text for text in (asked.get("annotation"), said) if text) or None,
            "experimentLocation": asked.get("experimentLocation") or record.beamline,
            "measuredFlux": flux,
            "radiationDose": radiation_dose_mgy(record),
            **_selected(record),
            "snapshotCount": len(record.snapshots) or asked.get("snapshotCount"),
            "sampleRef": sample,
            "logisticalSampleRef": place,
            "templateDataRefs": [reference("CollectionSweep", number) for number in range(1, len(record.templates) + 1)]
            or None,
            "extensions": _extended(asked, _outcome(record)),
        }
    )


def job_status(record: SampleRecord) -> str:
    """In the words of MXLIMS. Completed is only what has led to data, or to what else was asked for."""
    completed = record.verdict in _SUCCEEDED and record.exit_status == "success"
    return "Completed" if completed else _STATUS.get(record.exit_status, "Failed")


def radiation_dose_mgy(record: SampleRecord) -> float | None:
    """At most what a place of the sample has absorbed: of the positions that were asked for, the one with the most.

    A scan without a position of its own counts for all of them. None where no document tells of a dose.
    """
    given: dict[int | None, float] = {}
    for scan in (*record.grids, *record.sweeps):
        if scan.dose_mgy is not None:
            extension: Mapping[str, Any] = (scan.sweep.get("extensions") or {}).get(DOMAIN, {})
            position = extension.get("position")
            given[position] = given.get(position, 0.0) + scan.dose_mgy
    everywhere = given.pop(None, 0.0)
    return everywhere + max(given.values(), default=0.0) or None


def _selected(record: SampleRecord) -> dict[str, Any]:
    """Space group and cell of the last characterisation that found a lattice, as far as MXLIMS knows the name."""
    found = next((strategy for strategy in reversed(record.strategies) if strategy.indexed), None)
    if found is None:
        return {}
    return {
        "selectedSpaceGroupName": found.space_group if found.space_group in SPACE_GROUP_NAMES else None,
        "selectedUnitCell": found.cell and dict(zip(_CELL, found.cell, strict=True)),
    }


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
            "proposal": record.proposal,
            "session": record.session,
            "phases": _plain(record.phases),
            "robot": _plain(record.robot),
            "opticalCentring": record.optical or None,
            "xrayCentring": record.xray and record.xray.values,
            "snapshots": _plain(record.snapshots),
            "strategies": _plain(record.strategies) or None,
            "energyScans": _plain(record.energy_scans) or None,
            "fluorescence": _plain(record.fluorescence) or None,
        }
    )


def _plain(told: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [each.model_dump(mode="json", exclude_none=True) for each in told]
