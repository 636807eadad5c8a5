"""The queue tree: sessions, their samples, and the experiments on them, with what happened to each.

Every call is one transaction, several are one inside `QueueStore.together`: all of it is on the disk when it returns, with its events, or, after an exception,
nothing of it. Who may call what is decided before (`mxplans.queue.permissions`).
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mxplans.errors import QueueRefused
from mxplans.model import QueueItem
from mxplans.queue import _adding, _editing, _moving
from mxplans.queue._ranks import To
from mxplans.queue._rows import Actor, sample_row, session_row
from mxplans.queue.nodes import NewSample, NewSession
from mxplans.queue.reader import ITEMS_MOST, QueueReader, check_count
from mxplans.queue.states import Outcome


class QueueStore(QueueReader):
    """The tree in a queue file. Any thread of one process may use it; each process opens its own.

    Args:
        path: Of the queue file; made if it is not there.
        clock: Unix time, s.

    Raises:
        LedgerError: If the file is damaged, of another version, or cannot be used. Every method raises it then.
    """

    def __init__(self, path: Path | str, clock: Callable[[], float] = time.time) -> None:
        super().__init__(path)
        self._clock = clock
        self._joined = threading.local()
        """Has the connection of the transaction that this thread has open, if any."""

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread writes inside is one transaction: all of it is there afterwards, or, after an exception, nothing.

        Readers, this store's own too, see the state before until it is over; so ask first, and write then. It is not nested.
        """
        with self._database.write() as connection:
            self._joined.connection = connection
            try:
                yield
            finally:
                del self._joined.connection

    @contextmanager
    def _write(self, who: str) -> Iterator[tuple[sqlite3.Connection, Actor]]:
        if not who:
            raise QueueRefused("nobody is named as the one who does this; give the user's name")
        actor = Actor(who, self._clock())
        joined: sqlite3.Connection | None = getattr(self._joined, "connection", None)
        if joined is not None:
            yield joined, actor
            return
        with self._database.write() as connection:
            yield connection, actor

    # What is put in

    def add_session(self, session: NewSession, who: str) -> bool:
        """Add a session; False if it is there already with the same content.

        Raises:
            QueueRefused: If it is there with other content.
        """
        with self._write(who) as (connection, actor):
            return _adding.add_session(connection, session, actor)

    def add_samples(self, session: str, samples: Iterable[NewSample], who: str) -> tuple[str, ...]:
        """Add samples at the end of a session; names of those that were not there.

        Raises:
            QueueRefused: If there is no such session, a sample is there at another place, or a place is taken.
        """
        samples = list(samples)
        check_count("samples", len(samples), ITEMS_MOST)
        with self._write(who) as (connection, actor):
            return _adding.add_samples(connection, session, samples, actor)

    def add_items(
        self, session: str, items: Sequence[QueueItem], who: str, disabled: Collection[str] = ()
    ) -> tuple[str, ...]:
        """Add experiments, and the samples they are for, at the end; uuids of those that were not there.

        Args:
            session: Name of the session.
            items: In their order.
            who: Does it.
            disabled: Uuids of those that are switched off at first.

        Raises:
            QueueRefused: If there is no such session, one is there with other content, or a sample's place is taken.
        """
        check_count("items", len(items), ITEMS_MOST)
        with self._write(who) as (connection, actor):
            return _adding.add_items(connection, session, items, disabled, actor)

    def copy(
        self,
        uuid: str,
        who: str,
        new_uuid: str | None = None,
        to: To = "last",
        of: str | None = None,
        sample: str | None = None,
    ) -> str:
        """Add an experiment with the content of another and a uuid of its own, given or derived; see `move`.

        It has no priority: who may copy may not always give one.

        Raises:
            QueueRefused: If the original or the place is not there, or the new uuid is taken.
            InvalidInput: If the new uuid is none.
        """
        with self._write(who) as (connection, actor):
            return _moving.copy(connection, uuid, new_uuid, _moving.Target(to, of, sample), actor)

    # What is edited

    def change(self, item: QueueItem, who: str) -> None:
        """Give an experiment another content, for the same sample.

        Raises:
            QueueRefused: If it is not there, was begun, or the new content is for another sample.
        """
        with self._write(who) as (connection, actor):
            _editing.change(connection, item, actor)

    def move(self, uuid: str, who: str, to: To = "last", of: str | None = None, sample: str | None = None) -> None:
        """Put an experiment elsewhere in its session; one that comes to another sample is for that sample then.

        Args:
            uuid: Of the experiment.
            who: Does it.
            to: Where.
            of: Uuid of the neighbour, with `before` and `after`.
            sample: Name of the sample it goes to; None: the neighbour's, or its own.

        Raises:
            QueueRefused: If one of them is not there, or if one that was begun would change its sample.
        """
        with self._write(who) as (connection, actor):
            _moving.move(connection, uuid, _moving.Target(to, of, sample), actor)

    def move_sample(self, session: str, sample: str, who: str, to: To = "last", of: str | None = None) -> None:
        """Put a sample elsewhere in its session; `of` is the neighbour's name, with `before` and `after`.

        Raises:
            QueueRefused: If one of them is not there.
        """
        with self._write(who) as (connection, actor):
            _moving.move_sample(connection, session, sample, to, of, actor)

    def enable(self, uuids: Iterable[str], enabled: bool, who: str) -> None:
        """Switch experiments on or off.

        Raises:
            QueueRefused: If one is not there or running.
        """
        with self._write(who) as (connection, actor):
            for uuid in uuids:
                _editing.enable(connection, uuid, enabled, actor)

    def set_priority(self, uuids: Iterable[str], priority: int | None, who: str) -> None:
        """Give experiments another priority, 1 first; None comes last.

        Raises:
            QueueRefused: If one is not there, running or ended, or the priority is not allowed.
        """
        with self._write(who) as (connection, actor):
            for uuid in uuids:
                _editing.set_priority(connection, uuid, priority, actor)

    def set_group(self, session: str, group: str, on_failure_go_on: bool, who: str) -> None:
        """Say whether the others of a sample group are tried when one fails; they are, unless said otherwise.

        Raises:
            QueueRefused: If there is no such session.
        """
        with self._write(who) as (connection, actor):
            _editing.set_group(connection, session, group, on_failure_go_on, actor)

    def remove(self, uuids: Iterable[str], who: str) -> None:
        """Take experiments out of the tree; what the ledger knows of them stays.

        Raises:
            QueueRefused: If one is not there or running.
        """
        with self._write(who) as (connection, actor):
            for uuid in uuids:
                _editing.remove(connection, uuid, actor)

    def remove_sample(self, session: str, sample: str, who: str) -> None:
        """Take a sample with its experiments out of the tree.

        Raises:
            QueueRefused: If it is not there or one of them is running.
        """
        with self._write(who) as (connection, actor):
            row = sample_row(connection, session_row(connection, session), sample)
            _editing.remove_sample(connection, row, session, actor)

    def remove_session(self, session: str, who: str) -> None:
        """Take a session with all that is in it out of the tree.

        Raises:
            QueueRefused: If it is not there or something of it is running.
        """
        with self._write(who) as (connection, actor):
            _editing.remove_session(connection, session, actor)

    def retry(self, uuids: Iterable[str], who: str) -> None:
        """Let ended experiments wait again; scans that are committed are not taken again.

        Raises:
            QueueRefused: If one is not there, has not ended, or is completed.
        """
        with self._write(who) as (connection, actor):
            for uuid in uuids:
                _editing.retry(connection, uuid, actor)

    # What the feeder notes

    def release(self, uuids: Iterable[str], who: str) -> None:
        """Let experiments wait again whose worker is gone.

        Raises:
            QueueRefused: If one is not there.
        """
        with self._write(who) as (connection, actor):
            for uuid in uuids:
                _editing.release(connection, uuid, actor)

    def end(self, uuid: str, outcome: Outcome, reason: str, who: str) -> None:
        """Note how an experiment ended that no worker can tell of; saying it again changes nothing.

        Raises:
            QueueRefused: If it is not there or has ended otherwise.
        """
        with self._write(who) as (connection, actor):
            _editing.end(connection, uuid, outcome, reason, actor)
