"""The loop that keeps a queue going: processes live, worker and manager are well, the execution queue is filled."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

from mxplans.app.queueserver.child import living_children
from mxplans.app.queueserver.diagnosis import Advice, Diagnosis, ManagerStatus
from mxplans.app.queueserver.execution import ExecutionQueue
from mxplans.app.queueserver.feeder import Feeder
from mxplans.app.queueserver.group import Group
from mxplans.app.queueserver.heartbeat import Beat, last_beat
from mxplans.app.queueserver.places import Places
from mxplans.app.queueserver.private_files import write_private
from mxplans.app.queueserver.re_manager import ManagerRefused, ManagerSilent
from mxplans.app.queueserver.wish import Mode, make_wish, present_wish
from mxplans.app.services import ServiceProcess

log = logging.getLogger("mxplans")

PERIOD_S = 0.25
PATIENCE_S = 30.0
"""Longest pause between two workers that do not start."""
END_S = 5.0
"""For a plan to end and to make safe, when this program is stopped."""
WHO = "mxplans serve"
_WITH_PLAN = ("starting_queue", "executing_queue", "paused")
"""States of the manager in which a plan runs, or is about to."""


class Supervisor:
    """Looks after a group until it is told to stop.

    Args:
        places: Of the group.
        group: Its processes.
        execution: Its execution queue.
        feeder: Fills it.
        services: Of the profile, by name.
    """

    def __init__(
        self,
        places: Places,
        group: Group,
        execution: ExecutionQueue,
        feeder: Feeder,
        services: Mapping[str, ServiceProcess],
    ) -> None:
        self._places = places
        self._group = group
        self._execution = execution
        self._feeder = feeder
        self._services = services
        self._diagnosis = Diagnosis()
        self._openings = 0
        self._open_next_s = 0.0
        self._told: dict[str, object] = {}

    def run(self, stop: threading.Event) -> None:
        """Work until the event is set. However that ends, the running plan is told before.

        Raises:
            LedgerError: If the queue file cannot be used any more.
            OSError: If the folder cannot be written any more.
        """
        try:
            while not stop.wait(PERIOD_S):
                self.step(time.time())
        finally:
            self._end_well()

    def step(self, now_s: float) -> None:
        """Look at everything once and do one thing about it."""
        again = self._group.look(now_s)
        if "redis" in again and not self._diagnosis.heard:
            self._restart_manager(now_s)  # one that starts while Redis is away does not come up
        elif self._group.manager.name in again:
            self._diagnosis.restarted(now_s)
        self._look_at_services()
        status = self._execution.status()
        beat = last_beat(self._places.heartbeat)
        advice = self._diagnosis.advise(status, beat, now_s, self._manager_pid(beat))
        self._tell(status, advice, beat.item_uuid if beat is not None and beat.lives(now_s) else None)
        try:
            self._follow(advice, status, beat, now_s)
        except (ManagerSilent, ManagerRefused) as error:
            log.info("%s", error)  # the next step sees why

    def _follow(self, advice: Advice, status: ManagerStatus | None, beat: Beat | None, now_s: float) -> None:
        if advice is Advice.FEED and status is not None:
            self._openings, self._open_next_s = 0, 0.0
            self._feeder.feed(status)
        elif advice is Advice.OPEN:
            self._open(now_s)
        elif advice is Advice.DESTROY:
            log.warning("the worker is dead or hangs (%s): it is replaced", beat or "no sign of life")
            if beat is not None:
                self._feeder.worker_died(beat.pid, beat.item_uuid)
            self._execution.destroy_worker()
        elif advice is Advice.RESTART:
            log.warning("the RE manager hangs: it is started again")
            self._restart_manager(now_s)

    def _open(self, now_s: float) -> None:
        """Start a worker: the first at once, the next ones ever more patiently, since a device may be away."""
        if now_s < self._open_next_s:
            return
        self._openings += 1
        if self._openings > 1:
            log.warning("the worker did not start, try %d; see %s", self._openings, self._places.logs / "manager.log")
            if self._openings % 2:  # a worker that is killed at a bad moment leaves the manager deaf
                self._restart_manager(now_s)
                return
        self._open_next_s = now_s + min(2.0**self._openings, PATIENCE_S)
        self._diagnosis.opening(now_s)
        self._execution.open_worker()

    def _restart_manager(self, now_s: float) -> None:
        self._group.restart_manager(now_s)
        self._diagnosis.restarted(now_s)

    def _look_at_services(self) -> None:
        for name, service in self._services.items():
            if not service.running and present_wish(self._places.wish).mode is Mode.RUN:
                reason = f"service {name} ended by itself: {service.last_words()}; see {service.log}, serve again"
                log.error("the queue is stopped: %s", reason)
                make_wish(self._places.wish, Mode.STOP, WHO, reason)

    def _manager_pid(self, beat: Beat | None) -> int | None:
        """Number of the manager: what the watchdog has started, and is not the worker."""
        children = living_children(self._group.manager.child.pid)
        return next((child for child in children if beat is None or child != beat.pid), None)

    def _tell(self, status: ManagerStatus | None, advice: Advice, item_uuid: str | None) -> None:
        """Write how it goes, for the front door, when it has changed."""
        told: dict[str, object] = {
            "manager": status.state if status is not None else "silent",
            "runEngine": status.re_state if status is not None else None,
            "advice": advice.name.lower(),
            "running": item_uuid,
        }
        if told != self._told:
            self._told = told
            write_private(self._places.execution, {**told, "sinceS": time.time()})

    def _end_well(self) -> None:
        """End a running plan, so that its finalizers leave the beamline safe; the ledger knows what is left of it."""
        until_s = time.monotonic() + END_S
        asked: set[str] = set()
        wait = threading.Event()
        while time.monotonic() < until_s:
            status = self._execution.status()
            # A manager that is silent for the moment may have a plan that runs.
            if status is not None:
                if status.state not in _WITH_PLAN:
                    return
                try:
                    self._end_plan(status.state, asked)
                except (ManagerSilent, ManagerRefused) as error:
                    log.info("%s", error)
            wait.wait(PERIOD_S)
        log.warning("no word within %g s that the running plan has ended; its worker is stopped", END_S)

    def _end_plan(self, state: str, asked: set[str]) -> None:
        """Ask for what leads to the end of a plan, unless that was asked for and heard."""
        if state == "paused" and "abort" not in asked:
            self._execution.abort()
            asked.add("abort")
        elif state == "executing_queue" and "pause" not in asked:
            self._execution.replace(())
            self._execution.pause(at_once=True)
            asked.add("pause")
