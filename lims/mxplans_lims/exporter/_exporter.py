"""Reads the journal and puts what it means into the outbox; sends nothing."""

from __future__ import annotations

import logging
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mxplans.errors import DeliveryError, MxplansError
from mxplans_lims._runs import of_ours, parent_of
from mxplans_lims.exporter import _index
from mxplans_lims.exporter._index import IndexedRun, Position
from mxplans_lims.exporter._reading import documents_of_run
from mxplans_lims.exporter._telling import Teller
from mxplans_lims.journal import Document, Placed, journal_identity, read_range
from mxplans_lims.outbox import Outbox

log = logging.getLogger(__name__)

KEEP_EVERY = 2000
"""Documents between two notes of the position."""
LIVE_EVERY_S = 5.0
"""A running experiment is told to the targets no more often than this,"""
LIVE_SHARE_FRAC = 0.2
"""and no more than this part of the time goes into making records that are not final."""


_ITEM_UID = re.compile(r"[0-9A-Za-z][\w-]*", re.ASCII)


class _Moved(MxplansError):
    """Somebody has moved the position: what was read since then counts for nothing."""


class Exporter:
    """Follows a journal.

    The steps of an experiment, the index of its runs and the position are one transaction: killed at any moment, it
    goes on where it was, and what it does twice changes nothing.

    Args:
        journal: Its path; it may come into being later.
        outbox: Where to put steps.
        teller: Makes them.
        ring: Called when there is something new to send.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        journal: Path,
        outbox: Outbox,
        teller: Teller,
        ring: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._outbox = outbox
        self._teller = teller
        self._ring = ring
        self._clock = clock
        self._position: Position | None = None
        self._kept: Position | None = None
        self._open: dict[str, IndexedRun] = {}
        self._new: dict[str, IndexedRun] = {}
        self._changed: dict[str, None] = {}
        self._next_live_s = 0.0
        self._urgent = False

    @property
    def documents(self) -> int:
        """Documents of the journal that have been taken."""
        return self._position.documents if self._position else 0

    @property
    def unfinished(self) -> bool:
        """Whether a run has no stop document yet."""
        return bool(self._open)

    def read_on(self, interrupted: Callable[[], bool] = lambda: False) -> bool:
        """Take what has come.

        Args:
            interrupted: Asked after each document whether to leave off.

        Returns:
            Whether the end of the journal is reached.

        Raises:
            DeliveryError: If the outbox cannot be used; nothing is lost, the next call begins where it was.
        """
        identity = journal_identity(self._journal)
        if identity is None:
            return True
        try:
            position = self._load(identity)
            for placed in read_range(self._journal, position.offset):
                self._take(placed)
                if self.documents % KEEP_EVERY == 0:
                    self._keep()
                if interrupted():
                    self._keep()
                    return False
            self._keep()
        except _Moved:
            log.info("the journal is read again from another place, as somebody asked for")
            self._position = None
            return False
        except DeliveryError:
            self._position = None
            raise
        return True

    def look_after(self) -> None:
        """Tell of what is still running, and once more of what somebody asked for.

        Raises:
            DeliveryError: If the outbox cannot be used.
        """
        self._again()
        now_s = self._clock()
        if not self._changed or (now_s < self._next_live_s and not self._urgent):
            return
        self._urgent = False
        while self._changed:
            item_uid, _ = self._changed.popitem()
            told = self._teller.live(item_uid, self._documents_of(item_uid))
            self._outbox.put(item_uid, told)
        took_s = self._clock() - now_s
        self._next_live_s = self._clock() + max(LIVE_EVERY_S, took_s * (1.0 / LIVE_SHARE_FRAC - 1.0))
        self._ring()

    def _load(self, identity: str) -> Position:
        """The position as it is kept, and the runs that are open there."""
        with self._outbox.database.read() as connection:
            kept = _index.read_position(connection)
            if self._position is not None and kept.epoch == self._position.epoch and kept.journal == identity:
                return self._position
            self._open = _index.open_runs(connection)
        if kept.journal != identity:
            if kept.journal:
                log.warning("%s is another journal than before; it is read from its beginning", self._journal)
            kept = Position(identity, 0, 0, kept.epoch)
            self._open = {}
            with self._outbox.database.write() as connection:
                _index.forget_runs(connection)
                self._write_position(connection, kept)
        self._new = {}
        self._changed = {run.item_uid: None for run in self._open.values() if run.parent_uid is None}
        self._position = self._kept = kept
        return kept

    def _take(self, placed: Placed) -> None:
        if self._position is not None:
            self._position = replace(self._position, offset=placed.after, documents=self._position.documents + 1)
        match placed.name, placed.document:
            case "start", {"uid": str(uid)} if uid.isprintable():
                self._started(uid, placed.document, placed.before)
            case "stop", {"run_start": str(uid)} if uid.isprintable():
                self._stopped(uid, placed.after)

    def _started(self, uid: str, content: dict[str, Any], before: int) -> None:
        told = of_ours(content)
        parent = parent_of(content)
        outer = self._open.get(parent) if parent is not None else None
        if told.get("role") == "sample":
            if not _names_files(told.get("item_uid")):
                log.error(
                    "run %s is of item %r, which is no identifier; it is told to nobody", uid, told.get("item_uid")
                )
                return
            run = IndexedRun(uid, told["item_uid"], None, before)
        elif outer is not None:
            run = IndexedRun(uid, outer.item_uid, parent, before)
        else:
            return  # no experiment of ours
        known = self._known(uid)
        if known is not None and known.start < before:
            return  # it came before
        self._open[run.uid] = self._new[run.uid] = run
        if run.parent_uid is None:
            self._changed[run.item_uid] = None
            self._urgent = True  # somebody may wait for what a LIMS calls it

    def _stopped(self, uid: str, after: int) -> None:
        run = self._open.pop(uid, None) or self._known(uid)
        if run is None:
            return
        ended = replace(run, stop=max(after, run.stop or 0))
        if run.parent_uid is None:
            self._close(ended)
        elif run.parent_uid in self._open:
            self._new[uid] = ended
            self._changed[run.item_uid] = None
        else:
            # Written after the end of the outer run, by whoever closed the runs of a process that died.
            self._new[uid] = ended
            outer = self._known(run.parent_uid)
            if outer is not None:
                self._close(replace(outer, stop=after))

    def _close(self, outer: IndexedRun) -> None:
        """An attempt is over: all that it means to everybody, and that it has been read, in one transaction."""
        goes_on = any(
            run.item_uid == outer.item_uid and run.parent_uid is None and run.start > outer.start
            for run in self._open.values()
        )
        tell = self._teller.live if goes_on else self._teller.final
        told = tell(outer.item_uid, self._documents_of(outer.item_uid, outer))
        ended = [*self._new.values(), outer]

        def also(connection: sqlite3.Connection) -> None:
            _index.add_runs(connection, ended)
            self._write_position(connection, self._position)

        self._outbox.put(outer.item_uid, told, also)
        self._kept = self._position
        self._new.clear()
        self._changed.pop(outer.item_uid, None)
        self._ring()

    def _keep(self) -> None:
        """Note which runs there are and how far the journal has been read.

        A power cut may take the last of these notes; then a part of the journal is read twice.
        """
        if self._position is None or (self._position == self._kept and not self._new):
            return
        with self._outbox.database.write(durable=False) as connection:
            _index.add_runs(connection, self._new.values())
            self._write_position(connection, self._position)
        self._kept = self._position
        self._new.clear()

    def _write_position(self, connection: sqlite3.Connection, position: Position | None) -> None:
        if position is not None and not _index.write_position(connection, position, time.time()):
            raise _Moved("the position has been moved")

    def _known(self, uid: str) -> IndexedRun | None:
        if uid in self._new:
            return self._new[uid]
        with self._outbox.database.read() as connection:
            return _index.run_at(connection, uid)

    def _documents_of(self, item_uid: str, ended: IndexedRun | None = None) -> Iterator[Document]:
        """Documents of all attempts at an experiment, in order; `ended` is one whose end nobody has noted yet."""
        with self._outbox.database.read() as connection:
            runs = {run.uid: run for run in _index.attempts(connection, item_uid)}
        runs |= {run.uid: run for run in self._new.values() if run.item_uid == item_uid and run.parent_uid is None}
        if ended is not None:
            runs[ended.uid] = ended
        here = self._position.offset if self._position else 0
        for run in sorted(runs.values(), key=lambda run: run.start):
            yield from documents_of_run(self._journal, run.uid, run.start, here if run.stop is None else run.stop)

    def _again(self) -> None:
        """Experiments that came to no steps, and of which somebody thinks that they would now."""
        with self._outbox.database.read() as connection:
            rows = connection.execute("SELECT DISTINCT item_uid FROM problems WHERE again = 1").fetchall()
        for item_uid in (row["item_uid"] for row in rows):
            if any(run.item_uid == item_uid for run in self._open.values()):
                continue  # it is told of at its end
            told = self._teller.final(item_uid, self._documents_of(item_uid))
            self._outbox.put(item_uid, told, lambda connection, uid=item_uid: _drop_old(connection, uid))  # type: ignore[misc]
            self._ring()


def _names_files(item_uid: object) -> bool:
    """Targets name files and rows by it: another text could lead out of the night's folder."""
    return isinstance(item_uid, str) and _ITEM_UID.fullmatch(item_uid) is not None


def _drop_old(connection: sqlite3.Connection, item_uid: str) -> None:
    """What was to be tried again and is no problem now, or of a target that is there no more."""
    connection.execute("DELETE FROM problems WHERE item_uid = ? AND again = 1", (item_uid,))
