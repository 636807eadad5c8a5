"""The SQLite file that several processes share: opening, checking, and one transaction at a time."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from mxplans.errors import LedgerError
from mxplans.queue._schema import APPLICATION_ID, TABLES, VERSION

BUSY_S = 20.0
"""How long a transaction waits for another process's one; those take milliseconds, on a stalled disk seconds."""

_AGAIN_S = 0.05


class Database:
    """A queue file, used by any thread of one process: one transaction writes and one reads at a time.

    The two have a connection each, so that reading need not wait while something long is written, here or elsewhere.

    Args:
        path: Of the file; made with its tables if it is not there. Its folder must exist.

    Raises:
        LedgerError: If it cannot be opened, is damaged, is no queue file, or is of another version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._process = os.getpid()
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._closed = False
        with self._told():
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
        connection = sqlite3.connect(
            self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        connection.row_factory = sqlite3.Row
        return connection

    def _open(self) -> None:
        self._check_kind()
        self._use_write_ahead_log()
        self._writer.execute("PRAGMA synchronous = FULL")
        self._writer.execute("PRAGMA foreign_keys = ON")
        with self._transaction(self._writer, self._writing, "BEGIN IMMEDIATE") as connection:
            if not self._has_tables():
                for statement in TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {VERSION}")
        self._check_kind()
        found = self._pragma("quick_check(1)")
        if found != "ok":
            raise LedgerError(f"{self.path} is damaged ({found}); put a backup in its place, or move it away")

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
        raise LedgerError(
            f"{self.path} cannot have a write-ahead log; put it on a local disk, not on a network file system"
        )

    def _has_tables(self) -> bool:
        return self._writer.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None

    def _check_kind(self) -> None:
        if not self._has_tables():
            return
        mark, version = self._pragma("application_id"), self._pragma("user_version")
        if mark != APPLICATION_ID:
            raise LedgerError(f"{self.path} is a SQLite file of something else (mark {mark}); give another path")
        if version != VERSION:
            raise LedgerError(
                f"{self.path} has tables of version {version}, this program reads version {VERSION}; "
                "use the mxplans that wrote it, or finish its queue there and begin a new file"
            )

    def _pragma(self, text: str) -> object:
        row = self._writer.execute(f"PRAGMA {text}").fetchone()
        return row[0] if row else None

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What SQLite says, with the file and what to do."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise LedgerError(
                f"{self.path} cannot be used: {error}; see that its folder exists and is writable, that the disk has "
                f"room, and that no process holds it for more than {BUSY_S:g} s"
            ) from error
        except sqlite3.DatabaseError as error:
            raise LedgerError(f"{self.path}: {error}; put a backup in its place, or move it away") from error

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that may write: all of it is durable afterwards, or, after an exception, none.

        Raises:
            LedgerError: If the file cannot be written.
        """
        with self._transaction(self._writer, self._writing, "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One transaction that sees a single state of the file.

        Raises:
            LedgerError: If the file cannot be read.
        """
        with self._transaction(self._reader, self._reading, "BEGIN") as connection:
            yield connection

    @contextmanager
    def _transaction(
        self, connection: sqlite3.Connection, lock: threading.Lock, begin: str
    ) -> Iterator[sqlite3.Connection]:
        if os.getpid() != self._process:
            raise LedgerError(f"{self.path} was opened by process {self._process}; open it anew in each process")
        with lock, self._told():
            if self._closed:
                raise LedgerError(f"{self.path} has been closed; open it anew")
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # SQLite itself ends the transaction after some faults (a full disk), after others it stays open.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; calling it twice does no harm."""
        with self._writing, self._reading:
            self._closed = True
            self._reader.close()
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
