"""What was really done: the ledger that decides which scans of an experiment are still to be taken.

A worker's way through an experiment::

    if ledger.state(uuid).outcome == "Completed":
        return
    ledger.begin(uuid, digest_of(item), scans_all=len(scans))
    for scan in remaining(scans, ledger.committed(uuid)):
        ledger.begin_scan(uuid, scan.key, scan.ordinal, file_base)
        ...                                       # the frames are taken and closed
        ledger.commit(uuid, scan.key, scan.ordinal, run_uid, file_base)
    ledger.finish(uuid, "Completed", "")

Each call is one transaction that is on the disk when it returns, so a process that dies anywhere is followed by one
that takes just the scans not committed. Where the experiment stands in the tree, its state there follows by itself.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Self

from mxplans.errors import LedgerError, QueueRefused
from mxplans.model.sweeps import Position, ScanKey
from mxplans.queue import _running
from mxplans.queue._accounts import LedgerState, Verification, ranges_by_sweep
from mxplans.queue._database import Database
from mxplans.queue._rows import Actor
from mxplans.queue._scans import check_free, check_key, check_run_and_files, experiment_row
from mxplans.queue.states import FINAL, Outcome, State


class Ledger:
    """The ledger in a queue file. Any thread of one process may use it; each process opens its own.

    Args:
        path: Of the queue file; made if it is not there.
        who: Named in the events that follow from what is written here.
        clock: Unix time, s.

    Raises:
        LedgerError: If the file is damaged, of another version, or cannot be used. Every method raises it then.
    """

    def __init__(self, path: Path | str, who: str = "worker", clock: Callable[[], float] = time.time) -> None:
        self._database = Database(path)
        self._who = who
        self._clock = clock
        self._attempts: dict[str, int] = {}

    def close(self) -> None:
        """Close the file; calling it twice does no harm."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, item_uuid: str, digest: str | None = None, scans_all: int | None = None) -> int:
        """Begin an experiment, or begin it again after a failure or a worker's death.

        Args:
            item_uuid: Of the experiment.
            digest: Of the item as it is run (`digest_of`), to see that it is what was asked for and begun before.
            scans_all: Number of scans of the whole experiment, for its progress.

        Returns:
            Number of the attempt, from 1. A worker that began an earlier one can write no more.

        Raises:
            QueueRefused: If the queue does not want it any more (removed, switched off, ended for good, changed).
            LedgerError: If another content was begun under this uuid.
        """
        actor = self._actor()
        with self._database.write() as connection:
            _running.check_may_begin(connection, item_uuid, digest)
            attempt = self._next_attempt(connection, item_uuid, digest)
            connection.execute("INSERT INTO attempt VALUES (?, ?, ?, ?)", (item_uuid, attempt, actor.who, actor.time_s))
            _running.began(connection, item_uuid, actor, scans_all)
        self._attempts[item_uuid] = attempt
        return attempt

    def _next_attempt(self, connection: sqlite3.Connection, item_uuid: str, digest: str | None) -> int:
        row = experiment_row(connection, item_uuid)
        if row is None:
            connection.execute(
                "INSERT INTO experiment (item_uuid, digest, attempt, state) VALUES (?, ?, 1, ?)",
                (item_uuid, digest or "", State.RUNNING),
            )
            return 1
        if row["outcome"] is not None and Outcome(row["outcome"]) in FINAL:
            raise QueueRefused(
                f"experiment {item_uuid} has ended as {row['outcome']}; a copy with a uuid of its own is run anew"
            )
        if digest and row["digest"] and digest != row["digest"]:
            raise LedgerError(
                f"experiment {item_uuid} was begun with other content (digest {row['digest'][:12]}, now {digest[:12]}); "
                "run what was begun, or give the new content a uuid of its own"
            )
        attempt: int = row["attempt"] + 1
        connection.execute(
            "UPDATE experiment SET attempt = ?, state = ?, outcome = NULL, reason = '', digest = ? WHERE item_uuid = ?",
            (attempt, State.RUNNING, row["digest"] or digest or "", item_uuid),
        )
        return attempt

    def home(self, item_uuid: str, position: Position) -> Position:
        """Where the sample stood when this was first asked for an experiment: `position` the first time.

        Raises:
            LedgerError: If the experiment is not running or run by another worker.
        """
        with self._database.write() as connection:
            self._running_attempt(connection, item_uuid)
            connection.execute("INSERT OR IGNORE INTO home VALUES (?, ?, ?, ?)", (item_uuid, *position.xyz_mm))
            row = connection.execute("SELECT x_mm, y_mm, z_mm FROM home WHERE item_uuid = ?", (item_uuid,)).fetchone()
            return Position(**row)

    def committed(self, item_uuid: str) -> frozenset[ScanKey]:
        """Keys of the scans that are done."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT sweep_uuid, first_image, number_images FROM scan_committed WHERE item_uuid = ?", (item_uuid,)
            )
            return frozenset(tuple(row) for row in rows)

    def begin_scan(self, item_uuid: str, key: ScanKey, ordinal: int, file_base: str) -> None:
        """Say that frames of a scan will appear in files.

        Raises:
            LedgerError: If the experiment is not running or run by another worker, or frames of it are committed.
        """
        actor = self._actor()
        with self._database.write() as connection:
            attempt = self._running_attempt(connection, item_uuid)
            check_key(key, ordinal)
            check_free(connection, item_uuid, key, ordinal)
            connection.execute(
                "INSERT INTO scan_begun (item_uuid, attempt, sweep_uuid, first_image, number_images, ordinal, file_base, "
                "time_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (item_uuid, attempt, *key, ordinal, file_base, actor.time_s),
            )

    def commit(self, item_uuid: str, key: ScanKey, ordinal: int, run_uid: str, file_base: str) -> None:
        """Say that all frames of a scan are taken and closed; saying it again in the same words changes nothing.

        Raises:
            LedgerError: If the scan was not begun with these files, frames of it are committed by another run, or the
                experiment is not running or run by another worker.
        """
        actor = self._actor()
        with self._database.write() as connection:
            known = connection.execute(
                "SELECT number_images, ordinal, run_uid, file_base FROM scan_committed "
                "WHERE item_uuid = ? AND sweep_uuid = ? AND first_image = ?",
                (item_uuid, key[0], key[1]),
            ).fetchone()
            if known is not None and tuple(known) == (key[2], ordinal, run_uid, file_base):
                return
            attempt = self._running_attempt(connection, item_uuid)
            check_free(connection, item_uuid, key, ordinal)
            check_run_and_files(connection, item_uuid, key, ordinal, run_uid, file_base)
            connection.execute(
                "INSERT INTO scan_committed VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (item_uuid, *key, ordinal, attempt, run_uid, file_base, actor.time_s),
            )
            _running.went_on(connection, item_uuid, actor, key[2])

    def finish(self, item_uuid: str, outcome: str, reason: str = "") -> None:
        """Say how an experiment ended (see `Outcome`); saying it again changes nothing.

        Raises:
            LedgerError: If it is no outcome, if the experiment was not begun, has ended otherwise, or is run by another
                worker.
        """
        if outcome not in tuple(Outcome):
            raise LedgerError(f"{outcome!r} is no outcome; allowed are {', '.join(Outcome)}")
        ended = Outcome(outcome)
        actor = self._actor()
        with self._database.write() as connection:
            row = experiment_row(connection, item_uuid)
            if row is not None and row["outcome"] == ended:
                return
            self._running_attempt(connection, item_uuid)
            connection.execute(
                "UPDATE experiment SET state = ?, outcome = ?, reason = ? WHERE item_uuid = ?",
                (State.ENDED, ended, reason, item_uuid),
            )
            _running.has_ended(connection, item_uuid, actor, ended, reason)

    def state(self, item_uuid: str) -> LedgerState:
        """What the ledger knows of an experiment; `waiting` with attempt 0 for one never begun."""
        with self._database.read() as connection:
            row = experiment_row(connection, item_uuid)
        if row is None:
            return LedgerState()
        outcome = Outcome(row["outcome"]) if row["outcome"] else None
        return LedgerState(State(row["state"]), outcome, row["reason"], row["attempt"], row["digest"])

    def run_number(self, directory: str, prefix: str) -> int:
        """The next number for files of a folder and prefix: from 1, given once only, by whichever process asks.

        What another ledger has numbered before is not known here; a detector refuses to write where files are.

        Args:
            directory: Folder of the files, spelled the same way each time.
            prefix: Of the files.
        """
        with self._database.write() as connection:
            row = connection.execute(
                "INSERT INTO run_number VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last",
                (directory, prefix),
            ).fetchone()
            return int(row["last"])

    def accounts(self, item_uuid: str) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """Committed images by sweep: (first, last) of each unbroken range, in order."""
        return ranges_by_sweep(self.committed(item_uuid))

    def verify(self, item_uuid: str, expected_keys: Collection[ScanKey]) -> Verification:
        """Compare what is committed with what was to be taken."""
        committed = self.committed(item_uuid)
        expected = frozenset(expected_keys)
        return Verification(tuple(sorted(expected - committed)), tuple(sorted(committed - expected)))

    def _actor(self) -> Actor:
        return Actor(self._who, self._clock())

    def _running_attempt(self, connection: sqlite3.Connection, item_uuid: str) -> int:
        """Number of the attempt that is running, which must be the one this ledger began, if it began one."""
        row = experiment_row(connection, item_uuid)
        if row is None:
            raise LedgerError(f"experiment {item_uuid} was never begun; call begin first")
        if row["state"] != State.RUNNING:
            now = f"has ended as {row['outcome']}" if row["outcome"] else f"is {row['state']}"
            raise LedgerError(f"experiment {item_uuid} {now}; begin it again first")
        attempt: int = row["attempt"]
        mine = self._attempts.get(item_uuid, attempt)
        if mine != attempt:
            raise LedgerError(
                f"attempt {mine} at experiment {item_uuid} is over, attempt {attempt} has begun elsewhere; stop this one"
            )
        return attempt
