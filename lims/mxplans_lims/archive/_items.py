"""What belongs to a queue item: the outer runs of its attempts, and the frames of its sweeps in image order."""

from __future__ import annotations

import logging
from collections import deque
from pathlib import Path
from typing import Any

from mxplans_lims.archive._places import Place, RunPlaces, documents_between
from mxplans_lims.archive._sweeps import sweep_documents
from mxplans_lims.fold import fold
from mxplans_lims.journal import Document

log = logging.getLogger(__name__)

NOTES = 20


class Items:
    """Remembers where the attempts at each item stand in the journal.

    Args:
        journal: Path of the journal.
        places: Its runs.

    Attributes:
        notes: What people should know of items whose frames are not reachable as one array; the last ones.
    """

    def __init__(self, journal: Path, places: RunPlaces) -> None:
        self.notes: deque[str] = deque(maxlen=NOTES)
        self._journal = journal
        self._places = places
        self._ended: dict[str, list[Place]] = {}
        self._from_start = places.offset == 0

    def add(self, place: Place) -> None:
        """Take note of a run that has ended."""
        if place.item_uid is not None:
            self._ended.setdefault(place.item_uid, []).append(place)

    def sweeps(self, place: Place, stop: dict[str, Any]) -> list[Document]:
        """Documents of one more stream for each sweep of an item, up to one of its runs.

        Args:
            place: The outer run; of any other run there are none.
            stop: Its stop document.
        """
        if place.item_uid is None:
            return []
        try:
            documents = [
                document
                for attempt in self._attempts(place)
                for document in documents_between(self._journal, attempt.start, attempt.end)
            ]
            records = [record for record in fold(documents) if record.run_uid == place.uid]
            found, faults = sweep_documents(records[0], documents, stop) if records else ([], [])
        except Exception as error:
            # The run itself must come in, whatever is wrong with what is made of it.
            log.exception("frames of the item of run %s are not put together", place.uid)
            found, faults = [], [f"{type(error).__name__}: {error}"]
        for fault in faults:
            log.warning("run %s: %s", place.uid, fault)
            self.notes.append(f"run {place.uid}: {fault}")
        return found

    def _attempts(self, place: Place) -> list[Place]:
        """Of the item up to this one, in order; also those that stand before the place where reading began."""
        known = self._known(place)
        if len(known) < place.attempt and not self._from_start:
            earlier = RunPlaces(self._journal)
            self._ended.clear()
            for each in earlier.ended():
                self.add(each)
            self._from_start = True
            known = self._known(place)
        return known

    def _known(self, place: Place) -> list[Place]:
        unfinished = [run for run in self._places.open.values() if run.item_uid == place.item_uid]
        ended = self._ended.get(str(place.item_uid), [])
        return sorted((run for run in (*ended, *unfinished) if run.start <= place.start), key=lambda run: run.start)
