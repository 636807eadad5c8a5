"""Reading the queue tree and its events."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Self

from mxplans.errors import QueueRefused
from mxplans.queue import _reading
from mxplans.queue._database import Database
from mxplans.queue._rows import item_row
from mxplans.queue.events import EVENTS_MOST, QueueEvent, last_sequence, read_events
from mxplans.queue.nodes import NextItem
from mxplans.queue.states import State

ITEMS_MOST = 100_000
"""Of one call."""


class QueueReader:
    """The tree in a queue file, to be read. Any thread of one process may use it; each process opens its own.

    Args:
        path: Of the queue file; made if it is not there.

    Raises:
        LedgerError: If the file is damaged, of another version, or cannot be used. Every method raises it then.
    """

    def __init__(self, path: Path | str) -> None:
        self._database = Database(path)
        self._order: tuple[int, tuple[str, ...]] = (-1, ())

    def close(self) -> None:
        """Close the file; calling it twice does no harm."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def order(self) -> tuple[str, ...]:
        """Uuids of the experiments that wait and are switched on, as they are to be executed (`execution_order`)."""
        with self._database.read() as connection:
            return self._order_in(connection)

    def next_items(self, count: int) -> tuple[NextItem, ...]:
        """The first experiments of the order, with their content."""
        with self._database.read() as connection:
            return _reading.contents(connection, self._order_in(connection)[:count])

    def _order_in(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        """The order, worked out anew when something has happened: whatever it depends on comes with an event."""
        sequence = last_sequence(connection)
        if self._order[0] != sequence:
            self._order = (sequence, _reading.order(connection))
        return self._order[1]

    def uuids_in(self, state: State) -> tuple[str, ...]:
        """Uuids of the experiments in a state, in the order they came in."""
        with self._database.read() as connection:
            rows = connection.execute("SELECT uuid FROM item WHERE state = ? ORDER BY id", (state,))
            return tuple(row["uuid"] for row in rows)

    def owner_of(self, session: str) -> str | None:
        """Who owns a session; None if there is no such session."""
        with self._database.read() as connection:
            row = connection.execute("SELECT owner FROM session WHERE name = ?", (session,)).fetchone()
            return None if row is None else str(row["owner"])

    def item(self, uuid: str) -> dict[str, Any]:
        """An experiment as in the snapshot, with its content, session and sample.

        Raises:
            QueueRefused: If it is not there.
        """
        with self._database.read() as connection:
            row = item_row(connection, uuid)
            names = {"session": row["session_name"], "sample": row["sample_name"]}
            return {**names, **_reading.item_json(row, contents=True)}

    def snapshot(self, contents: bool = True) -> dict[str, Any]:
        """The whole tree as plain JSON, with the sequence number of the last event in it.

        Args:
            contents: Whether each experiment comes with its queue item.
        """
        with self._database.read() as connection:
            return {"sequence": last_sequence(connection), "sessions": _reading.snapshot(connection, contents)}

    def experiments(self, session: str) -> tuple[dict[str, Any], ...]:
        """The experiments of a session as in the snapshot, in the order of the tree, with their contents and samples."""
        with self._database.read() as connection:
            return tuple(_reading.experiments(connection, session))

    def events(self, after: int = 0, limit: int = EVENTS_MOST) -> tuple[QueueEvent, ...]:
        """The events that follow a sequence number, oldest first."""
        check_count("events", limit, EVENTS_MOST)
        with self._database.read() as connection:
            return read_events(connection, after, limit)


def check_count(what: str, count: int, most: int) -> None:
    """See that an amount is allowed.

    Raises:
        QueueRefused: If it is not.
    """
    if not 0 <= count <= most:
        raise QueueRefused(f"{count} {what} at once; allowed are up to {most}: ask in parts")
