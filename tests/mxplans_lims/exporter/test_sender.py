"""Sending to one target: away, refusing, broken, slow; and which targets there are at all."""

import json
import threading

import pytest

from mxplans.errors import DeliveryError, TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Step
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.exporter._sender import LOOK_S, Sender
from mxplans_lims.exporter._targets import load_targets
from mxplans_lims.outbox import FAULTS_MOST, Outbox, spell

pytestmark = pytest.mark.usefixtures("no_new_threads")


class Clock:
    def __init__(self):
        self.now_s = 1_000_000.0

    def __call__(self):
        return self.now_s


class Target:
    """Answers with what the test says, and remembers what it was asked."""

    name = "lims"

    def __init__(self):
        self.answers = {}
        self.asked = []
        self.closed = threading.Event()

    def send(self, step, ids):
        self.asked.append((step.payload["item"], step.key))
        answer = self.answers.get(step.key, self.answers.get(step.payload["item"], {}))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed.set()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def outbox(tmp_path, clock):
    with Outbox(tmp_path / "outbox.sqlite", clock) as outbox:
        yield outbox


@pytest.fixture
def target():
    return Target()


@pytest.fixture
def sender(target, outbox, clock):
    return Sender(target, outbox, Backoff(1.0, 60.0, lambda: 1.0), clock)


def put(outbox, item, *keys):
    outbox.put(item, {"lims": spell([Step(key, {"item": item}) for key in keys])})


def turns(sender, clock, seconds):
    """What a sender's thread does in a time; returns how often it looked."""
    end_s, number = clock.now_s + seconds, 0
    while clock.now_s < end_s:
        clock.now_s += sender.turn()
        number += 1
    return number


@pytest.mark.parametrize(
    ("failures", "most_s"), [(1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (5000, 300.0)]
)
def test_waits_double_up_to_five_minutes_with_full_jitter(failures, most_s):
    assert Backoff(chance=lambda: 1.0).wait_s(failures) == most_s
    assert Backoff(chance=lambda: 0.0).wait_s(failures) == 0.0
    drawn = [Backoff().wait_s(failures) for _ in range(300)]
    assert 0.0 <= min(drawn) < 0.1 * most_s < 0.9 * most_s < max(drawn) <= most_s


def test_what_can_go_goes_at_once(sender, outbox, target):
    put(outbox, "a", "group", "end")
    put(outbox, "b", "group")
    waits = [sender.turn() for _ in range(4)]
    assert waits == [0.0, 0.0, 0.0, LOOK_S]
    assert target.asked == [("a", "group"), ("a", "end"), ("b", "group")]


def test_a_target_that_is_away_is_asked_ever_more_seldom_however_much_waits(sender, outbox, target, clock):
    for number in range(100):
        put(outbox, f"{number:03}", "group")
    target.answers["group"] = TargetUnreachable("nobody answers")
    turns(sender, clock, 3600.0)
    assert 60 <= len(target.asked) <= 70  # 1 + 2 + 4 + ... + 32, then one a minute
    (status,) = outbox.statuses()
    assert (status.state, status.pending, status.dead) == ("away", 100, 0)
    target.answers.clear()
    turns(sender, clock, 130.0)
    (status,) = outbox.statuses()
    assert (status.state, status.done) == ("ready", 100)


def test_a_single_step_without_an_answer_holds_up_nobody_for_long(sender, outbox, target, clock):
    """The server has an internal error for one record and is well for all others."""
    put(outbox, "a", "odd", "end")
    clock.now_s += 1.0
    for number in range(10):
        put(outbox, f"b{number}", "group")
    target.answers["odd"] = TargetUnreachable("error 500")
    turns(sender, clock, 10.0)
    states = {step.state for number in range(10) for step in outbox.steps(f"b{number}")}
    assert states == {"done"}
    assert [step.state for step in outbox.steps("a")] == ["pending", "pending"]
    target.answers.clear()
    turns(sender, clock, 120.0)
    assert [step.state for step in outbox.steps("a")] == ["done", "done"]


def test_a_refusal_holds_its_experiment_and_the_reason_is_kept(sender, outbox, target, clock):
    put(outbox, "a", "group", "end")
    put(outbox, "b", "group")
    target.answers["a"] = TargetRefused("comments is 2000 characters; allowed are 1024")
    turns(sender, clock, 5.0)
    assert [(step.state, step.reason) for step in outbox.steps("a")] == [
        ("dead", "comments is 2000 characters; allowed are 1024"),
        ("held", ""),
    ]
    assert [step.state for step in outbox.steps("b")] == ["done"]
    assert target.asked.count(("a", "group")) == 1


@pytest.mark.parametrize("answer", [KeyError("sessionId"), {"group": 5.0, "end": object()}, 7])
def test_what_no_target_should_do_is_tried_a_few_times(sender, outbox, target, clock, answer, caplog):
    put(outbox, "a", "group")
    target.answers["a"] = answer
    turns(sender, clock, 60.0)
    (step,) = outbox.steps("a")
    assert (step.state, step.attempts) == ("dead", FAULTS_MOST)
    assert "Error: " in step.reason
    assert "Traceback" in caplog.text


def test_an_outbox_that_cannot_be_written_loses_no_answer(sender, outbox, target, monkeypatch, caplog):
    put(outbox, "a", "group")
    target.answers["a"] = {"group": "17"}
    done, failures = outbox.done, [DeliveryError("disk full")] * 2
    sender._backoff = Backoff(0.01, 0.01)

    def fail(*arguments):
        if failures:
            raise failures.pop()
        done(*arguments)

    monkeypatch.setattr(outbox, "done", fail)
    sender.turn()
    assert outbox.ids("lims", "a") == {"group": "17"}
    assert len(target.asked) == 1
    assert "disk full" in caplog.text


def test_its_thread_sends_rings_and_ends(target, outbox):
    sender = Sender(target, outbox, Backoff())
    sender.start()
    put(outbox, "a", "group")
    sender.ring()
    waiting = threading.Event()
    for _ in range(500):
        if target.asked:
            break
        waiting.wait(0.02)
    sender.stop()
    assert sender.join(10.0)
    assert target.asked == [("a", "group")]
    assert target.closed.is_set()


def test_what_no_database_can_hold_is_kept_in_other_signs(sender, outbox, target, clock):
    put(outbox, "a", "group")
    put(outbox, "b", "group")
    target.answers |= {"a": TargetRefused("no file /data/\udcff"), "b": {"group": "\udcff"}}
    turns(sender, clock, 5.0)
    ((refused,), (done,)) = outbox.steps("a"), outbox.steps("b")
    assert (refused.state, refused.reason) == ("dead", "no file /data/\\udcff")
    assert (done.state, done.remote_id) == ("done", "\\udcff")


def test_a_ring_while_a_step_is_sent_does_not_hurry_a_full_disk(target, outbox, monkeypatch):
    tries = []

    def full(*_):
        tries.append(1)
        raise DeliveryError("disk full")

    put(outbox, "a", "group")
    monkeypatch.setattr(outbox, "done", full)
    sender = Sender(target, outbox, Backoff(300.0, 300.0, lambda: 1.0))
    sender.ring()
    sender.start()
    threading.Event().wait(0.5)
    sender.stop()
    assert sender.join(5.0)
    assert len(tries) <= 3  # the first, one after a ring that came meanwhile, one at the end


def test_its_thread_outlives_a_fault_of_the_program(target, outbox, monkeypatch):
    looked = threading.Semaphore(0)
    monkeypatch.setattr(outbox, "claim", lambda *_: looked.release() or json.loads("{"))
    sender = Sender(target, outbox, Backoff(0.01, 0.01))
    sender.start()
    assert looked.acquire(timeout=5.0)
    assert looked.acquire(timeout=5.0)
    sender.stop()
    assert sender.join(5.0)


@pytest.mark.parametrize("away", [True, False])
def test_its_thread_ends_soon_whatever_it_waits_for(target, outbox, away):
    if away:
        put(outbox, "a", "group")
        target.answers["a"] = TargetUnreachable("nobody answers")
    sender = Sender(target, outbox, Backoff(300.0, 300.0, lambda: 1.0))
    sender.start()
    waiting = threading.Event()
    while away and not target.asked:
        waiting.wait(0.02)
    sender.ring()
    waiting.wait(0.1)
    assert len(target.asked) == away  # a ring does not shorten the wait for a target that is away
    sender.stop()
    assert sender.join(5.0)


@pytest.mark.parametrize(
    ("said", "name", "told"),
    [
        ({"x": {"type": "nowhere", "settings": {}}}, "x", "'nowhere' is not installed; allowed are"),
        ({"x": {"type": "mxlims", "settings": {"odd": 1}}}, "x", "odd: Extra inputs are not permitted"),
        ({"x": 5}, "x", "allowed is an object with type and settings"),
        ([], "targets.json", "it holds a list"),
        ("{", "targets.json", "cannot be read"),
    ],
    ids=str,
)
def test_a_target_that_cannot_be_made_does_not_hinder_the_others(tmp_path, said, name, told):
    path = tmp_path / "targets.json"
    path.write_text(said if isinstance(said, str) else json.dumps(said))
    targets = load_targets(path)
    assert told in targets.broken[name]
    assert "record" in targets.usable


def test_without_a_file_records_beside_the_data_are_the_only_target(tmp_path):
    targets = load_targets(tmp_path / "none.json")
    assert (set(targets.usable), targets.broken) == ({"record"}, {})
