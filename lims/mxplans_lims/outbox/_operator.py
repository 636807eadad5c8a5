"""What an operator asks for: dead letters once more, everything once more, other identifiers."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any


def retry(connection: sqlite3.Connection, target: str | None, item_uid: str | None, now_s: float) -> int:
    """Let what was given up be tried again; returns how much that is."""
    where, values = _where((("target", target), ("item_uid", item_uid)))
    steps = connection.execute(
        "UPDATE steps SET state = 'pending', attempts = 0, waits = 0, faults = 0, next_try_s = 0, changed_s = ? "
        f"WHERE state = 'dead'{where}",
        (now_s, *values),
    ).rowcount
    problems = connection.execute(f"UPDATE problems SET again = 1, changed_s = ? WHERE TRUE{where}", (now_s, *values))
    return steps + problems.rowcount


def hurry(connection: sqlite3.Connection, target: str | None, item_uid: str | None) -> None:
    """Let what waits for its next try wait no longer."""
    where, values = _where((("target", target), ("item_uid", item_uid)))
    connection.execute(f"UPDATE steps SET waits = 0, next_try_s = 0 WHERE state = 'pending'{where}", values)


def resend(
    connection: sqlite3.Connection, target: str | None, items: Collection[str], forget_ids: bool, now_s: float
) -> int:
    """Let all steps of experiments be sent again; returns how many. Those left out of their record stay as they are.

    Args:
        connection: In a transaction.
        target: None for all.
        items: Uids of the experiments.
        forget_ids: Whether the identifiers that the target gave are forgotten: it has to find its records by ours.
        now_s: Present time.
    """
    number = 0
    for item_uid in items:
        where, values = _where((("target", target), ("item_uid", item_uid)))
        number += connection.execute(
            "UPDATE steps SET state = 'pending', attempts = 0, waits = 0, faults = 0, next_try_s = 0, reason = '', "
            f"changed_s = ? WHERE left_out = 0{where}",
            (now_s, *values),
        ).rowcount
        if forget_ids:
            connection.execute(f"DELETE FROM remote_ids WHERE TRUE{where}", values)
    if forget_ids:
        connection.execute("UPDATE targets SET place = '' WHERE ? IN (name, '')", (target or "",))
    return number


def _where(conditions: Sequence[tuple[str, Any]]) -> tuple[str, tuple[Any, ...]]:
    """Conditions on columns of ours; values are bound, never written into the statement."""
    given = [(column, value) for column, value in conditions if value is not None]
    return "".join(f" AND {column} = ?" for column, _ in given), tuple(value for _, value in given)
