"""Feeding the execution queue, with a real tree and ledger and an execution queue that does what it is told."""

from dataclasses import dataclass, field, replace

import pytest
from served_queue import item

from mxplans.app.queueserver.diagnosis import ManagerStatus
from mxplans.app.queueserver.faults import report_fault
from mxplans.app.queueserver.feeder import AHEAD, HALT_AGAIN_S, Feeder
from mxplans.app.queueserver.patience import CRASHES_MOST, FAULTS_MOST, STARTS_MOST
from mxplans.app.queueserver.wish import Mode, make_wish, present_wish
from mxplans.model import QueueItem
from mxplans.queue import Ledger, NewSession, Outcome, QueueStore, State, digest_of
from mxplans.schedule import schedule_item

IDLE = ManagerStatus(state="idle", worker_exists=True, re_state="idle", pausing=False, items_in_history=0)
RUNNING = replace(IDLE, state="executing_queue", re_state="running")
PAUSED = replace(IDLE, state="paused", re_state="paused")


@dataclass
class Execution:
    """What the feeder sees of the RE manager: one running item, those that wait, and what it was told."""

    running: dict | None = None
    waiting: list[dict] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def entries(self):
        return self.running, list(self.waiting)

    def replace(self, contents):
        self.waiting = list(contents)
        self.told.append("replace")

    def start(self):
        self.told.append("start")

    def pause(self, at_once):
        self.told.append("pause at once" if at_once else "pause")

    def resume(self):
        self.told.append("resume")

    def abort(self):
        self.told.append("abort")

    def trim_history(self, status):
        pass

    def run_next(self):
        self.running = self.waiting.pop(0)


@dataclass
class Bench:
    execution: Execution
    store: QueueStore
    ledger: Ledger
    feeder: Feeder
    wish_path: object
    fault_path: object

    def add(self, *contents):
        items = [QueueItem.model_validate(content) for content in contents]
        self.store.add_items("s", items, "staff")
        return [each.uuid for each in items]

    def wish(self, mode, item_uuid=None):
        make_wish(self.wish_path, mode, "staff", item_uuid=item_uuid)

    def run(self, content):
        """Hand one out and let it be run; its uuid."""
        (uuid,) = self.add(content)
        self.wish(Mode.RUN)
        self.feeder.feed(IDLE)
        self.execution.run_next()
        self.execution.told.clear()
        return uuid

    def waiting(self):
        return [content["experiment"]["uuid"] for content in self.execution.waiting]


@pytest.fixture
def bench(tmp_path):
    execution = Execution()
    with QueueStore(tmp_path / "queue.sqlite") as store, Ledger(tmp_path / "queue.sqlite") as ledger:
        store.add_session(NewSession(name="s"), "staff")
        paths = tmp_path / "wish.json", tmp_path / "fault.json"
        yield Bench(execution, store, ledger, Feeder(execution, store, ledger, *paths), *paths)


def test_a_queue_that_nobody_started_stands(bench):
    bench.add(item("a"))
    bench.feeder.feed(IDLE)
    assert bench.execution.told == []


def test_it_hands_out_a_few_in_order_and_starts(bench):
    uuids = bench.add(*(item(name) for name in "abc"))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    assert bench.waiting() == uuids[:AHEAD]
    assert bench.execution.told == ["replace", "start"]


def test_feeding_again_changes_nothing(bench):
    bench.add(item("a"))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    bench.feeder.feed(RUNNING)
    bench.feeder.feed(RUNNING)
    assert bench.execution.told == ["replace", "start"]


def test_an_edit_of_the_tree_reaches_what_waits(bench):
    first, second, third = bench.add(*(item(name) for name in "abc"))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    bench.store.set_priority([third], 1, "staff")
    bench.store.enable([first], False, "staff")
    bench.feeder.feed(RUNNING)
    assert bench.waiting() == [third, second]


def test_what_runs_is_not_handed_out_again(bench):
    _, second = bench.add(item("a"), item("b"))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    bench.execution.run_next()
    bench.feeder.feed(RUNNING)  # the worker has not begun it in the ledger yet
    assert bench.waiting() == [second]


def test_what_a_dead_worker_left_is_handed_out_again(bench):
    content = item("a")
    (uuid,) = bench.add(content)
    bench.ledger.begin(uuid, digest_of(QueueItem.model_validate(content)))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    assert bench.waiting() == [uuid]


def test_a_stop_lets_what_runs_end_and_takes_the_rest_back(bench):
    bench.add(item("a"), item("b"))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    bench.execution.run_next()
    bench.wish(Mode.STOP)
    bench.feeder.feed(RUNNING)
    assert bench.waiting() == []
    assert "pause" not in bench.execution.told


def test_a_pause_is_asked_for_once_and_ends_with_the_next_start(bench):
    bench.wish(Mode.PAUSE)
    bench.feeder.feed(RUNNING)
    bench.feeder.feed(RUNNING)
    assert bench.execution.told == ["pause"]
    bench.feeder.feed(PAUSED)
    assert bench.execution.told == ["pause"]
    bench.wish(Mode.RUN)
    bench.feeder.feed(PAUSED)
    assert bench.execution.told == ["pause", "resume"]


def test_a_pause_that_was_not_heard_is_asked_for_again(bench):
    now_s = [100.0]
    bench.feeder._clock = lambda: now_s[0]
    bench.wish(Mode.ABORT, bench.run(item("a")))
    bench.feeder.feed(RUNNING)
    now_s[0] += HALT_AGAIN_S + 1
    bench.feeder.feed(RUNNING)
    assert bench.execution.told.count("pause at once") == 2


def test_an_abort_ends_what_runs_and_stops_the_queue(bench):
    bench.wish(Mode.ABORT, bench.run(item("a")))
    bench.feeder.feed(RUNNING)
    bench.feeder.feed(PAUSED)
    bench.execution.running = None
    bench.feeder.feed(IDLE)
    assert bench.execution.told == ["pause at once", "abort"]
    assert present_wish(bench.wish_path).mode is Mode.STOP


def test_an_abort_that_comes_too_late_ends_no_other_experiment(bench):
    first, second = bench.add(item("a"), item("b"))
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    bench.execution.run_next()
    bench.execution.run_next()  # the first one ended while somebody asked for its abort
    bench.wish(Mode.ABORT, first)
    bench.feeder.feed(RUNNING)
    assert not {"pause at once", "abort"} & set(bench.execution.told)
    assert present_wish(bench.wish_path).mode is Mode.STOP
    assert bench.execution.running["experiment"]["uuid"] == second


def test_an_abort_whose_pause_hit_the_next_experiment_lets_that_go_on(bench):
    bench.run(item("b"))
    bench.wish(Mode.ABORT, "another-one")
    bench.feeder.feed(PAUSED)
    assert bench.execution.told == ["resume"]


def test_between_two_plans_an_abort_waits_for_what_comes(bench):
    bench.wish(Mode.ABORT, bench.run(item("a")))
    running, bench.execution.running = bench.execution.running, None
    bench.feeder.feed(RUNNING)
    assert (bench.execution.told, present_wish(bench.wish_path).mode) == ([], Mode.ABORT)
    bench.execution.running = running
    bench.feeder.feed(RUNNING)
    assert bench.execution.told == ["pause at once"]


def test_a_fault_of_the_beamline_stops_the_queue_with_its_reason(bench):
    (uuid,) = bench.add(item("a"))
    bench.wish(Mode.RUN)
    bench.ledger.begin(uuid)
    report_fault(bench.fault_path, uuid, "DetectorFault: no answer")
    bench.feeder.feed(IDLE)
    wish = present_wish(bench.wish_path)
    assert (wish.mode, wish.reason) == (Mode.STOP, "fault of the beamline: DetectorFault: no answer")
    assert bench.store.item(uuid)["state"] == State.WAITING
    bench.wish(Mode.RUN)
    bench.feeder.feed(IDLE)
    assert bench.waiting() == [uuid]


def test_an_experiment_in_which_the_beamline_fails_again_and_again_is_given_up(bench):
    (uuid,) = bench.add(item("a"))
    for _ in range(FAULTS_MOST):
        bench.ledger.begin(uuid)
        report_fault(bench.fault_path, uuid, "RobotFault: dropped")
        bench.feeder.feed(IDLE)
    told = bench.store.item(uuid)
    assert (told["state"], told["outcome"]) == (State.ENDED, Outcome.FAILED)
    assert "RobotFault: dropped" in told["reason"]


def test_an_experiment_that_kills_its_workers_is_given_up_unless_it_gets_on(bench):
    content = item("a", images=100, wedge=10)
    (uuid,) = bench.add(content)
    scans = schedule_item(QueueItem.model_validate(content))
    bench.ledger.begin(uuid)
    for number in range(CRASHES_MOST - 1):
        bench.feeder.worker_died(number, uuid)
        assert bench.store.item(uuid)["outcome"] is None, number
    bench.ledger.begin_scan(uuid, scans[0].key, 1, "f")
    bench.ledger.commit(uuid, scans[0].key, 1, "run", "f")
    for number in range(CRASHES_MOST):
        assert bench.store.item(uuid)["outcome"] is None, number
        bench.feeder.worker_died(100 + number, uuid)
    assert bench.store.item(uuid)["outcome"] == Outcome.FAILED


def test_a_worker_that_dies_between_two_experiments_costs_none(bench):
    (uuid,) = bench.add(item("a"))
    for number in range(2 * CRASHES_MOST):
        bench.feeder.worker_died(2 * number, None)
        bench.feeder.worker_died(2 * number + 1, uuid)  # its last beat named it, and it has not begun
    assert bench.store.item(uuid)["state"] == State.WAITING


def test_a_worker_dies_once_however_long_it_takes_to_replace_it(bench):
    (uuid,) = bench.add(item("a"))
    bench.ledger.begin(uuid)
    for _ in range(2 * CRASHES_MOST):
        bench.feeder.worker_died(17, uuid)
    assert bench.store.item(uuid)["outcome"] is None


def fail(bench, uuid, times):
    for _ in range(times):
        bench.ledger.begin(uuid)
        report_fault(bench.fault_path, uuid, "RobotFault: dropped")
        bench.feeder.feed(IDLE)


def test_one_that_was_given_up_and_is_tried_again_has_all_its_chances(bench):
    (uuid,) = bench.add(item("a"))
    fail(bench, uuid, FAULTS_MOST)
    bench.store.retry([uuid], "staff")
    fail(bench, uuid, FAULTS_MOST - 1)
    assert bench.store.item(uuid)["outcome"] is None
    bench.ledger.begin(uuid)
    for number in range(CRASHES_MOST):
        bench.feeder.worker_died(number, uuid)
    assert bench.store.item(uuid)["outcome"] == Outcome.FAILED
    bench.store.retry([uuid], "staff")
    bench.ledger.begin(uuid)
    bench.feeder.worker_died(100, uuid)
    assert bench.store.item(uuid)["outcome"] is None


def test_faults_before_an_end_do_not_count_after_it(bench):
    (uuid,) = bench.add(item("a"))
    fail(bench, uuid, FAULTS_MOST - 1)
    bench.ledger.begin(uuid)
    bench.ledger.finish(uuid, Outcome.NOTHING_USEFUL, "no diffraction")
    bench.feeder.feed(IDLE)
    bench.store.retry([uuid], "staff")
    fail(bench, uuid, FAULTS_MOST - 1)
    assert bench.store.item(uuid)["outcome"] is None


def test_one_that_no_worker_begins_is_given_up_and_the_next_one_comes(bench):
    first, second = bench.add(item("a"), item("b"))
    bench.wish(Mode.RUN)
    for number in range(STARTS_MOST):
        bench.feeder.feed(IDLE)
        assert bench.store.item(first)["outcome"] is None, number
    bench.feeder.feed(IDLE)
    told = bench.store.item(first)
    assert (told["outcome"], bench.store.item(second)["outcome"]) == (Outcome.FAILED, None)
    assert "no worker has begun it" in told["reason"]
    bench.feeder.feed(IDLE)
    assert bench.waiting() == [second]


def test_one_that_is_begun_at_each_start_is_not_given_up(bench):
    (uuid,) = bench.add(item("a"))
    bench.wish(Mode.RUN)
    for _ in range(2 * STARTS_MOST):
        bench.feeder.feed(IDLE)
        bench.ledger.begin(uuid)
    assert bench.store.item(uuid)["outcome"] is None
