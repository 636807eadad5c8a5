"""The supervisor's own work, with a group and a manager that do as they are told."""

import os
import threading
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import pytest

from mxplans.app.queueserver import supervisor
from mxplans.app.queueserver.diagnosis import ManagerStatus
from mxplans.app.queueserver.heartbeat import Beat
from mxplans.app.queueserver.places import Places
from mxplans.app.queueserver.private_files import write_private
from mxplans.app.queueserver.re_manager import ManagerSilent
from mxplans.app.queueserver.supervisor import Supervisor
from mxplans.errors import LedgerError

IDLE = ManagerStatus(state="idle", worker_exists=True, re_state="idle", pausing=False, items_in_history=0)
RUNNING = replace(IDLE, state="executing_queue", re_state="running")
PAUSED = replace(IDLE, state="paused", re_state="paused")
DEAD = 2**22 + 1
"""Above the largest number that Linux gives to a process."""


@dataclass
class Manager:
    """Says one status after another, the last one for ever; is silent to some questions."""

    says: list
    silent: list = field(default_factory=list)
    told: list = field(default_factory=list)

    def status(self):
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]

    def replace(self, contents):
        self._tell("replace")

    def pause(self, at_once):
        self._tell("pause")

    def abort(self):
        self._tell("abort")

    def destroy_worker(self):
        self._tell("destroy")

    def _tell(self, what):
        if self.silent and self.silent[0] == what:
            self.silent.pop(0)
            raise ManagerSilent(f"no answer to {what}")
        self.told.append(what)


@dataclass
class Feeder:
    """Fails, or counts."""

    error: Exception | None = None
    died: list = field(default_factory=list)

    def feed(self, status):
        if self.error is not None:
            raise self.error

    def worker_died(self, *death):
        self.died.append(death)


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor, "PERIOD_S", 0.01)
    places = Places(tmp_path)
    places.make()
    return places


def beat(places, pid=None, item_uuid=None):
    beat = Beat(pid=pid or os.getpid(), time_s=supervisor.time.time(), item_uuid=item_uuid)
    write_private(places.heartbeat, beat.model_dump())


def supervise(places, manager, feeder=None):
    group = SimpleNamespace(
        look=lambda now_s: set(),
        restart_manager=lambda now_s: None,
        manager=SimpleNamespace(name="RE manager", child=SimpleNamespace(pid=os.getpid())),
    )
    return Supervisor(places, group, manager, feeder or Feeder(), {})


def told_to_stop():
    stop = threading.Event()
    stop.set()
    return stop


def test_a_running_plan_is_paused_and_aborted_at_the_end(places):
    manager = Manager([RUNNING, RUNNING, PAUSED, PAUSED, RUNNING, IDLE])
    supervise(places, manager).run(told_to_stop())
    assert manager.told == ["replace", "pause", "abort"]


@pytest.mark.parametrize("error", [LedgerError("disk full"), OSError("disk full")])
def test_a_plan_is_ended_too_when_the_supervisor_itself_fails(places, error):
    beat(places)
    manager = Manager([RUNNING, RUNNING, PAUSED, IDLE])
    with pytest.raises(type(error), match="disk full"):
        supervise(places, manager, Feeder(error)).run(threading.Event())
    assert manager.told == ["replace", "pause", "abort"]


def test_a_manager_that_is_silent_for_a_moment_is_asked_again(places):
    manager = Manager([None, RUNNING, None, RUNNING, PAUSED, PAUSED, IDLE], silent=["pause", "abort"])
    supervise(places, manager).run(told_to_stop())
    assert manager.told == ["replace", "replace", "pause", "abort"]


def test_a_queue_that_is_about_to_run_is_waited_for(places):
    manager = Manager([replace(IDLE, state="starting_queue"), RUNNING, PAUSED, IDLE])
    supervise(places, manager).run(told_to_stop())
    assert manager.told == ["replace", "pause", "abort"]


def test_the_end_does_not_wait_for_ever(places, monkeypatch):
    monkeypatch.setattr(supervisor, "END_S", 0.1)
    manager = Manager([None])
    supervise(places, manager).run(told_to_stop())
    assert manager.told == []


def test_a_death_is_told_with_the_number_of_the_worker_that_died(places):
    beat(places, DEAD, "the-uuid")
    manager, feeder = Manager([RUNNING]), Feeder()
    supervise(places, manager, feeder).step(supervisor.time.time())
    assert feeder.died == [(DEAD, "the-uuid")]
    assert manager.told == ["destroy"]
