"""Taking the steps of an experiment into the outbox: what changed is to be sent, what is as it was is not."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mxplans_lims.delivery import Step
from mxplans_lims.outbox._database import storable

LEFT_OUT = "the record has it no longer; what stands at the target stays there"


@dataclass(frozen=True)
class Spelled:
    """A step as text.

    Attributes:
        key: Of the step.
        payload: Its payload as JSON.
        digest: Of the payload, the same for the same content.
    """

    key: str
    payload: str
    digest: str


def spell(steps: Sequence[Step]) -> tuple[Spelled, ...]:
    """Steps as text.

    Raises:
        ValueError: If two have the same key, or a payload is no plain JSON.
        TypeError: If a payload is no plain JSON.
    """
    spelled = []
    for step in steps:
        payload = json.dumps(step.payload, sort_keys=True, separators=(",", ":"), allow_nan=False)
        spelled.append(Spelled(storable(step.key), payload, hashlib.sha256(payload.encode()).hexdigest()))
    double = sorted(key for key, number in Counter(step.key for step in spelled).items() if number > 1)
    if double:
        raise ValueError(f"several steps have the key {', '.join(double)}; each needs a key of its own")
    return tuple(spelled)


def put_steps(
    connection: sqlite3.Connection, target: str, item_uid: str, steps: Sequence[Spelled], now_s: float
) -> None:
    """Make these the steps of an experiment at a target, in this order.

    One whose payload is as it was keeps its state. One that has changed is to be sent, with all tries before it. One
    that is there no more is forgotten if nothing of it can have arrived, otherwise kept with a note.
    """
    standing = {
        row["key"]: row
        for row in connection.execute("SELECT * FROM steps WHERE target = ? AND item_uid = ?", (target, item_uid))
    }
    for place, step in enumerate(steps):
        row = standing.pop(step.key, None)
        where = (target, item_uid, step.key)
        if row is None:
            connection.execute(
                "INSERT INTO steps (target, item_uid, key, place, payload, digest, state, created_s, changed_s) "
                "VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?)",
                (*where, place, step.payload, step.digest, now_s, now_s),
            )
        elif row["digest"] != step.digest:
            connection.execute(
                "UPDATE steps SET place = ?, payload = ?, digest = ?, state = 'pending', attempts = 0, waits = 0, "
                "faults = 0, next_try_s = 0, reason = '', left_out = 0, "
                "changed_s = CASE state WHEN 'done' THEN ? ELSE changed_s END "  # it waits since then
                "WHERE target = ? AND item_uid = ? AND key = ?",
                (place, step.payload, step.digest, now_s, *where),
            )
        elif row["left_out"]:
            connection.execute(
                "UPDATE steps SET place = ?, left_out = 0, reason = '' WHERE target = ? AND item_uid = ? AND key = ?",
                (place, *where),
            )
        elif row["place"] != place:
            connection.execute(
                "UPDATE steps SET place = ? WHERE target = ? AND item_uid = ? AND key = ?", (place, *where)
            )
    for row in standing.values():
        _leave_out(connection, row, now_s)


def _leave_out(connection: sqlite3.Connection, row: sqlite3.Row, now_s: float) -> None:
    where = (row["target"], row["item_uid"], row["key"])
    if row["tried_s"] is None:
        connection.execute("DELETE FROM steps WHERE target = ? AND item_uid = ? AND key = ?", where)
    elif not row["left_out"]:
        # What was not done must not pass for done when it comes back: it has no digest then.
        digest = row["digest"] if row["state"] == "done" else ""
        connection.execute(
            "UPDATE steps SET state = 'done', digest = ?, left_out = 1, reason = ?, changed_s = ? "
            "WHERE target = ? AND item_uid = ? AND key = ?",
            (digest, LEFT_OUT, now_s, *where),
        )


def put_problem(connection: sqlite3.Connection, target: str, item_uid: str, reason: str, now_s: float) -> None:
    """Keep why a record came to no steps."""
    reason = storable(reason)
    connection.execute(
        "INSERT INTO problems (target, item_uid, reason, created_s, changed_s) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (target, item_uid) DO UPDATE SET reason = excluded.reason, again = 0, changed_s = excluded.changed_s",
        (target, item_uid, reason, now_s, now_s),
    )


def drop_problem(connection: sqlite3.Connection, target: str, item_uid: str) -> None:
    """Forget a problem that is solved."""
    connection.execute("DELETE FROM problems WHERE target = ? AND item_uid = ?", (target, item_uid))
