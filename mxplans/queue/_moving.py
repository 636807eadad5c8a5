"""Moving and copying within the tree, inside one transaction."""

from __future__ import annotations

import json
import sqlite3
import uuid as uuids
from typing import Any, NamedTuple

from mxplans.errors import QueueRefused
from mxplans.model import QueueItem, parse_item
from mxplans.queue._adding import insert_item, uuid_after
from mxplans.queue._digest import written
from mxplans.queue._editing import check_not_begun
from mxplans.queue._ranks import Siblings, To
from mxplans.queue._rows import Actor, item_row, sample_row, session_row, set_fields
from mxplans.queue.events import EventKind, Place, record_event

_OF_ITS_MESSAGE = ("sampleRef", "logisticalSampleRef")
_NOT_COPIED = ("priority", "startTime", "endTime", "jobStatus", "measuredFlux", "radiationDose")


class Target(NamedTuple):
    """A place in the tree for an experiment."""

    to: To = "last"
    of: str | None = None
    """Uuid of the neighbour, with before and after."""
    sample: str | None = None
    """Name of another sample of the same session; None: the neighbour's, or its own."""


def move(connection: sqlite3.Connection, uuid: str, target: Target, actor: Actor) -> None:
    """Put an experiment elsewhere in its session.

    Raises:
        QueueRefused: If it, the neighbour or the sample is not there, or if one that was begun would change its sample.
    """
    row = item_row(connection, uuid)
    if target.of == uuid:
        raise QueueRefused(f"experiment {uuid} cannot stand {target.to} itself; name another neighbour")
    sample, neighbour = _find(connection, row, target)
    columns: dict[str, Any] = {}
    if sample["id"] != row["sample"]:
        check_not_begun(connection, row, "moved to another sample")
        new = written(_for_sample(json.loads(row["content"]), sample))
        columns |= {"sample": sample["id"], "content": new.content, "digest": new.digest}
    columns["rank"] = Siblings("item", sample["id"]).rank(connection, target.to, neighbour)
    names = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE item SET {names} WHERE id = ?", (*columns.values(), row["id"]))
    moved = item_row(connection, uuid)
    set_fields(
        connection, moved, actor, EventKind.MOVED, {"state": moved["state"]}, before=uuid_after(connection, moved)
    )


def _find(connection: sqlite3.Connection, row: sqlite3.Row, target: Target) -> tuple[sqlite3.Row, int | None]:
    """Row of the sample that an experiment goes to, and id of the neighbour there."""
    session = session_row(connection, row["session_name"])
    neighbour = item_row(connection, target.of) if target.of is not None else None
    if neighbour is not None and neighbour["session_id"] != session["id"]:
        raise QueueRefused(
            f"experiment {target.of} is in session {neighbour['session_name']}, {row['uuid']} in {session['name']}; "
            "experiments stay in their session"
        )
    own = row["sample_name"] if neighbour is None else neighbour["sample_name"]
    sample = sample_row(connection, session, target.sample or own)
    if neighbour is not None and neighbour["sample"] != sample["id"]:
        raise QueueRefused(f"experiment {target.of} is for sample {own}, not {target.sample}; name one of the two")
    return sample, None if neighbour is None else int(neighbour["id"])


def _for_sample(content: dict[str, Any], sample: sqlite3.Row) -> QueueItem:
    """The content of an experiment, for another sample."""
    experiment = {name: value for name, value in content["experiment"].items() if name not in _OF_ITS_MESSAGE}
    place = {"sampleName": sample["name"], "objects": json.loads(sample["objects"])}
    if sample["puck"] is not None:
        place["location"] = {"puck": sample["puck"], "pin": sample["pin"]}
    if sample["position_in_pin"] is not None:
        place["positionInPin"] = sample["position_in_pin"]
    kept = {name: value for name, value in content.items() if name not in ("location", "positionInPin")}
    return parse_item({**kept, **place, "experiment": experiment})


def move_sample(connection: sqlite3.Connection, session: str, name: str, to: To, of: str | None, actor: Actor) -> None:
    """Put a sample elsewhere in its session.

    Raises:
        QueueRefused: If the session, the sample or the neighbour is not there.
    """
    if of == name:
        raise QueueRefused(f"sample {name} cannot stand {to} itself; name another neighbour")
    parent = session_row(connection, session)
    row = sample_row(connection, parent, name)
    neighbour = int(sample_row(connection, parent, of)["id"]) if of is not None else None
    siblings = Siblings("sample", parent["id"])
    rank = siblings.rank(connection, to, neighbour)
    connection.execute("UPDATE sample SET rank = ? WHERE id = ?", (rank, row["id"]))
    following = siblings.after(connection, rank)
    before = following and connection.execute("SELECT name FROM sample WHERE id = ?", (following,)).fetchone()[0]
    where = Place("sample", session, name)
    record_event(connection, actor.time_s, EventKind.MOVED, where, actor.who, {"before": before})


def copy(connection: sqlite3.Connection, uuid: str, new_uuid: str | None, target: Target, actor: Actor) -> str:
    """Add an experiment with the content of another, identities of its own and no priority; its uuid.

    Raises:
        QueueRefused: If the original or the place is not there, or the new uuid is taken.
        InvalidInput: If the new uuid is none.
    """
    row = item_row(connection, uuid)
    sample, neighbour = _find(connection, row, target)
    identity = new_uuid or _derived(connection, uuid)
    if connection.execute("SELECT 1 FROM item WHERE uuid = ?", (identity,)).fetchone():
        raise QueueRefused(f"experiment {identity} is in the queue already; give another uuid, or none")
    content = json.loads(row["content"])
    experiment = {name: value for name, value in content["experiment"].items() if name not in _NOT_COPIED}
    content["experiment"] = {**experiment, "uuid": identity}
    # Sweeps that come without a uuid get one that follows from the experiment's.
    content["sweeps"] = [
        {name: value for name, value in sweep.items() if name != "uuid"} for sweep in content["sweeps"]
    ]
    item = parse_item(content) if sample["id"] == row["sample"] else _for_sample(content, sample)
    rank = Siblings("item", sample["id"]).rank(connection, target.to, neighbour)
    insert_item(connection, written(item), sample["id"], rank, True, actor)
    return identity


def _derived(connection: sqlite3.Connection, uuid: str) -> str:
    """The first uuid that follows from an experiment's and was never used here."""
    number = 1
    while True:
        found = str(uuids.uuid5(uuids.NAMESPACE_URL, f"mxplans:{uuid}/copy/{number}"))
        used = connection.execute(
            "SELECT 1 FROM item WHERE uuid = ?1 UNION ALL SELECT 1 FROM removed_item WHERE uuid = ?1 "
            "UNION ALL SELECT 1 FROM experiment WHERE item_uuid = ?1",
            (found,),
        ).fetchone()
        if used is None:
            return found
        number += 1
