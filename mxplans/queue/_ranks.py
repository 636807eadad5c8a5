"""The order of siblings: whole numbers with room between them, so that a move writes one row."""

from __future__ import annotations

import sqlite3
from typing import Literal, NamedTuple, TypeAlias, get_args

from mxplans.errors import QueueRefused

GAP = 1 << 20

To: TypeAlias = Literal["first", "last", "before", "after"]
"""Where a thing is put among its siblings; `before` and `after` go with a sibling."""


class Siblings(NamedTuple):
    """The rows of one parent."""

    table: Literal["sample", "item"]
    parent: int

    @property
    def _where(self) -> str:
        return f"FROM {self.table} WHERE {'session' if self.table == 'sample' else 'sample'} = ?"

    def rank(self, connection: sqlite3.Connection, to: To, of: int | None = None) -> int:
        """A rank at the place `to`, which with `before` and `after` is that of the row whose id is `of`.

        Raises:
            QueueRefused: If `to` is no place, or a sibling is needed and not given, or given and not needed.
        """
        if to not in get_args(To):
            raise QueueRefused(f"{to!r} is no place among neighbours; allowed are {', '.join(get_args(To))}")
        if to in ("before", "after") and of is None:
            raise QueueRefused(f"{to} needs a neighbour; say which, or use first or last")
        if to in ("first", "last") and of is not None:
            raise QueueRefused(f"{to} goes with no neighbour; use before or after")
        lower, upper = self._around(connection, to, of)
        if lower is not None and upper is not None and upper - lower < 2:
            self._renumber(connection)
            lower, upper = self._around(connection, to, of)
        if lower is None:
            return GAP if upper is None else upper - GAP
        return lower + GAP if upper is None else (lower + upper) // 2

    def after(self, connection: sqlite3.Connection, rank: int) -> int | None:
        """Id of the row that follows a rank."""
        row = connection.execute(
            f"SELECT id {self._where} AND rank > ? ORDER BY rank LIMIT 1", (self.parent, rank)
        ).fetchone()
        return None if row is None else int(row["id"])

    def _around(self, connection: sqlite3.Connection, to: To, of: int | None) -> tuple[int | None, int | None]:
        if to == "last":
            return self._edge(connection, "max", "1"), None
        if to == "first":
            return None, self._edge(connection, "min", "1")
        rank = int(connection.execute(f"SELECT rank FROM {self.table} WHERE id = ?", (of,)).fetchone()[0])
        if to == "before":
            return self._edge(connection, "max", "rank < ?", rank), rank
        return rank, self._edge(connection, "min", "rank > ?", rank)

    def _edge(self, connection: sqlite3.Connection, pick: str, condition: str, *values: int) -> int | None:
        found = connection.execute(
            f"SELECT {pick}(rank) {self._where} AND {condition}", (self.parent, *values)
        ).fetchone()[0]
        return None if found is None else int(found)

    def _renumber(self, connection: sqlite3.Connection) -> None:
        rows = connection.execute(f"SELECT id {self._where} ORDER BY rank", (self.parent,)).fetchall()
        connection.executemany(
            f"UPDATE {self.table} SET rank = ? WHERE id = ?",
            [(number * GAP, row["id"]) for number, row in enumerate(rows, start=1)],
        )
