"""Lines into the file, or into memory until the file takes them; a thread that brings them onto the disk."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Literal

from mxplans.errors import InvalidInput
from mxplans_lims.journal._backlog import Backlog
from mxplans_lims.journal._file import LineFile
from mxplans_lims.journal._state import JournalState, read_state, write_state
from mxplans_lims.journal._sweeper import append_missing_stops

log = logging.getLogger(__name__)

SYNC_S = 0.5
"""Longest time between a document and its way onto the disk."""
RETRY_S = 1.0
"""A disk that refused is asked again, also when no document comes."""
IDLE_S = 1.0
"""With nothing to do for so long, the thread ends; the next document starts another."""
SLICE_S = 0.002
"""One turn at lines that wait; nobody who adds a line waits for more than a few of them."""
LOSSES_PER_WORD = 1000
"""Documents that are lost between two words about it in the log."""
JOIN_S = 10.0
"""A disk that takes longer than this for the last documents is left alone."""


class Writer:
    """Takes lines from one thread or several, keeps their order.

    Args:
        path: The journal.
        backlog: Where lines wait.

    Raises:
        InvalidInput: If another writer has this journal.
    """

    def __init__(self, path: Path, backlog: Backlog) -> None:
        self.failed: Exception | None = None
        self._path = path
        self._file = LineFile(path)
        self._backlog = backlog
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._ready = self._swept = self._dirty = self._urgent = self._closed = False
        self._reason = self._sync_reason = ""
        self._lost = self._untold = 0
        self._told = JournalState()
        try:
            self._make_ready()
        except OSError as error:
            with self._changed:
                self._trouble(error)
                self._wake()

    @property
    def state(self) -> JournalState:
        """How it is now."""
        with self._changed:
            return self._state()

    def count_untold(self) -> None:
        """A document could not be made a line."""
        with self._changed:
            self._untold += 1
            self._wake()

    def add(self, line: bytes, urgent: bool) -> None:
        """Write a line, or keep it until that is possible; urgent ones go onto the disk without delay."""
        with self._changed:
            if self._closed:
                self._lose(1, "it is closed")
                return
            gone = self._backlog.add(line)
            if gone:
                self._lose(gone, "no more can wait in memory")
            was_dirty = self._dirty
            if self._ready:
                self._drain(SLICE_S)
            self._urgent = self._urgent or (urgent and not self._reason)
            if self._urgent or not was_dirty or self._backlog:
                self._wake()

    def close(self) -> None:
        """Write and sync what is left."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(JOIN_S)
            if thread.is_alive():
                log.error("journal %s: the disk has not answered for %g s; look at it", self._path, JOIN_S)
                return
        if self._backlog or self._dirty:
            self._work()
            self._sync()
        with self._changed:
            if self._backlog:
                self._lose(len(self._backlog), f"it is closed, and the disk did not take them: {self._reason}")
                self._backlog.clear()
            self._file.close()
        self._tell()

    def _run(self) -> None:
        """The thread: bring onto the disk, try again, tell."""
        while self._rest():
            self._work()
            self._sync()
            self._tell()

    def _rest(self) -> bool:
        """Wait until it is time to do something; False when the thread shall end."""
        with self._changed:
            if not self._busy():
                self._changed.wait_for(lambda: self._closed or self._busy(), IDLE_S)
            if self._busy():
                pause_s = RETRY_S if self._reason else SYNC_S
                self._changed.wait_for(lambda: self._closed or self._urgent, pause_s)
            self._urgent = False
            if self._closed or not self._busy():
                self._thread = None
                return False
            return True

    def _busy(self) -> bool:
        return self._dirty or bool(self._backlog) or bool(self._reason) or self._state() != self._told

    def _wake(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _work(self) -> None:
        """Write what waits, in turns, so that nobody who adds a line waits for more than one."""
        if not self._ready:
            try:
                self._make_ready()
            except (OSError, InvalidInput) as error:
                with self._changed:
                    self._trouble(error)
                return
        with self._changed:
            while self._drain(SLICE_S):
                self._changed.wait(SLICE_S)

    def _make_ready(self) -> None:
        """Open; what an earlier writer left is read without holding up who adds a line: nobody else uses the file."""
        self._file.open()
        if not self._swept:
            append_missing_stops(self._path, self._file.append)
            earlier = read_state(self._path)
            if earlier.waiting:
                log.error("journal %s: its last writer ended with %d documents unwritten", self._path, earlier.waiting)
            with self._changed:
                self._lost += earlier.lost + earlier.waiting
                self._untold += earlier.untold
                self._told = earlier
                self._swept = True
        with self._changed:
            self._ready = True
            self._well()

    def _drain(self, budget_s: float) -> bool:
        """Write for a time; returns whether it would be good to go on."""
        until = time.monotonic() + budget_s
        try:
            while self._backlog:
                self._file.append(self._backlog.first)
                self._backlog.remove_first()
                self._dirty = True
                if self._backlog and time.monotonic() > until:
                    return True
        except OSError as error:
            self._trouble(error)
            return False
        self._well()
        return False

    def _sync(self) -> None:
        with self._changed:
            if not (self._ready and self._dirty):
                return
            self._dirty = False
        try:
            self._file.sync()
        except OSError as error:
            with self._changed:
                self.failed = self.failed or error
                self._dirty = True
                if not self._sync_reason:
                    log.error("journal %s may not be on disk: %s; look at the disk", self._path, error)
                self._sync_reason = f"what was written may not be on disk: {error}"
            return
        with self._changed:
            self._sync_reason = ""
            if not self._file.is_in_place:
                log.error("journal %s was moved or deleted while it is written; it is begun anew", self._path)
                self._file.close()
                self._ready = False

    def _tell(self) -> None:
        state = self.state
        if state != self._told and write_state(self._path, state):
            with self._changed:
                self._told = state

    def _state(self) -> JournalState:
        reason = self._reason or self._sync_reason
        status: Literal["ok", "waiting"] = "waiting" if reason else "ok"
        return JournalState(status, reason, len(self._backlog), self._lost, self._untold)

    def _trouble(self, error: Exception) -> None:
        self.failed = self.failed or error
        if not self._reason:
            log.error("journal %s does not take documents: %s; they wait in memory until it does", self._path, error)
        self._reason = str(error)

    def _well(self) -> None:
        if self._reason:
            log.warning("journal %s takes documents again, after: %s", self._path, self._reason)
            self._reason = ""

    def _lose(self, number: int, reason: str) -> None:
        before, self._lost = self._lost, self._lost + number
        if not before or before // LOSSES_PER_WORD != self._lost // LOSSES_PER_WORD:
            log.error("journal %s has lost %d documents: %s", self._path, self._lost, reason)
