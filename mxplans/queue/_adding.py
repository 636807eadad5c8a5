"""Putting sessions, samples and experiments into the tree, inside one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence

from mxplans.errors import QueueRefused
from mxplans.model import QueueItem
from mxplans.queue._digest import Written, written
from mxplans.queue._ranks import GAP, Siblings
from mxplans.queue._rows import Actor, item_row, place_of, session_row, told
from mxplans.queue._running import known_to_ledger, skip_if_group_succeeded
from mxplans.queue.events import EventKind, Place, record_event
from mxplans.queue.nodes import NewSample, NewSession
from mxplans.queue.states import State


def add_session(connection: sqlite3.Connection, session: NewSession, actor: Actor) -> bool:
    """Add a session; False if it is there already with the same content.

    Raises:
        QueueRefused: If it is there with another proposal or detail.
    """
    detail = json.dumps(session.detail, sort_keys=True)
    known = connection.execute("SELECT proposal, detail FROM session WHERE name = ?", (session.name,)).fetchone()
    if known is not None:
        if tuple(known) != (session.proposal, detail):
            raise QueueRefused(
                f"session {session.name} is there with proposal {known['proposal']} and other detail; "
                "give the new one another name"
            )
        return False
    connection.execute(
        "INSERT INTO session (name, proposal, detail, owner) VALUES (?, ?, ?, ?)",
        (session.name, session.proposal, detail, actor.who),
    )
    told = {"proposal": session.proposal, "detail": session.detail, "owner": actor.who}
    record_event(connection, actor.time_s, EventKind.ADDED, Place("session", session.name), actor.who, told)
    return True


class Samples:
    """The samples of one session while things are added to it.

    Raises:
        QueueRefused: If there is no such session.
    """

    def __init__(self, connection: sqlite3.Connection, session: str, actor: Actor) -> None:
        self._connection = connection
        self._actor = actor
        self.session = session_row(connection, session)
        rows = connection.execute("SELECT * FROM sample WHERE session = ?", (self.session["id"],)).fetchall()
        self._by_name = {row["name"]: (int(row["id"]), _place(row)) for row in rows}
        self._occupied = {place: name for name, (_, place) in self._by_name.items() if place[0] is not None}
        self._rank = Siblings("sample", self.session["id"]).rank(connection, "last")

    def add(self, sample: NewSample) -> bool:
        """Add a sample; False if it is there already at the same place.

        Raises:
            QueueRefused: If it is there at another place, or its place is taken by one that is not done yet.
        """
        location = sample.location
        place = (location.puck if location else None, location.pin if location else None, sample.position_in_pin)
        known = self._by_name.get(sample.name)
        if known is not None:
            if known[1] != place:
                raise QueueRefused(
                    f"sample {sample.name} of session {self.session['name']} stands at {_said(known[1])}, not at "
                    f"{_said(place)}; give another name, or correct the place"
                )
            return False
        other = self._occupied.get(place)
        if other is not None and self._has_more_to_do(other):
            raise QueueRefused(
                f"{_said(place)} is taken by sample {other}, which is not done yet; correct the place of {sample.name}"
            )
        self._insert(sample, place)
        return True

    def id_of(self, name: str) -> int:
        """Row id of a sample that is there."""
        return self._by_name[name][0]

    def _has_more_to_do(self, name: str) -> bool:
        row = self._connection.execute(
            "SELECT 1 FROM item WHERE sample = ? AND state != ? LIMIT 1", (self.id_of(name), State.ENDED)
        ).fetchone()
        return row is not None

    def _insert(self, sample: NewSample, place: tuple[int | None, int | None, int | None]) -> None:
        cursor = self._connection.execute(
            "INSERT INTO sample (session, name, puck, pin, position_in_pin, objects, owner, rank) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (self.session["id"], sample.name, *place, json.dumps(sample.objects), self._actor.who, self._rank),
        )
        self._rank += GAP
        self._by_name[sample.name] = (int(cursor.lastrowid or 0), place)
        if place[0] is not None:
            self._occupied[place] = sample.name
        told = {
            "location": sample.location.model_dump() if sample.location else None,
            "positionInPin": sample.position_in_pin,
            "owner": self._actor.who,
        }
        where = Place("sample", self.session["name"], sample.name)
        record_event(self._connection, self._actor.time_s, EventKind.ADDED, where, self._actor.who, told)


def _place(row: sqlite3.Row) -> tuple[int | None, int | None, int | None]:
    return row["puck"], row["pin"], row["position_in_pin"]


def _said(place: tuple[int | None, int | None, int | None]) -> str:
    if place[0] is None:
        return "the goniometer"
    return f"puck {place[0]}, pin {place[1]}" + (f", position {place[2]}" if place[2] else "")


def add_samples(
    connection: sqlite3.Connection, session: str, samples: Iterable[NewSample], actor: Actor
) -> tuple[str, ...]:
    """Add samples at the end of a session; names of those that were not there."""
    there = Samples(connection, session, actor)
    return tuple(sample.name for sample in samples if there.add(sample))


def add_items(
    connection: sqlite3.Connection, session: str, items: Sequence[QueueItem], disabled: Collection[str], actor: Actor
) -> tuple[str, ...]:
    """Add experiments, and the samples they are for, at the end; uuids of those that were not there.

    Raises:
        QueueRefused: If one is there with other content.
    """
    samples = Samples(connection, session, actor)
    ranks: dict[int, int] = {}
    added = []
    for item in items:
        new = written(item)
        if _is_known(connection, new):
            continue
        samples.add(NewSample.of(item))
        sample_id = samples.id_of(item.sample_name)
        if sample_id not in ranks:
            ranks[sample_id] = Siblings("item", sample_id).rank(connection, "last")
        insert_item(connection, new, sample_id, ranks[sample_id], item.uuid not in disabled, actor)
        ranks[sample_id] += GAP
        added.append(item.uuid)
    return tuple(added)


def _is_known(connection: sqlite3.Connection, new: Written) -> bool:
    known = connection.execute("SELECT digest, state FROM item WHERE uuid = ?", (new.item.uuid,)).fetchone()
    if known is None:
        return False
    if known["digest"] != new.digest:
        editable = known["state"] == State.WAITING
        raise QueueRefused(
            f"experiment {new.item.uuid} is in the queue with other content and is {known['state']}; "
            + ("use change to replace its content" if editable else "give the new content a uuid of its own")
        )
    return True


def insert_item(
    connection: sqlite3.Connection, new: Written, sample_id: int, rank: int, enabled: bool, actor: Actor
) -> None:
    """Write the row of an experiment and the event.

    Raises:
        QueueRefused: If the ledger knows it with other content.
    """
    item = new.item
    connection.execute("DELETE FROM removed_item WHERE uuid = ?", (item.uuid,))
    columns = {
        "uuid": item.uuid,
        "sample": sample_id,
        "rank": rank,
        "content": new.content,
        "digest": new.digest,
        "kind": item.kind.value,
        "number_images": item.number_images,
        "priority": item.experiment.priority,
        "enabled": enabled,
        "sample_group": item.experiment.sample_group,
        "owner": actor.who,
        **known_to_ledger(connection, item.uuid, new.digest),
    }
    connection.execute(
        f"INSERT INTO item ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", tuple(columns.values())
    )
    row = item_row(connection, item.uuid)
    detail = {**told(columns), "before": uuid_after(connection, row)}
    record_event(connection, actor.time_s, EventKind.ADDED, place_of(row), actor.who, detail)
    skip_if_group_succeeded(connection, row, actor)


def uuid_after(connection: sqlite3.Connection, row: sqlite3.Row) -> str | None:
    """Uuid of the experiment that follows in the same sample."""
    following = Siblings("item", row["sample"]).after(connection, row["rank"])
    if following is None:
        return None
    return str(connection.execute("SELECT uuid FROM item WHERE id = ?", (following,)).fetchone()[0])
