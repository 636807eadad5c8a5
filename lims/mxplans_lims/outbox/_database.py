"""The SQLite file of the outbox: opening, checking, one transaction at a time."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mxplans.errors import DeliveryError
from mxplans_lims.outbox._schema import APPLICATION_ID, TABLES, VERSION

BUSY_S = 20.0
"""How long a transaction waits for one of another process; those take milliseconds, on a stalled disk seconds."""

_AGAIN_S = 0.05


def storable(text: str) -> str:
    r"""A text as UTF-8 can hold it: what was read from a disk or a server may have halves of characters.

    >>> storable("a\udcffb")
    'a\\udcffb'
    """
    return text.encode("utf-8", "backslashreplace").decode()


class Database:
    """An outbox's file, used by all threads of a process; other processes may have it open at the same time.

    Args:
        path: Made with its tables, and with its folder, if it is not there.

    Raises:
        DeliveryError: If it cannot be opened, is damaged, is something else, or is of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing, self._reading = threading.Lock(), threading.Lock()
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
        try:
            with self._told():
                self._open()
                self._reader = self._connect()
                self._reader.execute("PRAGMA query_only = ON")
        except BaseException:
            self._writer.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        # Transactions are begun by hand: isolation_level None keeps Python from doing it in between.
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        return connection

    def _open(self) -> None:
        self._check_kind()
        self._use_write_ahead_log()
        with self.write() as connection:
            if not self._has_tables():
                for statement in TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
        self._check_kind()

    def _use_write_ahead_log(self) -> None:
        """Readers and a writer do not wait for each other. Two processes that make the file at once may collide."""
        for _ in range(round(BUSY_S / _AGAIN_S)):
            try:
                if self._pragma("journal_mode = WAL") == "wal":
                    return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
            threading.Event().wait(_AGAIN_S)
        raise DeliveryError(f"{self.path} cannot have a write-ahead log; put its folder on a local disk")

    def _has_tables(self) -> bool:
        return self._writer.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None

    def _check_kind(self) -> None:
        if not self._has_tables():
            return
        mark, version = self._pragma("application_id"), self._pragma("user_version")
        if mark != APPLICATION_ID:
            raise DeliveryError(f"{self.path} is a SQLite file of something else (mark {mark}); move it away")
        if version != VERSION:
            raise DeliveryError(
                f"{self.path} has tables of version {version}, this program reads version {VERSION}; send what is in it "
                "with the mxplans that wrote it, or move it away: the records are made again from the journal"
            )

    def _pragma(self, text: str) -> object:
        row = self._writer.execute(f"PRAGMA {text}").fetchone()
        return row[0] if row else None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite and the system say, with the file and what to do."""
        try:
            yield
        except (sqlite3.OperationalError, OSError) as error:
            raise DeliveryError(
                f"outbox {self.path} cannot be used: {error}; see that its folder is writable, that the disk has room, "
                f"and that no process holds it for more than {BUSY_S:g} s"
            ) from error
        except sqlite3.DatabaseError as error:
            raise DeliveryError(
                f"outbox {self.path}: {error}; move it away: the records are made again from the journal"
            ) from error

    @contextmanager
    def write(self, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction that may write: all of it is kept, or after an exception none.

        Args:
            durable: Whether it outlives a power cut too; without, it outlives the end of this process only, and is
                much quicker.

        Raises:
            DeliveryError: If the file cannot be written.
        """
        with self._writing, self._told():
            self._writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with _transaction(self._writer, "BEGIN IMMEDIATE"):
                yield self._writer

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees a single state of the file.

        Raises:
            DeliveryError: If the file cannot be read.
        """
        with self._reading, self._told(), _transaction(self._reader, "BEGIN"):
            yield self._reader

    def close(self) -> None:
        """Close the file; calling it twice does no harm."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself ends the transaction after some faults (a full disk), after others it stays open.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
