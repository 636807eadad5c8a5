"""Finding the rows of the tree, and changing a row of an experiment together with the event that tells of it.

Everything here works inside the transaction that is open on the connection.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from mxplans.errors import QueueRefused
from mxplans.queue.events import EventKind, Place, record_event
from mxplans.queue.states import State

WITH_NAMES = """
    SELECT item.*, sample.name AS sample_name, session.id AS session_id, session.name AS session_name
    FROM item JOIN sample ON sample.id = item.sample JOIN session ON session.id = sample.session
"""

_TOLD_AS = {
    "begun_s": "begunS",
    "ended_s": "endedS",
    "images_done": "imagesDone",
    "number_images": "numberImages",
    "sample_group": "sampleGroup",
    "scans_all": "scansAll",
    "scans_done": "scansDone",
}
_NOT_TOLD = ("uuid", "content", "digest", "sample", "rank")


@dataclass(frozen=True)
class Actor:
    """Who does something, and when."""

    who: str
    time_s: float


def session_row(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    """The row of a session.

    Raises:
        QueueRefused: If there is none of this name.
    """
    row: sqlite3.Row | None = connection.execute("SELECT * FROM session WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise QueueRefused(f"the queue has no session {name!r}; add it first")
    return row


def sample_row(connection: sqlite3.Connection, session: sqlite3.Row, name: str) -> sqlite3.Row:
    """The row of a sample.

    Raises:
        QueueRefused: If the session has none of this name.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM sample WHERE session = ? AND name = ?", (session["id"], name)
    ).fetchone()
    if row is None:
        raise QueueRefused(f"session {session['name']} has no sample {name!r}; add it first")
    return row


def find_item(connection: sqlite3.Connection, uuid: str) -> sqlite3.Row | None:
    """The row of an experiment with the names of its sample and session, if it stands in the tree."""
    row: sqlite3.Row | None = connection.execute(f"{WITH_NAMES} WHERE item.uuid = ?", (uuid,)).fetchone()
    return row


def item_row(connection: sqlite3.Connection, uuid: str) -> sqlite3.Row:
    """The row of an experiment with the names of its sample and session.

    Raises:
        QueueRefused: If the queue does not hold it.
    """
    row = find_item(connection, uuid)
    if row is None:
        raise QueueRefused(f"the queue holds no experiment {uuid}; add it first")
    return row


def place_of(row: sqlite3.Row) -> Place:
    """Where an experiment stands."""
    return Place("experiment", row["session_name"], row["sample_name"], row["uuid"])


def set_fields(
    connection: sqlite3.Connection,
    row: sqlite3.Row,
    actor: Actor,
    what: EventKind,
    columns: dict[str, Any],
    **more: Any,
) -> None:
    """Give an experiment's row new values and tell of them, and of more, by their names in the snapshot."""
    names = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE item SET {names} WHERE id = ?", (*columns.values(), row["id"]))
    record_event(connection, actor.time_s, what, place_of(row), actor.who, {**told(columns), **more})


def told(columns: dict[str, Any]) -> dict[str, Any]:
    """Columns of an experiment's row as events and the snapshot name them; the content is not told."""
    return {_TOLD_AS.get(name, name): value for name, value in columns.items() if name not in _NOT_TOLD}


def check_not_running(row: sqlite3.Row, what: str) -> None:
    """See that no worker is at an experiment.

    Raises:
        QueueRefused: If one is.
    """
    if row["state"] == State.RUNNING:
        raise QueueRefused(f"experiment {row['uuid']} is running and cannot be {what}; abort it first, or wait")
