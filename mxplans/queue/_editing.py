"""Changing what stands in the tree, inside one transaction."""

from __future__ import annotations

import sqlite3
from typing import Any

from mxplans.errors import QueueRefused
from mxplans.model import QueueItem
from mxplans.queue._digest import written
from mxplans.queue._rows import Actor, check_not_running, item_row, place_of, session_row, set_fields
from mxplans.queue._running import has_ended
from mxplans.queue.events import EventKind, Place, record_event
from mxplans.queue.states import Outcome, State


def check_not_begun(connection: sqlite3.Connection, row: sqlite3.Row, what: str) -> None:
    """See that no worker has ever begun an experiment, and that it has not ended.

    Raises:
        QueueRefused: If it has ended, is running, or was begun.
    """
    check_not_running(row, what)
    begun = connection.execute("SELECT attempt FROM experiment WHERE item_uuid = ?", (row["uuid"],)).fetchone()
    if row["state"] == State.ENDED or begun is not None:
        now = f"has ended as {row['outcome']}" if row["state"] == State.ENDED else "was begun before"
        raise QueueRefused(f"experiment {row['uuid']} {now} and cannot be {what}; copy it instead")


def change(connection: sqlite3.Connection, item: QueueItem, actor: Actor) -> None:
    """Give an experiment another content.

    Raises:
        QueueRefused: If it is not there, was begun, or the new content is for another sample.
    """
    row = item_row(connection, item.uuid)
    new = written(item)
    if new.digest == row["digest"]:
        return
    check_not_begun(connection, row, "changed")
    before = QueueItem.model_validate_json(row["content"])
    place = (item.sample_name, item.location, item.position_in_pin)
    if place != (before.sample_name, before.location, before.position_in_pin):
        raise QueueRefused(
            f"experiment {item.uuid} is for sample {before.sample_name}, the new content is for {item.sample_name} "
            "or another place; move it to that sample, or keep sampleName, location and positionInPin"
        )
    columns: dict[str, Any] = {
        "content": new.content,
        "digest": new.digest,
        "kind": item.kind.value,
        "number_images": item.number_images,
        "sample_group": item.experiment.sample_group,
    }
    if item.experiment.priority != before.experiment.priority:
        columns["priority"] = item.experiment.priority
    set_fields(connection, row, actor, EventKind.CHANGED, columns, content=True)


def enable(connection: sqlite3.Connection, uuid: str, enabled: bool, actor: Actor) -> None:
    """Switch an experiment on or off.

    Raises:
        QueueRefused: If it is not there or running.
    """
    row = item_row(connection, uuid)
    if bool(row["enabled"]) == enabled:
        return
    check_not_running(row, "switched off")
    set_fields(connection, row, actor, EventKind.CHANGED, {"enabled": enabled})


def set_priority(connection: sqlite3.Connection, uuid: str, priority: int | None, actor: Actor) -> None:
    """Give an experiment another priority, from 1; None comes last.

    Raises:
        QueueRefused: If it is not there, running or ended, or the priority is not from 1 on.
    """
    if priority is not None and not 1 <= priority <= 1_000_000:
        raise QueueRefused(f"priority {priority}; allowed is 1 (first) to 1000000, or none (last)")
    row = item_row(connection, uuid)
    check_not_running(row, "given another priority")
    if row["state"] == State.ENDED:
        raise QueueRefused(f"experiment {uuid} has ended as {row['outcome']}; retry or copy it first")
    if row["priority"] != priority:
        set_fields(connection, row, actor, EventKind.CHANGED, {"priority": priority})


def remove(connection: sqlite3.Connection, uuid: str, actor: Actor) -> None:
    """Take an experiment out of the tree; what the ledger knows of it stays.

    Raises:
        QueueRefused: If it is not there or running.
    """
    row = item_row(connection, uuid)
    check_not_running(row, "removed")
    connection.execute("DELETE FROM item WHERE id = ?", (row["id"],))
    connection.execute("INSERT OR REPLACE INTO removed_item VALUES (?, ?, ?)", (uuid, actor.who, actor.time_s))
    record_event(connection, actor.time_s, EventKind.REMOVED, place_of(row), actor.who, {})


def remove_sample(connection: sqlite3.Connection, sample: sqlite3.Row, session: str, actor: Actor) -> None:
    """Take a sample with its experiments out of the tree.

    Raises:
        QueueRefused: If one of them is running.
    """
    for row in connection.execute("SELECT uuid FROM item WHERE sample = ? ORDER BY rank", (sample["id"],)).fetchall():
        remove(connection, row["uuid"], actor)
    connection.execute("DELETE FROM sample WHERE id = ?", (sample["id"],))
    where = Place("sample", session, sample["name"])
    record_event(connection, actor.time_s, EventKind.REMOVED, where, actor.who, {})


def remove_session(connection: sqlite3.Connection, name: str, actor: Actor) -> None:
    """Take a session with all that is in it out of the tree.

    Raises:
        QueueRefused: If it is not there or something of it is running.
    """
    session = session_row(connection, name)
    rows = connection.execute("SELECT * FROM sample WHERE session = ? ORDER BY rank", (session["id"],)).fetchall()
    for sample in rows:
        remove_sample(connection, sample, name, actor)
    connection.execute("DELETE FROM sample_group WHERE session = ?", (session["id"],))
    connection.execute("DELETE FROM session WHERE id = ?", (session["id"],))
    record_event(connection, actor.time_s, EventKind.REMOVED, Place("session", name), actor.who, {})


def set_group(connection: sqlite3.Connection, session: str, group: str, on_failure_go_on: bool, actor: Actor) -> None:
    """Say what a failure means for the other experiments of a sample group.

    Raises:
        QueueRefused: If there is no such session.
    """
    row = session_row(connection, session)
    connection.execute("INSERT OR REPLACE INTO sample_group VALUES (?, ?, ?)", (row["id"], group, on_failure_go_on))
    told = {"sampleGroups": {group: {"onFailureGoOn": on_failure_go_on}}}
    record_event(connection, actor.time_s, EventKind.CHANGED, Place("session", session), actor.who, told)


def retry(connection: sqlite3.Connection, uuid: str, actor: Actor) -> None:
    """Let an ended experiment wait again; scans that are committed are not taken again.

    Raises:
        QueueRefused: If it is not there, has not ended, or is completed.
    """
    row = item_row(connection, uuid)
    if row["state"] != State.ENDED:
        raise QueueRefused(f"experiment {uuid} is {row['state']}; only one that has ended can be tried again")
    if row["outcome"] == Outcome.COMPLETED:
        raise QueueRefused(f"experiment {uuid} is completed; copy it to collect it once more")
    connection.execute(
        "UPDATE experiment SET state = ?, outcome = NULL, reason = '' WHERE item_uuid = ?", (State.WAITING, uuid)
    )
    columns = {"state": State.WAITING.value, "outcome": None, "reason": None, "ended_s": None}
    set_fields(connection, row, actor, EventKind.CHANGED, columns)


def release(connection: sqlite3.Connection, uuid: str, actor: Actor) -> None:
    """Let an experiment wait again whose worker is gone.

    Raises:
        QueueRefused: If it is not there.
    """
    row = item_row(connection, uuid)
    if row["state"] == State.RUNNING:
        # Should the worker be alive after all, it can write no more.
        connection.execute("UPDATE experiment SET state = ? WHERE item_uuid = ?", (State.WAITING, uuid))
        set_fields(connection, row, actor, EventKind.CHANGED, {"state": State.WAITING.value})


def end(connection: sqlite3.Connection, uuid: str, outcome: Outcome, reason: str, actor: Actor) -> None:
    """Note how an experiment ended that no worker can tell of; saying it again changes nothing.

    Raises:
        QueueRefused: If it is not there or has ended otherwise.
    """
    row = item_row(connection, uuid)
    if row["state"] == State.ENDED:
        if row["outcome"] == outcome:
            return
        raise QueueRefused(f"experiment {uuid} has ended as {row['outcome']} already, not as {outcome}")
    connection.execute(
        "UPDATE experiment SET state = ?, outcome = ?, reason = ? WHERE item_uuid = ?",
        (State.ENDED, outcome, reason, uuid),
    )
    has_ended(connection, uuid, actor, outcome, reason)
