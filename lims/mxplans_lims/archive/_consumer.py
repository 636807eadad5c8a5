"""From the journal into the catalogue, run by run, so that doing it twice changes nothing."""

from __future__ import annotations

import contextlib
import logging
import time
from collections import Counter, deque
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mxplans.errors import DeliveryError, TargetUnreachable
from mxplans_lims.archive._backoff import Backoff
from mxplans_lims.archive._items import Items
from mxplans_lims.archive._places import Place, RunPlaces, documents_of
from mxplans_lims.archive._state import SHOWN, ArchiveState, StateFile
from mxplans_lims.journal import journal_identity

if TYPE_CHECKING:  # it takes Tiled with it, which takes seconds
    from mxplans_lims.archive._catalogue import Catalogue

log = logging.getLogger(__name__)

ASKED_AT_ONCE = 100
PATIENCE = 5
"""A run that fails so often while the catalogue answers lets the others go first."""


class Consumer:
    """Writes each run in one go when its stop document has come.

    What the catalogue holds decides, not a position: a run that is complete there is left out, a half-written one is
    deleted and written anew. Runs that wait are kept as places in the journal. While the server is away they wait, in
    order; a run that the server refuses is set aside with the reason, and tried again at the next start.

    Args:
        journal: Path of the journal.
        catalogue: Where runs go.
        state: Where to note how far it has come.
        start: Byte offset of the journal to begin at; from 0 when the run that came in last has gone from the catalogue.

    Attributes:
        failed: Reasons by uid of runs that were set aside.
    """

    def __init__(self, journal: Path, catalogue: Catalogue, state: StateFile, start: int = 0) -> None:
        self.failed: dict[str, str] = {}
        self._journal = journal
        self._catalogue = catalogue
        self._state = state
        self._aside: list[Place] = []
        self._queue: deque[Place] = deque()
        self._begin(start)
        self._held: dict[str, bool | None] = {}
        self._tries: Counter[str] = Counter()
        self._backoff = Backoff()
        self._last_error: str | None = None
        self._away_since: str | None = None
        self._last_written = state.read().last_written
        self._known_to_be_there = start == 0

    @property
    def taken(self) -> int:
        """Documents that have been read."""
        return self._places.documents

    @property
    def pending(self) -> int:
        """Runs that have ended and wait."""
        return len(self._queue)

    @property
    def away(self) -> bool:
        """Whether the server did not answer when it was last asked."""
        return self._away_since is not None

    def read(self) -> None:
        """See which runs have ended."""
        for place in self._places.ended():
            self._items.add(place)
            self._queue.append(place)
        if self._places.replaced:
            self._begin(0)
            self.read()
        self._note()

    def write_next(self) -> bool:
        """Write the run that waits longest; False if there is none, or the server is away or not due yet."""
        if not self._backoff.due(time.monotonic()) or not (self._still_there() and self._queue):
            return False
        place = self._queue[0]
        try:
            if not self._complete(place.uid):
                self._write(place)
        except TargetUnreachable as error:
            self._wait(error)
            self._let_others_go_first(place)
            return False
        except Exception as error:
            # Whatever is wrong with one run, the others shall come in.
            log.exception(
                "run %s was not taken into the catalogue; start the archive again to try once more", place.uid
            )
            self.failed[place.uid] = str(error)
            self._aside.append(place)
        else:
            self._last_written = place.uid
        self._queue.popleft()
        self._worked(place.uid)
        return True

    def hurry(self) -> None:
        """Try now, however short ago the server was away."""
        self._backoff.hurry()

    def write_unfinished(self) -> None:
        """Write what there is of runs without an end; they stay incomplete, and are written anew next time."""
        for place in list(self._places.open.values()):
            try:
                if place.uid in self._catalogue.held([place.uid]):
                    self._catalogue.remove(place.uid)
                self._catalogue.write(documents_of(self._journal, place), 1)
            except DeliveryError as error:
                log.warning("run %s has no end and was not taken into the catalogue: %s", place.uid, error)
        self._note()

    def _write(self, place: Place) -> None:
        documents = documents_of(self._journal, place)
        if self._held.get(place.uid) is not None:
            log.info("run %s is half written; it is deleted and written anew", place.uid)
            self._catalogue.remove(place.uid)
        self._held[place.uid] = False
        *before, last = documents
        self._catalogue.write([*before, *self._items.sweeps(place, last[1]), last])

    def _complete(self, uid: str) -> bool:
        """Whether the catalogue holds a run; asked for many that wait at once, and anew after each error."""
        if uid not in self._held:
            uids = [place.uid for place in islice(self._queue, ASKED_AT_ONCE)]
            self._held = {**dict.fromkeys(uids), **self._catalogue.held(uids)}
        return bool(self._held[uid])

    def _still_there(self) -> bool:
        """Whether the catalogue is the one that was written to at the last start; an empty one is filled anew."""
        if self._known_to_be_there or self._last_written is None:
            return True
        try:
            there = self._catalogue.held([self._last_written]).get(self._last_written)
        except TargetUnreachable as error:
            self._wait(error)
            return False
        self._known_to_be_there = True
        if not there:
            log.warning("run %s has gone from the catalogue; the whole journal is taken in", self._last_written)
            self._begin(0)
            self.read()
        return True

    def _begin(self, start: int) -> None:
        self._places = RunPlaces(self._journal, start)
        self._items = Items(self._journal, self._places)
        self._queue.clear()
        self._aside.clear()

    def _wait(self, error: TargetUnreachable) -> None:
        if not self.away:
            log.warning("%s; %d runs wait in the journal", error, self.pending)
        self._held.clear()
        self._last_error = str(error)
        self._away_since = self._away_since or datetime.now(UTC).isoformat(timespec="seconds")
        self._backoff.failed(time.monotonic())
        self._note()

    def _let_others_go_first(self, place: Place) -> None:
        """If it fails again and again, and the catalogue answers all the same."""
        self._tries[place.uid] += 1
        if self._tries[place.uid] % PATIENCE or self.pending == 1:
            return
        with contextlib.suppress(TargetUnreachable):
            self._catalogue.held([place.uid])
            log.warning("run %s has failed %d times; others go first", place.uid, self._tries[place.uid])
            self._queue.rotate(-1)

    def _worked(self, uid: str) -> None:
        if self.away:
            log.info("Tiled at %s answers again; %d runs wait", self._catalogue.url, self.pending)
        self._away_since = None
        self._backoff.worked()
        self._tries.pop(uid, None)
        self._held.pop(uid, None)
        self._note()

    def _note(self) -> None:
        waiting = [place.start for place in (*self._queue, *self._aside, *self._places.open.values())]
        self._state.write(
            ArchiveState(
                url=self._catalogue.url,
                journal=journal_identity(self._journal) or "",
                position=min(waiting, default=self._places.offset),
                last_written=self._last_written,
                pending_runs=self.pending,
                pending=tuple(place.uid for place in islice(self._queue, SHOWN)),
                failed=dict(self.failed),
                notes=tuple(self._items.notes),
                last_error=self._last_error,
                away_since=self._away_since,
            )
        )
