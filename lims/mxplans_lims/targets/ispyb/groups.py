"""Sweeps to groups of data collections: each centring, the characterisation, and what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mxplans.model.extensions import DOMAIN, Kind
from mxplans_lims.executed import ExecutedSweep, executed_sweeps
from mxplans_lims.names import made_uuid
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.ispyb.row import SAMPLE, SESSION, Row, told
from mxplans_lims.targets.ispyb.site import Told

What = Literal["grids", "characterisation", "collection"]
_STRATEGIES = ("SAD", "MAD")


@dataclass(frozen=True)
class Group:
    """Data collections that belong together: one row of `DataCollectionGroup`.

    Attributes:
        uid: Of ours; stands in its `scanParameters`.
        what: Kind of its sweeps.
        sweeps: In the order of time; one at least.
    """

    uid: str
    what: What
    sweeps: tuple[ExecutedSweep, ...]

    @property
    def key(self) -> str:
        """Key of its row."""
        return f"group/{self.uid}"


def groups_of(record: SampleRecord) -> tuple[Group, ...]:
    """The groups of a record that have frames, in the order in which they began."""
    members: dict[tuple[What, str], list[ExecutedSweep]] = {}
    for sweep in executed_sweeps(record):
        members.setdefault(_place_of(record, sweep), []).append(sweep)
    return tuple(
        Group(made_uuid(record.item_uid, "group", what, part), what, tuple(sweeps))
        for (what, part), sweeps in members.items()
    )


def _place_of(record: SampleRecord, sweep: ExecutedSweep) -> tuple[What, str]:
    if sweep.grid is not None:
        return "grids", sweep.grid.volume_scan_uuid or (record.item_uid if _centres(record) else sweep.uuid)
    return ("characterisation" if _characterises(sweep.asked) else "collection"), ""


def _characterises(sweep: Mapping[str, Any]) -> bool:
    return bool(sweep.get("role") == "Characterisation")


def _kind(record: SampleRecord) -> str:
    return str((record.experiment.get("extensions") or {}).get(DOMAIN, {}).get("kind", ""))


def _centres(record: SampleRecord) -> bool:
    return _kind(record) == Kind.XRAY_CENTRING


def experiment_type(record: SampleRecord, group: Group) -> str:
    """Value of `experimentType`: from what was asked for, so that it is the same while the experiment runs."""
    if group.what == "grids":
        angles = {round(sweep.grid.centre["omega_deg"], 3) for sweep in group.sweeps if sweep.grid is not None}
        return "Mesh3D" if len(angles) > 1 else "Mesh"
    if group.what == "characterisation":
        return "Characterization"
    asked = [sweep for sweep in record.templates if not _characterises(sweep)] or [group.sweeps[0].asked]
    return _type_of(asked, str(record.experiment.get("experimentStrategy") or ""))


def _type_of(asked: Sequence[Mapping[str, Any]], strategy: str) -> str:
    ours = [(sweep.get("extensions") or {}).get(DOMAIN, {}) for sweep in asked]
    types = {sweep.get("sweepType", "simple") for sweep in asked}
    inverse = " - Inverse Beam" if any(each.get("inverse") for each in ours) else ""
    if len({sweep.get("energy") for sweep in asked}) > 1:
        return f"MAD{inverse}"
    if types == {"still"}:
        return "Still"
    if inverse:
        return f"SAD{inverse}"
    if "helical" in types:
        return "Helical"
    if len({each.get("position") for each in ours}) > 1:
        return "Multi-positional"
    if len(asked) > 1:
        return "Collect - Multiwedge"
    return strategy if strategy in _STRATEGIES else "OSC"


def group_row(given: Told, group: Group) -> Row:
    """The row of a group; our uid, the experiment and the order of scans stand in its `scanParameters`."""
    record = given.record
    kind = experiment_type(record, group)
    ends = [sweep.end for sweep in group.sweeps]
    whole = record.complete or group.what != "collection"
    objects = record.objects
    values = {
        "experimentType": given.site.experiment_types.get(kind, kind),
        "startTime": given.time(group.sweeps[0].start),
        "endTime": given.time(max(end for end in ends if end)) if whole and all(ends) else None,
        "comments": _comments(record) if record.complete else None,
        "actualSampleBarcode": objects.get("Pin", objects.get("MultiPin", {})).get("barcode"),
        "actualContainerBarcode": objects.get("Puck", {}).get("barcode"),
        "actualSampleSlotInContainer": objects.get("Pin", objects.get("MultiPin", {})).get("positionInPuck"),
        "actualContainerSlotInSC": objects.get("Puck", {}).get("positionInDewar"),
        "xtalSnapshotFullPath": given.path(record.snapshots[0].path) if record.snapshots else None,
        "scanParameters": json.dumps({"mxplans": _parameters(record, group)}, sort_keys=True),
    }
    return Row(
        key=group.key,
        table="DataCollectionGroup",
        values=told(values),
        links={"sessionId": SESSION, "blSampleId": SAMPLE},
        natural=("sessionId",),
        mark="scanParameters",
        uid=group.uid,
        note=f"sample {record.sample_name} at {record.locator or 'an unknown place'} is not in ISPyB",
    )


def _comments(record: SampleRecord) -> str:
    return f"{record.verdict}: {record.reason}" if record.reason else record.verdict


def _parameters(record: SampleRecord, group: Group) -> dict[str, Any]:
    return {
        "uid": group.uid,
        "experiment": record.item_uid,
        "sweeps": [{"uuid": sweep.uuid, "ordinals": list(sweep.ordinals)} for sweep in group.sweeps],
    }
