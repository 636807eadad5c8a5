"""Where in the journal each run stands, so that documents are read again when they are needed, and not kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mxplans_lims._runs import RunIndex, of_ours
from mxplans_lims.journal import Document, Follower, read_range

RANKS = {"start": 0, "descriptor": 1, "resource": 2, "stream_resource": 2, "stop": 4}
"""Order in which the documents of a run can be understood; all others come between resources and stop."""


@dataclass(frozen=True)
class Place:
    """A run in the journal.

    Attributes:
        uid: Of the run.
        start: Byte offset before its start document.
        end: Behind its last document so far.
        item_uid: The queue item, where it is the outer run of one.
        attempt: At that item, from 1.
    """

    uid: str
    start: int
    end: int
    item_uid: str | None = None
    attempt: int = 1


class RunPlaces:
    """Follows the journal and notes where runs begin and end. It keeps no documents.

    Args:
        journal: Path of the journal.
        offset: Where to begin; documents of runs that began before it are passed over.

    Attributes:
        documents: How many have been read.
        open: Runs without an end so far, by uid.
    """

    def __init__(self, journal: Path, offset: int = 0) -> None:
        self.documents = 0
        self.open: dict[str, Place] = {}
        self._follower = Follower(journal, offset)
        self._index = RunIndex()
        self._over: set[str] = set()

    @property
    def offset(self) -> int:
        """Behind the last document that was read."""
        return self._follower.offset

    @property
    def replaced(self) -> bool:
        """Whether the journal is another one than before, so that no place holds any more."""
        return self._follower.restarts > 0

    def ended(self) -> Iterator[Place]:
        """Runs whose stop document has come since the last call, in that order."""
        for before, after, name, document in self._follower.read_new_placed():
            self.documents += 1
            uid = self._index.run_of(name, document)
            if name == "start" and uid is not None and uid not in self.open and uid not in self._over:
                self.open[uid] = _opened(uid, document, before)
            if uid in self.open:
                self.open[uid] = replace(self.open[uid], end=after)
                if name == "stop":
                    self._index.forget(uid)
                    self._over.add(uid)
                    yield self.open.pop(uid)


def documents_between(journal: Path, start: int, end: int) -> Iterator[Document]:
    """Documents of a range of the journal."""
    for placed in read_range(journal, start, end):
        yield placed.name, placed.document


def documents_of(journal: Path, place: Place) -> list[Document]:
    """All documents of one run, each once, and none before those that it refers to."""
    between = list(documents_between(journal, place.start, place.end))
    between.sort(key=lambda each: RANKS.get(each[0], 3))
    index = RunIndex()
    found: dict[tuple[str, str], Document] = {}
    for name, document in between:
        if index.run_of(name, document) == place.uid:
            found.setdefault((name, str(document.get("uid") or document.get("datum_id"))), (name, document))
    return list(found.values())


def _opened(uid: str, start: dict[str, Any], offset: int) -> Place:
    match of_ours(start):
        case {"role": "sample", "item_uid": str(item_uid), "attempt": int(attempt)}:
            return Place(uid, offset, offset, item_uid, attempt)
        case {"role": "sample", "item_uid": str(item_uid)}:
            return Place(uid, offset, offset, item_uid)
    return Place(uid, offset, offset)
