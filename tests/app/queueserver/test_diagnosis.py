"""What is wrong with the execution, from what manager and worker say: each trap of the queue server by name."""

import os
from dataclasses import replace

import pytest

from mxplans.app.queueserver.diagnosis import (
    DESTROYING_S,
    EARLY_DEATH_S,
    HANGING_S,
    OPENING_S,
    Advice,
    Diagnosis,
    ManagerStatus,
)
from mxplans.app.queueserver.heartbeat import STALE_S, Beat
from mxplans.app.queueserver.silence import FORKING_S, SILENT_S, STARTING_S, WATCHDOG_S

NOW = 1000.0
IDLE = ManagerStatus(state="idle", worker_exists=True, re_state="idle", pausing=False, items_in_history=0)
RUNNING = replace(IDLE, state="executing_queue", re_state="running")
NO_WORKER = replace(IDLE, worker_exists=False, re_state=None)
OPENING = replace(NO_WORKER, state="creating_environment")


def alive(at_s):
    return Beat(pid=os.getpid(), time_s=at_s)


def dead(at_s):
    return Beat(pid=2**22 + 1, time_s=at_s)  # above the largest number that Linux gives


@pytest.mark.parametrize("status", [IDLE, RUNNING, replace(RUNNING, state="paused", re_state="paused")])
def test_a_living_worker_is_fed(status):
    assert Diagnosis().advise(status, alive(NOW), NOW) is Advice.FEED


@pytest.mark.parametrize("status", [IDLE, RUNNING])
def test_a_dead_worker_is_replaced_at_once_though_the_manager_says_that_it_runs(status):
    assert Diagnosis().advise(status, dead(NOW), NOW) is Advice.DESTROY


def test_a_frozen_worker_is_replaced():
    diagnosis = Diagnosis()
    assert diagnosis.advise(RUNNING, alive(NOW), NOW + STALE_S - 0.1) is Advice.FEED
    assert diagnosis.advise(RUNNING, alive(NOW), NOW + STALE_S + 0.1) is Advice.DESTROY


def test_a_manager_that_waits_for_a_plan_that_has_ended_loses_its_worker():
    waiting = replace(RUNNING, re_state="idle")
    diagnosis = Diagnosis()
    assert diagnosis.advise(waiting, alive(NOW), NOW) is Advice.WAIT
    assert diagnosis.advise(waiting, alive(NOW + HANGING_S + 1), NOW + HANGING_S + 1) is Advice.DESTROY


def test_the_moment_between_two_plans_is_no_hang():
    between = replace(RUNNING, re_state="idle")
    diagnosis = Diagnosis()
    for second in range(60):
        status = between if second % 2 else RUNNING
        assert diagnosis.advise(status, alive(NOW + second), NOW + second) in (Advice.WAIT, Advice.FEED)


MANAGER, NEXT = 71, 72


def silent(diagnosis, after_s, pid):
    return diagnosis.advise(None, alive(NOW + after_s), NOW + after_s, pid)


def test_a_manager_that_lives_and_is_silent_has_time_to_come_back():
    diagnosis = Diagnosis()
    assert diagnosis.advise(RUNNING, alive(NOW), NOW, MANAGER) is Advice.FEED
    assert silent(diagnosis, 0, MANAGER) is Advice.WAIT
    assert silent(diagnosis, SILENT_S - 1, MANAGER) is Advice.WAIT
    assert silent(diagnosis, SILENT_S + 1, MANAGER) is Advice.RESTART


def test_a_dead_manager_is_left_to_its_watchdog_first():
    diagnosis = Diagnosis()
    diagnosis.advise(RUNNING, alive(NOW), NOW, MANAGER)
    assert silent(diagnosis, 0, None) is Advice.WAIT
    assert silent(diagnosis, WATCHDOG_S - 1, None) is Advice.WAIT
    assert silent(diagnosis, WATCHDOG_S + 1, None) is Advice.RESTART


def test_a_manager_that_dies_as_its_watchdog_starts_it_is_not_waited_for():
    diagnosis = Diagnosis()
    diagnosis.advise(RUNNING, alive(NOW), NOW, MANAGER)
    assert silent(diagnosis, 0, None) is Advice.WAIT
    assert silent(diagnosis, 5, NEXT) is Advice.WAIT
    assert silent(diagnosis, 5.5, None) is Advice.RESTART


@pytest.mark.parametrize(("pid", "first_s"), [(None, FORKING_S), (MANAGER, STARTING_S)])
def test_a_manager_that_does_not_start_is_started_again_ever_more_patiently(pid, first_s):
    diagnosis = Diagnosis()
    begin_s = NOW
    for factor in (1, 2, 4, 8, 16, 16):
        assert diagnosis.advise(None, None, begin_s, pid) is Advice.WAIT
        assert diagnosis.advise(None, None, begin_s + first_s * factor - 1, pid) is Advice.WAIT
        begin_s += first_s * factor + 1
        assert diagnosis.advise(None, None, begin_s, pid) is Advice.RESTART
        diagnosis.restarted(begin_s)
    diagnosis.advise(IDLE, alive(begin_s), begin_s, MANAGER)
    diagnosis.restarted(begin_s)
    assert diagnosis.advise(None, None, begin_s, pid) is Advice.WAIT
    assert diagnosis.advise(None, None, begin_s + first_s * 2 + 1, pid) is Advice.RESTART


def test_without_a_worker_one_is_started():
    assert Diagnosis().advise(NO_WORKER, dead(NOW), NOW) is Advice.OPEN


def test_a_worker_that_starts_is_not_judged_by_the_last_beat_of_the_one_before():
    diagnosis = Diagnosis()
    diagnosis.opening(NOW)
    for second in (0.5, 2 * EARLY_DEATH_S):
        assert diagnosis.advise(OPENING, dead(NOW - 1), NOW + second) is Advice.WAIT


def test_a_worker_that_dies_as_it_starts_is_replaced_once_the_manager_had_its_chance():
    diagnosis = Diagnosis()
    diagnosis.opening(NOW)
    assert diagnosis.advise(OPENING, dead(NOW + 1), NOW + 2) is Advice.WAIT
    assert diagnosis.advise(OPENING, dead(NOW + 1), NOW + 2.1 + EARLY_DEATH_S) is Advice.DESTROY


@pytest.mark.parametrize(
    ("status", "limit_s", "advice"),
    [
        (OPENING, OPENING_S, Advice.DESTROY),
        (replace(IDLE, state="destroying_environment"), DESTROYING_S, Advice.RESTART),
        (replace(NO_WORKER, state="executing_queue"), HANGING_S, Advice.RESTART),
        (replace(IDLE, state="starting_queue"), HANGING_S, Advice.DESTROY),
    ],
)
def test_what_should_pass_and_does_not_is_ended(status, limit_s, advice):
    diagnosis = Diagnosis()
    assert diagnosis.advise(status, alive(NOW), NOW) is Advice.WAIT
    assert diagnosis.advise(status, alive(NOW + limit_s + 1), NOW + limit_s + 1) is advice


def test_a_task_of_staff_may_take_as_long_as_it_likes():
    busy = replace(IDLE, state="executing_task")
    diagnosis = Diagnosis()
    for second in (0, 3600):
        assert diagnosis.advise(busy, alive(NOW + second), NOW + second) is Advice.FEED


def test_a_worker_that_cannot_be_destroyed_costs_the_manager():
    diagnosis = Diagnosis()
    assert diagnosis.advise(RUNNING, dead(NOW), NOW) is Advice.DESTROY
    assert diagnosis.advise(RUNNING, dead(NOW), NOW + DESTROYING_S + 1) is Advice.RESTART
    diagnosis.restarted(NOW + DESTROYING_S + 1)
    assert diagnosis.advise(None, dead(NOW), NOW + DESTROYING_S + 2) is Advice.WAIT


def test_it_knows_whether_the_manager_was_heard_since_its_start():
    diagnosis = Diagnosis()
    assert not diagnosis.heard
    diagnosis.advise(IDLE, alive(NOW), NOW)
    assert diagnosis.heard
    diagnosis.restarted(NOW)
    assert not diagnosis.heard
