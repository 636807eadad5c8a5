"""What the ledger's records mean for the tree: an experiment that stands in it is running, goes on, has ended.

Everything here works inside the transaction that is open on the connection.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from mxplans.errors import QueueRefused
from mxplans.queue.events import EventKind, Place, record_event
from mxplans.queue.states import FINAL, Outcome, State

_IN_TREE = """
    SELECT item.*, sample.name AS sample_name, session.id AS session_id, session.name AS session_name
    FROM item JOIN sample ON sample.id = item.sample JOIN session ON session.id = sample.session
    WHERE item.uuid = ?
"""


@dataclass(frozen=True)
class Actor:
    """Who does something, and when."""

    who: str
    time_s: float


def in_tree(connection: sqlite3.Connection, uuid: str) -> sqlite3.Row | None:
    """The row of an experiment with the names of its sample and session, if it stands in the tree."""
    row: sqlite3.Row | None = connection.execute(_IN_TREE, (uuid,)).fetchone()
    return row


def place_of(row: sqlite3.Row) -> Place:
    """Where an experiment stands."""
    return Place("experiment", row["session_name"], row["sample_name"], row["uuid"])


def set_fields(
    connection: sqlite3.Connection, row: sqlite3.Row, actor: Actor, what: EventKind, columns: dict[str, Any]
) -> None:
    """Give an experiment's row new values and tell of them by their names in the snapshot."""
    names = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE item SET {names} WHERE id = ?", (*columns.values(), row["id"]))
    detail = {_TOLD_AS.get(name, name): value for name, value in columns.items()}
    if "enabled" in detail:
        detail["enabled"] = bool(detail["enabled"])
    record_event(connection, actor.time_s, what, place_of(row), actor.who, detail)


_TOLD_AS = {
    "begun_s": "begunS",
    "ended_s": "endedS",
    "scans_done": "scansDone",
    "scans_all": "scansAll",
    "images_done": "imagesDone",
    "number_images": "numberImages",
    "sample_group": "sampleGroup",
}


def check_may_begin(connection: sqlite3.Connection, uuid: str, digest: str | None) -> None:
    """See that the queue still wants an experiment.

    Raises:
        QueueRefused: If it was removed, switched off, has ended for good, or was changed since it was handed out.
    """
    removed = connection.execute("SELECT who FROM removed_item WHERE uuid = ?", (uuid,)).fetchone()
    if removed:
        raise QueueRefused(f"experiment {uuid} was removed from the queue by {removed['who']}; do not run it")
    row = in_tree(connection, uuid)
    if row is None:
        return
    if not row["enabled"]:
        raise QueueRefused(f"experiment {uuid} is switched off; enable it first")
    if row["state"] == State.ENDED and Outcome(row["outcome"]) in FINAL:
        raise QueueRefused(
            f"experiment {uuid} has ended as {row['outcome']} ({row['reason'] or 'no reason given'}); "
            "put it back with retry, or copy it"
        )
    if digest is not None and digest != row["digest"]:
        raise QueueRefused(f"experiment {uuid} was changed since it was handed out; take it from the queue anew")


def began(connection: sqlite3.Connection, uuid: str, actor: Actor, scans_all: int | None) -> None:
    """A worker has begun it."""
    row = in_tree(connection, uuid)
    if row is None:
        return
    columns: dict[str, Any] = {"state": State.RUNNING.value, "outcome": None, "reason": None, "ended_s": None}
    columns["begun_s"] = actor.time_s
    if scans_all is not None:
        columns["scans_all"] = scans_all
    set_fields(connection, row, actor, EventKind.STARTED, columns)


def went_on(connection: sqlite3.Connection, uuid: str, actor: Actor, number_images: int) -> None:
    """A scan more is committed."""
    row = in_tree(connection, uuid)
    if row is not None:
        columns = {"scans_done": row["scans_done"] + 1, "images_done": row["images_done"] + number_images}
        set_fields(connection, row, actor, EventKind.PROGRESSED, columns)


def has_ended(connection: sqlite3.Connection, uuid: str, actor: Actor, outcome: Outcome, reason: str) -> None:
    """It has ended; those of its sample group that need not run any more are skipped."""
    row = in_tree(connection, uuid)
    if row is None:
        return
    _end(connection, row, actor, outcome, reason)
    group = row["sample_group"]
    if group is None or outcome is Outcome.SKIPPED:
        return
    if outcome is Outcome.COMPLETED:
        why = f"{uuid} of sample group {group} succeeded"
    elif not _goes_on(connection, row):
        why = f"{uuid} of sample group {group} ended as {outcome}, and the group stops then"
    else:
        return
    others = connection.execute(
        "SELECT item.uuid FROM item JOIN sample ON sample.id = item.sample "
        "WHERE item.sample_group = ? AND sample.session = ? AND item.state IN (?, ?) ORDER BY sample.rank, item.rank",
        (group, row["session_id"], State.WAITING, State.HANDED),
    ).fetchall()
    for other in others:
        other_row = in_tree(connection, other["uuid"])
        if other_row is not None:
            _end(connection, other_row, actor, Outcome.SKIPPED, why)


def _end(connection: sqlite3.Connection, row: sqlite3.Row, actor: Actor, outcome: Outcome, reason: str) -> None:
    columns = {"state": State.ENDED.value, "outcome": outcome.value, "reason": reason, "ended_s": actor.time_s}
    set_fields(connection, row, actor, EventKind.ENDED, columns)


def _goes_on(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    setting = connection.execute(
        "SELECT on_failure_go_on FROM sample_group WHERE session = ? AND name = ?",
        (row["session_id"], row["sample_group"]),
    ).fetchone()
    return setting is None or bool(setting["on_failure_go_on"])
