"""What the ledger's records mean for the tree: an experiment that stands in it is running, goes on, has ended.

Everything here works inside the transaction that is open on the connection.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from mxplans.errors import QueueRefused
from mxplans.queue._rows import WITH_NAMES, Actor, find_item, set_fields
from mxplans.queue.events import EventKind
from mxplans.queue.states import FINAL, Outcome, State


def check_may_begin(connection: sqlite3.Connection, uuid: str, digest: str | None) -> None:
    """See that the queue still wants an experiment.

    Raises:
        QueueRefused: If it was removed, switched off, has ended for good, or was changed since it was handed out.
    """
    removed = connection.execute("SELECT who FROM removed_item WHERE uuid = ?", (uuid,)).fetchone()
    if removed:
        raise QueueRefused(f"experiment {uuid} was removed from the queue by {removed['who']}; do not run it")
    row = find_item(connection, uuid)
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
    row = find_item(connection, uuid)
    if row is None:
        return
    columns: dict[str, Any] = {"state": State.RUNNING.value, "outcome": None, "reason": None, "ended_s": None}
    columns["begun_s"] = actor.time_s
    if scans_all is not None:
        columns["scans_all"] = scans_all
    set_fields(connection, row, actor, EventKind.STARTED, columns)


def went_on(connection: sqlite3.Connection, uuid: str, actor: Actor, number_images: int) -> None:
    """A scan more is committed."""
    row = find_item(connection, uuid)
    if row is not None:
        columns = {"scans_done": row["scans_done"] + 1, "images_done": row["images_done"] + number_images}
        set_fields(connection, row, actor, EventKind.PROGRESSED, columns)


def has_ended(connection: sqlite3.Connection, uuid: str, actor: Actor, outcome: Outcome, reason: str) -> None:
    """It has ended; those of its sample group that need not run any more are skipped."""
    row = find_item(connection, uuid)
    if row is None:
        return
    _end(connection, row, actor, outcome, reason)
    group = row["sample_group"]
    if group is None or outcome is Outcome.SKIPPED:
        return
    if outcome is Outcome.COMPLETED:
        why = _succeeded(row["uuid"], group)
    elif not _goes_on(connection, row):
        why = f"{uuid} of sample group {group} ended as {outcome}, and the group stops then"
    else:
        return
    others = connection.execute(
        f"{WITH_NAMES} WHERE item.sample_group = ? AND session.id = ? AND item.state = ? "
        "ORDER BY sample.rank, item.rank",
        (group, row["session_id"], State.WAITING),
    ).fetchall()
    for other in others:
        _end(connection, other, actor, Outcome.SKIPPED, why)


def skip_if_group_succeeded(connection: sqlite3.Connection, row: sqlite3.Row, actor: Actor) -> None:
    """Skip an experiment that comes to a sample group of which one has succeeded."""
    if row["sample_group"] is None or row["state"] != State.WAITING:
        return
    done = connection.execute(
        f"{WITH_NAMES} WHERE item.sample_group = ? AND session.id = ? AND item.outcome = ? LIMIT 1",
        (row["sample_group"], row["session_id"], Outcome.COMPLETED),
    ).fetchone()
    if done is not None:
        _end(connection, row, actor, Outcome.SKIPPED, _succeeded(done["uuid"], row["sample_group"]))


def known_to_ledger(connection: sqlite3.Connection, uuid: str, digest: str) -> dict[str, Any]:
    """State and progress of an experiment that comes into the tree and may have been begun before.

    Raises:
        QueueRefused: If it was begun with other content.
    """
    row = connection.execute("SELECT * FROM experiment WHERE item_uuid = ?", (uuid,)).fetchone()
    if row is None:
        return {"state": State.WAITING.value}
    if row["digest"] and row["digest"] != digest:
        raise QueueRefused(f"experiment {uuid} was begun with other content; give the new content a uuid of its own")
    scans, images = connection.execute(
        "SELECT count(*), coalesce(sum(number_images), 0) FROM scan_committed WHERE item_uuid = ?", (uuid,)
    ).fetchone()
    progress = {"scans_done": scans, "images_done": images}
    if row["outcome"] is not None and Outcome(row["outcome"]) in FINAL:
        return {**progress, "state": row["state"], "outcome": row["outcome"], "reason": row["reason"]}
    running = row["state"] == State.RUNNING
    return {**progress, "state": State.RUNNING.value if running else State.WAITING.value}


def _succeeded(uuid: str, group: str) -> str:
    return f"{uuid} of sample group {group} succeeded"


def _end(connection: sqlite3.Connection, row: sqlite3.Row, actor: Actor, outcome: Outcome, reason: str) -> None:
    columns = {"state": State.ENDED.value, "outcome": outcome.value, "reason": reason, "ended_s": actor.time_s}
    set_fields(connection, row, actor, EventKind.ENDED, columns)


def _goes_on(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
    setting = connection.execute(
        "SELECT on_failure_go_on FROM sample_group WHERE session = ? AND name = ?",
        (row["session_id"], row["sample_group"]),
    ).fetchone()
    return setting is None or bool(setting["on_failure_go_on"])
