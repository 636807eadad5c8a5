"""What an outbox looks like from outside: depth and age by target, steps by experiment."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

TargetState = Literal["ready", "away", "misconfigured", "removed"]
StepState = Literal["pending", "sending", "done", "held", "dead"]


@dataclass(frozen=True)
class TargetStatus:
    """How a target does. Times are seconds since 1970.

    Attributes:
        name: As in the profile.
        state: `away` waits for it; `misconfigured` waits for somebody; `removed` stands in the profile no more.
        reason: Why it is not ready.
        away_since_s: Since when it is away.
        last_success_s: When a step arrived last.
        last_error: What went wrong last.
        last_error_s: And when.
        pending: Steps to be sent, those under way included.
        held: Steps behind a dead one.
        dead: Steps that were given up.
        done: Steps that arrived.
        problems: Experiments that came to no steps.
        oldest_s: Since when the oldest of what is not done waits; None if there is none.
    """

    name: str
    state: TargetState
    reason: str
    away_since_s: float | None
    last_success_s: float | None
    last_error: str
    last_error_s: float | None
    pending: int
    held: int
    dead: int
    done: int
    problems: int
    oldest_s: float | None


@dataclass(frozen=True)
class ShownStep:
    """A step with what has become of it."""

    target: str
    item_uid: str
    key: str
    state: StepState
    attempts: int
    next_try_s: float
    reason: str
    remote_id: str | None
    left_out: bool
    created_s: float
    changed_s: float
    payload: str


@dataclass(frozen=True)
class ShownProblem:
    """An experiment that came to no steps at a target."""

    target: str
    item_uid: str
    reason: str
    again: bool
    created_s: float


@dataclass(frozen=True)
class ShownPosition:
    """How far the exporter has read the journal: bytes and documents, and when it said so last."""

    offset: int
    documents: int
    changed_s: float


def position(connection: sqlite3.Connection) -> ShownPosition | None:
    """How far the exporter has read; None if it never has."""
    row = connection.execute(
        "SELECT offset, documents, changed_s FROM positions WHERE consumer = 'exporter'"
    ).fetchone()
    return None if row is None else ShownPosition(row["offset"], row["documents"], row["changed_s"])


def target_statuses(connection: sqlite3.Connection) -> tuple[TargetStatus, ...]:
    """All targets, by name."""
    counts: dict[str, dict[str, int]] = {}
    oldest: dict[str, float] = {}
    # Done steps are counted without the view: it would look for dead ones before each.
    for row in connection.execute("SELECT target, COUNT(*) AS number FROM steps WHERE state = 'done' GROUP BY target"):
        counts.setdefault(row["target"], {})["done"] = row["number"]
    for row in connection.execute(
        "SELECT target, shown, COUNT(*) AS number, MIN(changed_s) AS oldest FROM shown_steps "
        "WHERE state <> 'done' GROUP BY target, shown"
    ):
        counts.setdefault(row["target"], {})[row["shown"]] = row["number"]
        oldest[row["target"]] = min(row["oldest"], oldest.get(row["target"], row["oldest"]))
    for row in connection.execute(
        "SELECT target, COUNT(*) AS number, MIN(created_s) AS oldest FROM problems GROUP BY target"
    ):
        counts.setdefault(row["target"], {})["problems"] = row["number"]
        oldest[row["target"]] = min(row["oldest"], oldest.get(row["target"], row["oldest"]))
    known = {row["name"]: row for row in connection.execute("SELECT * FROM targets")}
    return tuple(
        _status(name, known.get(name), counts.get(name, {}), oldest.get(name)) for name in sorted({*known, *counts})
    )


def _status(name: str, row: sqlite3.Row | None, counts: Mapping[str, int], oldest_s: float | None) -> TargetStatus:
    return TargetStatus(
        name=name,
        state=row["state"] if row else "ready",
        reason=row["reason"] if row else "",
        away_since_s=row["away_since_s"] if row else None,
        last_success_s=row["last_success_s"] if row else None,
        last_error=row["last_error"] if row else "",
        last_error_s=row["last_error_s"] if row else None,
        pending=counts.get("pending", 0) + counts.get("sending", 0),
        held=counts.get("held", 0),
        dead=counts.get("dead", 0),
        done=counts.get("done", 0),
        problems=counts.get("problems", 0),
        oldest_s=oldest_s,
    )


def steps_of(connection: sqlite3.Connection, item_uid: str) -> tuple[ShownStep, ...]:
    """Steps of an experiment, by target and in order."""
    rows = connection.execute(
        "SELECT s.*, r.remote_id FROM shown_steps AS s LEFT JOIN remote_ids AS r USING (target, item_uid, key) "
        "WHERE item_uid = ? ORDER BY target, left_out, place",
        (item_uid,),
    )
    return tuple(
        ShownStep(
            target=row["target"],
            item_uid=row["item_uid"],
            key=row["key"],
            state=row["shown"],
            attempts=row["attempts"],
            next_try_s=row["next_try_s"],
            reason=row["reason"],
            remote_id=row["remote_id"],
            left_out=bool(row["left_out"]),
            created_s=row["created_s"],
            changed_s=row["changed_s"],
            payload=row["payload"],
        )
        for row in rows
    )


def problems(connection: sqlite3.Connection) -> tuple[ShownProblem, ...]:
    """All problems, oldest first."""
    rows = connection.execute("SELECT * FROM problems ORDER BY created_s, target, item_uid")
    return tuple(
        ShownProblem(row["target"], row["item_uid"], row["reason"], bool(row["again"]), row["created_s"])
        for row in rows
    )


def items(connection: sqlite3.Connection, beginning: str) -> tuple[str, ...]:
    """Uids of experiments that begin with a text."""
    pattern = beginning.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = connection.execute(
        "SELECT item_uid FROM steps WHERE item_uid LIKE :p ESCAPE '\\' "
        "UNION SELECT item_uid FROM problems WHERE item_uid LIKE :p ESCAPE '\\' "
        "UNION SELECT item_uid FROM runs WHERE item_uid LIKE :p ESCAPE '\\' ORDER BY 1",
        {"p": pattern},
    )
    return tuple(row["item_uid"] for row in rows)
