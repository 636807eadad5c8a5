"""Sweeps to groups of data collections: each centring, the characterisation, and what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mxplans.model.extensions import DOMAIN
from mxplans.model.sweeps import GRIDS
from mxplans_lims.executed import ExecutedSweep, characterises, executed_sweeps
from mxplans_lims.names import made_uuid
from mxplans_lims.records import SampleRecord
from mxplans_lims.targets.ispyb.row import SAMPLE, SESSION, Row, told
from mxplans_lims.targets.ispyb.site import Told

What = Literal["grids", "characterisation", "collection"]
ASKED = "group"
"""Key of the group of what was asked for; those of others begin with it."""
_STRATEGIES = ("SAD", "MAD")


@dataclass(frozen=True)
class Group:
    """Data collections that belong together: one row of `DataCollectionGroup`.

    Attributes:
        key: Of its row; `group` for that of the sweeps that the experiment asks for.
        uid: Of ours; stands in its `scanParameters`.
        what: Kind of its sweeps.
        sweeps: In the order of time; none for what was asked for and has no frames yet.
    """

    key: str
    uid: str
    what: What
    sweeps: tuple[ExecutedSweep, ...]


def groups_of(record: SampleRecord) -> tuple[Group, ...]:
    """The groups of a record, in the order in which they began.

    The group of what was asked for is there from the beginning, and stays when nothing came of it: processing at some
    sites wants its identifier before the first frame. All others are there when they have frames. A centring is known
    by its number, so that a later attempt which centres anew takes the place of the earlier one, as in the record.
    """
    main = _asked_for(record)
    executed = executed_sweeps(record)
    volumes = list(
        dict.fromkeys(sweep.grid.volume_scan_uuid for sweep in executed if sweep.grid and sweep.grid.volume_scan_uuid)
    )
    members: dict[tuple[What, str], list[ExecutedSweep]] = {}
    for sweep in executed:
        if sweep.grid is not None and sweep.grid.volume_scan_uuid is not None:
            place: tuple[What, str] = ("grids", f"centring {volumes.index(sweep.grid.volume_scan_uuid) + 1}")
        else:
            place = _place_of(sweep, main)
        members.setdefault(place, []).append(sweep)
    if main is not None:
        members.setdefault((main, ""), [])
    found = []
    for (what, part), sweeps in members.items():
        uid = made_uuid(record.item_uid, "group", what, part)
        key = ASKED if (what, part) == (main, "") else f"{ASKED}/{uid}"
        found.append(Group(key, uid, what, tuple(sweeps)))
    return tuple(found)


def _asked_for(record: SampleRecord) -> What | None:
    """Kind of what a record asks for; None where that is no sweep."""
    if not record.templates:
        return None
    if all(sweep.get("sweepType") in GRIDS for sweep in record.templates):
        return "grids"
    return "characterisation" if all(map(characterises, record.templates)) else "collection"


def _place_of(sweep: ExecutedSweep, main: What | None) -> tuple[What, str]:
    """Kind and part of a sweep that no centring made."""
    if sweep.grid is not None:
        return "grids", "" if main == "grids" else sweep.uuid
    return ("characterisation" if characterises(sweep.asked) else "collection"), ""


def experiment_type(record: SampleRecord, group: Group) -> str:
    """Value of `experimentType`: from what was asked for, so that it is the same while the experiment runs."""
    if group.what == "grids":
        return "Mesh3D" if len(_angles(record, group)) > 1 else "Mesh"
    if group.what == "characterisation":
        return "Characterization"
    asked = [sweep for sweep in record.templates if not characterises(sweep)] or [group.sweeps[0].asked]
    return _type_of(asked, str(record.experiment.get("experimentStrategy") or ""))


def _angles(record: SampleRecord, group: Group) -> set[float]:
    """Angles of omega (deg) at which grids were taken, or are to be."""
    taken = {round(sweep.grid.centre["omega_deg"], 3) for sweep in group.sweeps if sweep.grid is not None}
    return taken or {(sweep.get("axisPositionsStart") or {}).get("omega", 0.0) for sweep in record.templates}


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
    objects = record.objects
    values = {
        "experimentType": given.site.experiment_types.get(kind, kind),
        "startTime": given.time(group.sweeps[0].start if group.sweeps else record.start),
        "endTime": given.time(_end(record, group)),
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


def _end(record: SampleRecord, group: Group) -> datetime | None:
    """When its last sweep ended; of what was asked for, when nothing comes any more."""
    if group.key == ASKED and not record.complete:
        return None
    ends = [sweep.end for sweep in group.sweeps if sweep.end is not None]
    if len(ends) < len(group.sweeps):
        return None
    return max(ends, default=record.end)


def _comments(record: SampleRecord) -> str:
    return f"{record.verdict}: {record.reason}" if record.reason else record.verdict


def _parameters(record: SampleRecord, group: Group) -> dict[str, Any]:
    return {
        "uid": group.uid,
        "experiment": record.item_uid,
        "sweeps": [{"uuid": sweep.uuid, "ordinals": list(sweep.ordinals)} for sweep in group.sweeps],
    }
