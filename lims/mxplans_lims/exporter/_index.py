"""Where in the journal the runs of each experiment stand, and how far it has been read: kept in the outbox's file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

CONSUMER = "exporter"


@dataclass(frozen=True)
class Position:
    """How far a journal has been read.

    Attributes:
        journal: Which one.
        offset: Behind the last document that was taken.
        documents: How many have been taken.
        epoch: Changes when somebody else moves the position.
    """

    journal: str = ""
    offset: int = 0
    documents: int = 0
    epoch: int = 0


@dataclass(frozen=True)
class IndexedRun:
    """A run of an experiment; `stop` is the offset behind its stop document, None before that has come."""

    uid: str
    item_uid: str
    parent_uid: str | None
    start: int
    stop: int | None = None


def read_position(connection: sqlite3.Connection) -> Position:
    """How far the journal has been read."""
    row = connection.execute("SELECT * FROM positions WHERE consumer = ?", (CONSUMER,)).fetchone()
    return Position() if row is None else Position(row["journal"], row["offset"], row["documents"], row["epoch"])


def write_position(connection: sqlite3.Connection, position: Position, now_s: float) -> bool:
    """Keep the position; False, and nothing is kept, if somebody else has moved it."""
    changed = connection.execute(
        "INSERT INTO positions (consumer, journal, offset, documents, epoch, changed_s) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (consumer) DO UPDATE SET journal = excluded.journal, offset = excluded.offset, "
        "documents = excluded.documents, changed_s = excluded.changed_s WHERE epoch = excluded.epoch",
        (CONSUMER, position.journal, position.offset, position.documents, position.epoch, now_s),
    )
    return changed.rowcount == 1


def move_position(connection: sqlite3.Connection, offset: int, now_s: float) -> None:
    """Let the exporter go on elsewhere."""
    before = read_position(connection)
    documents = before.documents if offset else 0
    moved = replace(before, offset=offset, documents=documents, epoch=before.epoch + 1)
    connection.execute("DELETE FROM positions WHERE consumer = ?", (CONSUMER,))
    write_position(connection, moved, now_s)


def forget_runs(connection: sqlite3.Connection) -> None:
    """Another journal stands at the path: nothing of the index holds."""
    connection.execute("DELETE FROM runs")


def add_runs(connection: sqlite3.Connection, runs: Iterable[IndexedRun]) -> None:
    """Keep runs; one that is known already is the same run, read again."""
    connection.executemany(
        "INSERT INTO runs (uid, item_uid, parent_uid, start_offset, stop_offset) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (uid) DO UPDATE SET start_offset = excluded.start_offset, "
        "stop_offset = COALESCE(excluded.stop_offset, stop_offset)",
        [(run.uid, run.item_uid, run.parent_uid, run.start, run.stop) for run in runs],
    )


def open_runs(connection: sqlite3.Connection) -> dict[str, IndexedRun]:
    """Runs without a stop document, by uid."""
    return {run.uid: run for run in _runs(connection, "stop_offset IS NULL", ())}


def attempts(connection: sqlite3.Connection, item_uid: str) -> list[IndexedRun]:
    """Outer runs of an experiment, in order."""
    return _runs(connection, "item_uid = ? AND parent_uid IS NULL", (item_uid,))


def run_at(connection: sqlite3.Connection, uid: str) -> IndexedRun | None:
    """A run."""
    found = _runs(connection, "uid = ?", (uid,))
    return found[0] if found else None


def items_from(connection: sqlite3.Connection, offset: int) -> list[str]:
    """Experiments with a run that begins at an offset or later."""
    rows = connection.execute("SELECT DISTINCT item_uid FROM runs WHERE start_offset >= ?", (offset,))
    return [row["item_uid"] for row in rows]


def _runs(connection: sqlite3.Connection, condition: str, values: tuple[object, ...]) -> list[IndexedRun]:
    rows = connection.execute(f"SELECT * FROM runs WHERE {condition} ORDER BY start_offset", values)
    return [
        IndexedRun(row["uid"], row["item_uid"], row["parent_uid"], row["start_offset"], row["stop_offset"])
        for row in rows
    ]
