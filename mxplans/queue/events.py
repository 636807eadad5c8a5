"""What happens to the queue, told in order: each event is written in the transaction of what it tells of."""

from __future__ import annotations

import json
import sqlite3
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

EVENTS_MOST = 10_000
"""Of one answer."""

Node: TypeAlias = Literal["session", "sample", "experiment"]


class EventKind(StrEnum):
    """What happened."""

    ADDED = "added"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    STARTED = "started"
    PROGRESSED = "progressed"
    ENDED = "ended"


class QueueEvent(BaseModel):
    """One thing that happened to a session, a sample or an experiment of the queue."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    sequence: int = Field(gt=0, description="Counts the events of a queue file from 1, without gaps")
    time_s: float = Field(description="Unix time, s")
    what: EventKind = Field(
        description="moved: before `detail.before`, or to the end where that is null; changed: the fields in `detail`"
    )
    node: Node = Field(description="What it happened to")
    session: str = Field(description="Name of the session, after the event")
    sample: str | None = Field(default=None, description="Name of the sample, after the event; null for a session")
    item_uuid: str | None = Field(default=None, description="The experiment's uuid; null for sessions and samples")
    who: str = Field(description="User or process that did it")
    detail: dict[str, Any] = Field(description="The fields that have new values, named as in the snapshot")


class Place(NamedTuple):
    """Where an event happened."""

    node: Node
    session: str
    sample: str | None = None
    item_uuid: str | None = None


def record_event(
    connection: sqlite3.Connection, time_s: float, what: EventKind, place: Place, who: str, detail: dict[str, Any]
) -> None:
    """Write an event into the transaction that is open on the connection."""
    connection.execute(
        "INSERT INTO event (time_s, what, node, session, sample, item_uuid, who, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (time_s, what.value, *place, who, json.dumps(detail)),
    )


def read_events(connection: sqlite3.Connection, after: int, limit: int) -> tuple[QueueEvent, ...]:
    """The events that follow a sequence number, oldest first."""
    rows = connection.execute("SELECT * FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, limit))
    return tuple(QueueEvent(**{**dict(row), "detail": json.loads(row["detail"])}) for row in rows)


def last_sequence(connection: sqlite3.Connection) -> int:
    """Sequence number of the newest event; 0 before the first."""
    return int(connection.execute("SELECT coalesce(max(sequence), 0) FROM event").fetchone()[0])
