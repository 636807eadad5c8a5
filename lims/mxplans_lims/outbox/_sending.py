"""What becomes of a step that is sent: taken, done, refused, put off."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mxplans_lims.delivery import Step
from mxplans_lims.outbox._database import storable

FAULTS_MOST = 5
"""Tries after which a step is given up whose target raises what no target should."""

# A try that lies further ahead than the longest wait was set by a clock that has been put back since.
_NEXT = """
SELECT * FROM steps AS s
WHERE s.target = :target AND s.state = 'pending'
  AND (s.next_try_s <= :now_s OR s.next_try_s > :now_s + :longest_s)
  AND NOT EXISTS (
    SELECT 1 FROM steps AS e
    WHERE e.target = s.target AND e.item_uid = s.item_uid AND e.place < s.place AND e.state <> 'done'
  )
ORDER BY s.waits, s.created_s, s.item_uid, s.place LIMIT 1
"""
_THIS = "WHERE target = ? AND item_uid = ? AND key = ? AND digest = ? AND state = 'sending'"


@dataclass(frozen=True)
class Claim:
    """A step that is being sent.

    Attributes:
        target: Where to.
        item_uid: Whose.
        step: What.
        digest: Of its payload; what comes of it counts only as long as the step has not changed.
        ids: Identifiers that the target gave for this experiment.
        waits: How often the target was away for it.
        faults: How often the target failed on it.
    """

    target: str
    item_uid: str
    step: Step
    digest: str
    ids: Mapping[str, str]
    waits: int
    faults: int

    @property
    def where(self) -> tuple[str, str, str, str]:
        """What the database knows it by."""
        return (self.target, self.item_uid, self.step.key, self.digest)


def next_step(connection: sqlite3.Connection, target: str, now_s: float, longest_s: float) -> sqlite3.Row | None:
    """The step that may go now: all before it are done, and those that have waited least go first."""
    row: sqlite3.Row | None = connection.execute(
        _NEXT, {"target": target, "now_s": now_s, "longest_s": longest_s}
    ).fetchone()
    return row


def claim(connection: sqlite3.Connection, row: sqlite3.Row, now_s: float) -> Claim:
    """Note that a step is being sent."""
    connection.execute(
        "UPDATE steps SET state = 'sending', attempts = attempts + 1, tried_s = ? "
        "WHERE target = ? AND item_uid = ? AND key = ?",
        (now_s, row["target"], row["item_uid"], row["key"]),
    )
    payload: dict[str, Any] = json.loads(row["payload"])
    ids = ids_of(connection, row["target"], row["item_uid"])
    step = Step(row["key"], payload)
    return Claim(row["target"], row["item_uid"], step, row["digest"], ids, row["waits"], row["faults"])


def done(connection: sqlite3.Connection, sent: Claim, ids: Mapping[str, str], now_s: float) -> None:
    """A step arrived. What changed meanwhile stays to be sent, with the identifiers that came of the first time."""
    connection.execute(
        f"UPDATE steps SET state = 'done', waits = 0, faults = 0, next_try_s = 0, reason = '', changed_s = ? {_THIS}",
        (now_s, *sent.where),
    )
    _keep_ids(connection, sent, ids)
    _reachable(connection, sent.target)
    connection.execute("UPDATE targets SET last_success_s = ? WHERE name = ?", (now_s, sent.target))


def unanswered(
    connection: sqlite3.Connection, sent: Claim, reason: str, ids: Mapping[str, str], now_s: float, next_try_s: float
) -> None:
    """A target has not confirmed a step yet, which waits alone; what it gave so far is kept."""
    connection.execute(
        f"UPDATE steps SET state = 'pending', waits = waits + 1, next_try_s = ?, reason = ? {_THIS}",
        (next_try_s, storable(reason), *sent.where),
    )
    _keep_ids(connection, sent, ids)
    _reachable(connection, sent.target)


def refused(connection: sqlite3.Connection, sent: Claim, reason: str, now_s: float) -> None:
    """A step is given up until somebody looks at it."""
    reason = storable(reason)
    connection.execute(
        f"UPDATE steps SET state = 'dead', reason = ?, changed_s = ? {_THIS}", (reason, now_s, *sent.where)
    )
    _reachable(connection, sent.target)
    _note_error(connection, sent.target, reason, now_s)


def unreachable(connection: sqlite3.Connection, sent: Claim, reason: str, now_s: float, next_try_s: float) -> None:
    """A target is away; nothing is given up for it."""
    reason = storable(reason)
    connection.execute(
        f"UPDATE steps SET state = 'pending', waits = waits + 1, next_try_s = ?, reason = ? {_THIS}",
        (next_try_s, reason, *sent.where),
    )
    _note_error(connection, sent.target, reason, now_s)
    connection.execute(
        "UPDATE targets SET state = 'away', reason = ?, away_since_s = COALESCE(away_since_s, ?) WHERE name = ?",
        (reason, now_s, sent.target),
    )


def failed(connection: sqlite3.Connection, sent: Claim, reason: str, now_s: float, next_try_s: float) -> None:
    """A target raised what no target should; after several tries its step is given up."""
    last = sent.faults + 1 >= FAULTS_MOST
    reason = storable(reason)
    connection.execute(
        f"UPDATE steps SET state = ?, faults = faults + 1, next_try_s = ?, reason = ? {_THIS}",
        ("dead" if last else "pending", next_try_s, reason, *sent.where),
    )
    _note_error(connection, sent.target, reason, now_s)


def ids_of(connection: sqlite3.Connection, target: str, item_uid: str) -> dict[str, str]:
    """Identifiers that a target gave for an experiment, by key."""
    rows = connection.execute(
        "SELECT key, remote_id FROM remote_ids WHERE target = ? AND item_uid = ?", (target, item_uid)
    )
    return {row["key"]: row["remote_id"] for row in rows}


def _keep_ids(connection: sqlite3.Connection, sent: Claim, ids: Mapping[str, str]) -> None:
    connection.executemany(
        "INSERT INTO remote_ids (target, item_uid, key, remote_id) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (target, item_uid, key) DO UPDATE SET remote_id = excluded.remote_id",
        [(sent.target, sent.item_uid, key, remote_id) for key, remote_id in ids.items()],
    )


def _reachable(connection: sqlite3.Connection, target: str) -> None:
    connection.execute(
        "INSERT INTO targets (name, state) VALUES (?, 'ready') "
        "ON CONFLICT (name) DO UPDATE SET state = 'ready', reason = '', away_since_s = NULL",
        (target,),
    )


def _note_error(connection: sqlite3.Connection, target: str, reason: str, now_s: float) -> None:
    connection.execute(
        "INSERT INTO targets (name, state, last_error, last_error_s) VALUES (?, 'ready', ?, ?) "
        "ON CONFLICT (name) DO UPDATE SET last_error = excluded.last_error, last_error_s = excluded.last_error_s",
        (target, reason, now_s),
    )
