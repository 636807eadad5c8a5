"""How often an experiment may go wrong for reasons that are not its own, before it is given up.

What is counted is forgotten with this process: an experiment has all chances again after a restart.
"""

from __future__ import annotations

import logging
from collections import Counter

from mxplans.errors import QueueRefused
from mxplans.queue import Ledger, Outcome, QueueStore, State

log = logging.getLogger("mxplans")

FAULTS_MOST = 3
"""Faults of the beamline in one experiment, after which it is given up."""
CRASHES_MOST = 10
"""Workers that may die on one experiment without any scan more, before it is given up."""
STARTS_MOST = 5
"""Starts of one experiment in a row that no worker begins. One alone is an accident, such as a worker killed just then."""
WHO = "mxplans serve"


class Patience:
    """Counts what went wrong, and ends what goes wrong too often as failed.

    Args:
        queue: The tree.
        ledger: What was really done.
    """

    def __init__(self, queue: QueueStore, ledger: Ledger) -> None:
        self._queue = queue
        self._ledger = ledger
        self._faults: Counter[str] = Counter()
        self._crashes: dict[str, Counter[int]] = {}
        """Deaths by experiment and by the number of its scans that were committed then."""
        self._dead: int | None = None
        self._started: tuple[str, int] | None = None
        """The experiment that was started last, and the number of its attempts before."""
        self._starts = 0

    def fault(self, item_uuid: str, reason: str) -> None:
        """Count a fault of the beamline in an experiment."""
        self._faults[item_uuid] += 1
        if self._faults[item_uuid] >= FAULTS_MOST:
            self._give_up(item_uuid, f"the beamline failed {FAULTS_MOST} times in it, the last time: {reason}")

    def death(self, worker: int, item_uuid: str | None) -> None:
        """Count the death of a worker on an experiment: once, however often it is told.

        Args:
            worker: Number of its process.
            item_uuid: The experiment that it named last; None if it was between two.
        """
        if worker == self._dead:
            return
        if item_uuid is not None and self._ledger.state(item_uuid).state is State.RUNNING:
            deaths = self._crashes.setdefault(item_uuid, Counter())
            scans = len(self._ledger.committed(item_uuid))
            deaths[scans] += 1
            if deaths[scans] >= CRASHES_MOST:
                self._give_up(item_uuid, f"{CRASHES_MOST} workers in a row died on it without a scan more")
        self._dead = worker

    def start(self, item_uuid: str) -> bool:
        """Count a start of an experiment that is to follow; False if it was started in vain too often, and is given up."""
        started = (item_uuid, self._ledger.state(item_uuid).attempt)
        self._starts = self._starts + 1 if started == self._started else 1
        self._started = started
        if self._starts <= STARTS_MOST:
            return True
        self._started = None
        reason = f"started {STARTS_MOST} times, and no worker has begun it; the logs of manager and worker say why"
        log.error("experiment %s is given up: %s", item_uuid, reason)
        self._queue.end(item_uuid, Outcome.FAILED, reason, WHO)
        return False

    def forget_ended(self) -> None:
        """What has ended and is tried again later has all its chances again."""
        for item_uuid in {*self._faults, *self._crashes}:
            if self._ledger.state(item_uuid).state is State.ENDED:
                self._forget(item_uuid)

    def _forget(self, item_uuid: str) -> None:
        self._faults.pop(item_uuid, None)
        self._crashes.pop(item_uuid, None)

    def _give_up(self, item_uuid: str, reason: str) -> None:
        self._forget(item_uuid)
        try:
            self._ledger.begin(item_uuid)
        except QueueRefused as refusal:
            log.info("experiment %s needs no giving up: %s", item_uuid, refusal)
            return
        log.error("experiment %s is given up: %s", item_uuid, reason)
        self._ledger.finish(item_uuid, Outcome.FAILED, reason)
