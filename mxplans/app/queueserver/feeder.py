"""From the tree of experiments to the execution queue: the next ones, as long as people want it to run.

Putting an item there twice does no harm: the plan asks the ledger what is left of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mxplans.app.queueserver.diagnosis import ManagerStatus
from mxplans.app.queueserver.execution import ExecutionQueue
from mxplans.app.queueserver.faults import take_fault
from mxplans.app.queueserver.patience import Patience
from mxplans.app.queueserver.re_manager import uuid_of
from mxplans.app.queueserver.wish import Mode, Wish, make_wish, present_wish
from mxplans.queue import Ledger, QueueStore, State

log = logging.getLogger("mxplans")

AHEAD = 2
"""Items that the execution queue holds, so that none waits for this program between two."""
HALT_AGAIN_S = 5.0
WHO = "mxplans serve"


class Feeder:
    """Keeps the execution queue filled, and does what people wish.

    Args:
        execution: The execution queue.
        queue: The tree.
        ledger: What was really done.
        wish: File with what people want.
        fault: File in which the worker reports failures of the beamline.
        clock: Seconds that only go on.
    """

    def __init__(
        self,
        execution: ExecutionQueue,
        queue: QueueStore,
        ledger: Ledger,
        wish: Path,
        fault: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._execution = execution
        self._queue = queue
        self._patience = Patience(queue, ledger)
        self._wish = wish
        self._fault = fault
        self._clock = clock
        self._halted_s = float("-inf")

    def feed(self, status: ManagerStatus) -> None:
        """One step; the worker lives and the manager answers.

        Raises:
            ManagerSilent: If the manager does not answer after all.
            ManagerRefused: If it is not in the state that it said.
        """
        if status.state == "idle":
            self._look_for_fault()
            self._patience.forget_ended()
        running, waiting = self._execution.entries()
        busy = uuid_of(running) if running is not None else None
        wish = self._still_meant(present_wish(self._wish), busy, status)
        if status.state == "paused":
            self._leave_pause(wish)
        elif status.state == "executing_queue" and not status.pausing:
            self._halt(wish, busy, status)
        if status.state == "idle" and running is None:
            self._queue.release(self._queue.uuids_in(State.RUNNING), WHO)  # their worker is gone
        self._fill(wish, busy, waiting, status)
        self._execution.trim_history(status)

    def worker_died(self, worker: int, item_uuid: str | None) -> None:
        """Count the death of a worker's process on an experiment; one that kills worker after worker is given up."""
        self._patience.death(worker, item_uuid)

    def _look_for_fault(self) -> None:
        fault = take_fault(self._fault)
        if fault is None:
            return
        log.error("the queue is stopped by a fault of the beamline: %s", fault.reason)
        make_wish(self._wish, Mode.STOP, WHO, f"fault of the beamline: {fault.reason}")
        self._patience.fault(fault.item_uuid, fault.reason)

    def _still_meant(self, wish: Wish, busy: str | None, status: ManagerStatus) -> Wish:
        """The wish; an abort of what does not run any more is done, and must not hit what runs now."""
        if wish.mode is not Mode.ABORT or wish.aborts(busy):
            return wish
        if busy is None and status.state == "executing_queue":
            return wish  # between two plans: the next step sees which one is next
        return make_wish(self._wish, Mode.STOP, wish.who, wish.reason or "aborted")

    def _leave_pause(self, wish: Wish) -> None:
        if wish.mode is Mode.ABORT:
            self._execution.abort()
        elif wish.mode is not Mode.PAUSE:
            self._execution.resume()

    def _halt(self, wish: Wish, busy: str | None, status: ManagerStatus) -> None:
        """Pause what runs; asked for again after a while, since a RunEngine between two plans does not hear it."""
        if not (wish.mode is Mode.PAUSE or wish.aborts(busy)) or status.re_state != "running":
            return
        now_s = self._clock()
        if now_s - self._halted_s > HALT_AGAIN_S:
            self._execution.pause(at_once=wish.mode is Mode.ABORT)
            self._halted_s = now_s

    def _fill(self, wish: Wish, busy: str | None, waiting: list[dict[str, Any]], status: ManagerStatus) -> None:
        wanted: list[dict[str, Any]] = []
        if wish.mode is Mode.RUN:
            wanted = [item.content for item in self._queue.next_items(AHEAD) if item.uuid != busy]
        # Anybody may edit the tree at any time, so what waits here is compared and not remembered.
        if waiting != wanted:
            self._execution.replace(wanted)
        if status.state == "idle" and wanted and self._patience.start(wanted[0]["experiment"]["uuid"]):
            self._execution.start()
