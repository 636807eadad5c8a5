"""What is wrong with the execution, and what helps: pure, from what manager and worker say of themselves.

The RE manager does not see that its worker is dead, and hangs when Redis is away as a plan ends (bluesky-queueserver
0.0.25). Here both are told by how long a state lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from mxplans.app.queueserver.heartbeat import Beat
from mxplans.app.queueserver.silence import Silence

OPENING_S = 60.0
"""For connecting all devices and making safe."""
HANGING_S = 5.0
"""In a state that is left within two polls of the manager (0.5 s) if all is well."""
DESTROYING_S = 15.0
"""For a worker to be gone that is to be destroyed."""
EARLY_DEATH_S = 3.0
"""To destroy what the manager is closing itself would leave it two workers on one pipe."""


class Advice(Enum):
    """What to do next."""

    FEED = auto()
    """All is well: keep the execution queue filled."""
    WAIT = auto()
    OPEN = auto()
    """Start a worker."""
    DESTROY = auto()
    """End the worker, which is dead or hangs."""
    RESTART = auto()
    """End manager and worker, and start them anew."""


@dataclass(frozen=True)
class ManagerStatus:
    """The part of the manager's status that counts here."""

    state: str
    worker_exists: bool
    re_state: str | None
    pausing: bool
    items_in_history: int

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> ManagerStatus:
        """Take it from the manager's answer."""
        return cls(
            state=answer["manager_state"],
            worker_exists=answer["worker_environment_exists"],
            re_state=answer["re_state"],
            pausing=bool(answer.get("pause_pending")),
            items_in_history=answer["items_in_history"],
        )


class Diagnosis:
    """Remembers since when something has been as it is."""

    def __init__(self) -> None:
        self._condition: tuple[Any, ...] | None = None
        self._since_s = 0.0
        self._silence = Silence()
        self._destroying_since_s: float | None = None
        self._opened_s = 0.0
        self._dead_since_s: float | None = None

    @property
    def heard(self) -> bool:
        """Whether the manager has answered since it was started."""
        return self._silence.heard

    def opening(self, now_s: float) -> None:
        """A worker is being started: signs of life from before are another one's."""
        self._opened_s = now_s

    def restarted(self, now_s: float) -> None:
        """The manager was started anew: what lasted before counts no more."""
        self._condition, self._destroying_since_s, self._opened_s = None, None, now_s
        self._silence.restarted()

    def advise(
        self, status: ManagerStatus | None, beat: Beat | None, now_s: float, manager_pid: int | None = None
    ) -> Advice:
        """Judge the present state.

        Args:
            status: None where the manager does not answer.
            beat: The worker's last sign of life.
            now_s: Unix time.
            manager_pid: Number of the manager's process; None if there is none.
        """
        if status is None:
            self._condition = None
            return Advice.RESTART if self._silence.too_long(manager_pid, now_s) else Advice.WAIT
        self._silence.answered(manager_pid)
        advice = self._advise(status, beat, now_s)
        if advice is not Advice.DESTROY:
            self._destroying_since_s = None
            return advice
        if self._destroying_since_s is None:
            self._destroying_since_s = now_s
        return Advice.RESTART if now_s - self._destroying_since_s > DESTROYING_S else advice

    def _advise(self, status: ManagerStatus, beat: Beat | None, now_s: float) -> Advice:
        condition = (status.state, status.worker_exists, status.re_state)
        if condition != self._condition:
            self._condition, self._since_s = condition, now_s
        lasts_s = now_s - self._since_s
        mine = beat if beat is not None and beat.time_s >= self._opened_s else None
        if status.state == "destroying_environment":
            return Advice.RESTART if lasts_s > DESTROYING_S else Advice.WAIT
        if status.state == "creating_environment":
            return Advice.DESTROY if self._died_early(mine, now_s) or lasts_s > OPENING_S else Advice.WAIT
        if not status.worker_exists:
            return self._without_worker(status, lasts_s)
        if beat is None or not beat.lives(now_s):
            return Advice.DESTROY
        if _hanging(status):
            return Advice.DESTROY if lasts_s > HANGING_S else Advice.WAIT
        return Advice.FEED

    def _died_early(self, beat: Beat | None, now_s: float) -> bool:
        """Whether a worker died as it started, and the manager, which sees some such deaths, has not seen it in time."""
        if beat is None or beat.lives(now_s):
            self._dead_since_s = None
            return False
        self._dead_since_s = self._dead_since_s or now_s
        return now_s - self._dead_since_s > EARLY_DEATH_S

    def _without_worker(self, status: ManagerStatus, lasts_s: float) -> Advice:
        if status.state == "idle":
            return Advice.OPEN
        return Advice.RESTART if lasts_s > HANGING_S else Advice.WAIT


def _hanging(status: ManagerStatus) -> bool:
    """Whether this state must pass by itself: the manager waits for something that a dead letter would bring."""
    if status.state == "executing_queue":
        return status.re_state not in ("running", "paused", "pausing", "stopping", "aborting", "suspending")
    if status.state == "paused":
        return status.re_state != "paused"
    return status.state not in ("idle", "executing_task")
