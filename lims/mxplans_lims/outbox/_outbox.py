"""The outbox as its users see it: the exporter puts and sends, an operator looks and asks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mxplans_lims.outbox import _operator, _sending, _showing
from mxplans_lims.outbox._database import Database, storable
from mxplans_lims.outbox._putting import Spelled, drop_problem, put_problem, put_steps
from mxplans_lims.outbox._sending import Claim
from mxplans_lims.outbox._showing import ShownPosition, ShownProblem, ShownStep, TargetState, TargetStatus


@dataclass(frozen=True)
class Unsent:
    """How much is not done.

    Attributes:
        open: Steps that can go now or soon.
        unanswered: Steps whose target works but has not confirmed them, or has no answer for them.
        waiting: Steps whose target is away.
        dead: Steps that were given up, and experiments that came to no steps.
    """

    open: int
    unanswered: int
    waiting: int
    dead: int

    @property
    def pending(self) -> int:
        """All that is still to arrive by itself."""
        return self.open + self.unanswered + self.waiting


class Outbox:
    """Steps of each target and experiment, in order, until they are done.

    Args:
        path: SQLite file; made with its folder if it is not there.
        clock: Gives seconds since 1970.

    Attributes:
        database: For those who keep something in the same transaction.

    Raises:
        DeliveryError: If the file cannot be used. All methods raise it.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.database = Database(path)
        self._clock = clock

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def put(
        self,
        item_uid: str,
        steps: Mapping[str, tuple[Spelled, ...] | str],
        also: Callable[[sqlite3.Connection], None] | None = None,
    ) -> None:
        """Take in what an experiment means to each target, in one transaction.

        Args:
            item_uid: The experiment.
            steps: By target; a text says why there are none.
            also: What else belongs into the same transaction.
        """
        now_s = self._clock()
        with self.database.write() as connection:
            for target, told in steps.items():
                if isinstance(told, str):
                    put_problem(connection, target, item_uid, told, now_s)
                else:
                    put_steps(connection, target, item_uid, told, now_s)
                    drop_problem(connection, target, item_uid)
            if also is not None:
                also(connection)

    def recover(self) -> None:
        """Let what a process was sending when it ended be sent again. Only for the one process that sends."""
        with self.database.write() as connection:
            connection.execute("UPDATE steps SET state = 'pending' WHERE state = 'sending'")

    def claim(self, target: str, longest_s: float) -> Claim | None:
        """The step that is to be sent now, if there is one.

        Args:
            target: Where to.
            longest_s: Longest wait between two tries.
        """
        now_s = self._clock()
        with self.database.read() as connection:
            if _sending.next_step(connection, target, now_s, longest_s) is None:
                return None
        # That a step is under way need not outlive a power cut: it would be sent again all the same.
        with self.database.write(durable=False) as connection:
            row = _sending.next_step(connection, target, now_s, longest_s)
            return None if row is None else _sending.claim(connection, row, now_s)

    def done(self, sent: Claim, ids: Mapping[str, str]) -> None:
        """A step arrived: its state and the identifiers that came of it are one transaction."""
        with self.database.write() as connection:
            _sending.done(connection, sent, ids, self._clock())

    def refused(self, sent: Claim, reason: str) -> None:
        """A step will never be taken as it is."""
        with self.database.write() as connection:
            _sending.refused(connection, sent, reason, self._clock())

    def unreachable(self, sent: Claim, reason: str, wait_s: float) -> None:
        """A target is away; the step waits at least so long."""
        now_s = self._clock()
        with self.database.write() as connection:
            _sending.unreachable(connection, sent, reason, now_s, now_s + wait_s)

    def unanswered(self, sent: Claim, reason: str, ids: Mapping[str, str], wait_s: float) -> None:
        """A target has not confirmed a step; it alone waits so long, and what the target gave so far is kept."""
        now_s = self._clock()
        with self.database.write() as connection:
            _sending.unanswered(connection, sent, reason, ids, now_s, now_s + wait_s)

    def failed(self, sent: Claim, reason: str, wait_s: float) -> None:
        """A target raised what no target should; the step waits at least so long, or is given up."""
        now_s = self._clock()
        with self.database.write() as connection:
            _sending.failed(connection, sent, reason, now_s, now_s + wait_s)

    def set_target(self, name: str, state: TargetState, reason: str = "") -> None:
        """Note whether a target can be used at all."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO targets (name, state, reason) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE "
                "SET state = excluded.state, reason = excluded.reason, away_since_s = NULL",
                (name, state, storable(reason)),
            )

    def settle(self, name: str, place: str) -> str:
        """Note where a target delivers to, the first time; where it did before, the same from then on."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO targets (name, state, place) VALUES (?, 'ready', ?) ON CONFLICT (name) DO UPDATE "
                "SET place = excluded.place WHERE place = ''",
                (name, storable(place)),
            )
            row = connection.execute("SELECT place FROM targets WHERE name = ?", (name,)).fetchone()
        return str(row["place"])

    def unsent(self) -> Unsent:
        """How much is not done."""
        with self.database.read() as connection:
            row = connection.execute(
                "SELECT COALESCE(SUM(goes AND works AND waits = 0), 0), COALESCE(SUM(goes AND works AND waits > 0), 0), "
                "COALESCE(SUM(goes AND NOT works), 0), COALESCE(SUM(shown = 'dead'), 0) FROM ("
                "SELECT shown, waits, shown IN ('pending', 'sending') AS goes, COALESCE(t.state, 'ready') = 'ready' AS works "
                "FROM shown_steps AS s LEFT JOIN targets AS t ON t.name = s.target WHERE s.state <> 'done')"
            ).fetchone()
            problems = connection.execute("SELECT COUNT(*) FROM problems").fetchone()[0]
        return Unsent(row[0], row[1], row[2], row[3] + problems)

    def statuses(self) -> tuple[TargetStatus, ...]:
        """How each target does."""
        with self.database.read() as connection:
            return _showing.target_statuses(connection)

    def position(self) -> ShownPosition | None:
        """How far the exporter has read the journal; None if it never has."""
        with self.database.read() as connection:
            return _showing.position(connection)

    def steps(self, item_uid: str) -> tuple[ShownStep, ...]:
        """Steps of an experiment, by target and in order."""
        with self.database.read() as connection:
            return _showing.steps_of(connection, item_uid)

    def problems(self) -> tuple[ShownProblem, ...]:
        """Experiments that came to no steps, and why."""
        with self.database.read() as connection:
            return _showing.problems(connection)

    def items(self, beginning: str = "") -> tuple[str, ...]:
        """Uids of experiments that begin with a text."""
        with self.database.read() as connection:
            return _showing.items(connection, beginning)

    def ids(self, target: str, item_uid: str) -> dict[str, str]:
        """Identifiers that a target gave for an experiment, by key."""
        with self.database.read() as connection:
            return _sending.ids_of(connection, target, item_uid)

    def retry(self, target: str | None = None, item_uid: str | None = None) -> int:
        """Let what was given up be tried again, and what waits be tried at once; returns how much was given up."""
        with self.database.write() as connection:
            _operator.hurry(connection, target, item_uid)
            return _operator.retry(connection, target, item_uid, self._clock())

    def resend(self, items: Collection[str], target: str | None = None, forget_ids: bool = False) -> int:
        """Let all steps of experiments be sent again, with the identifiers known or without; returns how many."""
        with self.database.write() as connection:
            return _operator.resend(connection, target, items, forget_ids, self._clock())
