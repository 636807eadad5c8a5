"""What stands in the outbox, what goes out of it, and what an operator can do."""

import math
import sqlite3
import threading

import pytest

from mxplans.errors import DeliveryError
from mxplans_lims.delivery import Step
from mxplans_lims.outbox import FAULTS_MOST, LEFT_OUT, Outbox, spell

LONGEST_S = 300.0


def take(outbox, target="lims"):
    return outbox.claim(target, LONGEST_S)


def keys(outbox, target="lims"):
    """Keys in the order in which they go, each as soon as it may."""
    found = []
    while (claim := take(outbox, target)) is not None:
        found.append((claim.item_uid, claim.step.key))
        outbox.done(claim, {claim.step.key: f"id of {claim.step.key}"})
    return found


def state(outbox, item="a", target="lims"):
    return {step.key: step.state for step in outbox.steps(item) if step.target == target}


def test_steps_of_an_experiment_go_in_order_and_know_the_identifiers_before(outbox, put):
    put("a", group=1, one=2)
    first = take(outbox)
    assert (first.step, first.ids) == (Step("group", {"value": 1}), {})
    assert take(outbox) is None  # the next waits for it
    outbox.done(first, {"group": "17"})
    second = take(outbox)
    assert (second.step.key, second.ids) == ("one", {"group": "17"})
    outbox.done(second, {})
    assert take(outbox) is None
    assert state(outbox) == {"group": "done", "one": "done"}


def test_older_experiments_go_first_and_targets_do_not_wait_for_each_other(outbox, put, clock):
    put("b", group=1)
    clock.now_s += 1
    put("a", group=1, end=2)
    put("a", target="other", group=1)
    assert keys(outbox) == [("b", "group"), ("a", "group"), ("a", "end")]
    assert keys(outbox, "other") == [("a", "group")]


def test_what_has_not_changed_is_not_sent_again(outbox, put):
    put("a", group=1, one=2)
    keys(outbox)
    put("a", group=1, one=2)
    assert keys(outbox) == []


def test_what_has_changed_is_sent_again_with_its_own_identifier(outbox, put):
    put("a", group=1, one=2)
    keys(outbox)
    put("a", group=1, one=3)
    claim = take(outbox)
    assert claim.step == Step("one", {"value": 3})
    assert claim.ids == {"group": "id of group", "one": "id of one"}


def test_what_changes_while_it_is_sent_is_sent_again(outbox, put):
    put("a", group=1)
    claim = take(outbox)
    put("a", group=2)
    outbox.done(claim, {"group": "17"})
    again = take(outbox)
    assert (again.step.payload, again.ids) == ({"value": 2}, {"group": "17"})
    put("a", group=3)
    outbox.refused(again, "too long")
    assert state(outbox) == {"group": "pending"}  # the refusal was of something else


def test_a_dead_step_holds_the_rest_of_its_experiment_only(outbox, put):
    put("a", group=1, one=2, two=3)
    put("b", group=1)
    claim = take(outbox)
    outbox.done(claim, {})
    outbox.refused(take(outbox), "one is too long")
    assert keys(outbox) == [("b", "group")]
    assert state(outbox) == {"group": "done", "one": "dead", "two": "held"}
    (status,) = outbox.statuses()
    assert (status.done, status.dead, status.held, status.pending) == (2, 1, 1, 0)
    assert [step.reason for step in outbox.steps("a")] == ["", "one is too long", ""]


@pytest.mark.parametrize(("item", "target", "number"), [(None, None, 1), ("a", "lims", 1), ("b", None, 0)])
def test_an_operator_lets_dead_steps_be_tried_again(outbox, put, item, target, number):
    put("a", group=1, one=2)
    outbox.refused(take(outbox), "no such proposal")
    assert outbox.retry(target, item) == number
    assert keys(outbox) == [("a", "group"), ("a", "one")] * number


def test_a_changed_payload_revives_a_dead_step(outbox, put):
    put("a", group=1, one=2)
    outbox.refused(take(outbox), "no such proposal")
    put("a", group=1, one=5)
    assert keys(outbox) == []
    put("a", group=4, one=5)
    assert keys(outbox) == [("a", "group"), ("a", "one")]


def test_a_target_that_is_away_kills_nothing_however_long(outbox, put, clock):
    put("a", group=1)
    for number in range(200):
        clock.now_s += LONGEST_S
        outbox.unreachable(take(outbox), f"nobody answers, {number}", LONGEST_S)
    (status,) = outbox.statuses()
    assert (status.state, status.pending, status.dead, status.reason) == ("away", 1, 0, "nobody answers, 199")
    assert status.away_since_s == 1_000_000.0 + LONGEST_S
    assert status.oldest_s == 1_000_000.0
    clock.now_s += LONGEST_S
    keys(outbox)
    (status,) = outbox.statuses()
    assert (status.state, status.away_since_s, status.last_success_s) == ("ready", None, clock.now_s)


def test_a_step_waits_before_it_is_tried_again_and_others_go_before_it(outbox, put, clock):
    put("a", group=1)
    clock.now_s += 1
    put("b", group=1)
    outbox.unreachable(take(outbox), "error 500", 10.0)
    assert keys(outbox) == [("b", "group")]
    clock.now_s += 9.9
    assert take(outbox) is None
    clock.now_s += 0.2
    assert keys(outbox) == [("a", "group")]


def test_a_clock_that_is_put_back_lets_nothing_wait_for_hours(outbox, put, clock):
    put("a", group=1)
    outbox.unreachable(take(outbox), "error 500", 10.0)
    clock.now_s -= 3600
    assert keys(outbox) == [("a", "group")]


def test_what_no_target_should_raise_is_given_up_after_some_tries(outbox, put, clock):
    put("a", group=1)
    for _ in range(FAULTS_MOST):
        assert state(outbox) == {"group": "pending"}
        outbox.failed(take(outbox), "KeyError: 'sessionId'", 1.0)
        clock.now_s += 1.1
    assert state(outbox) == {"group": "dead"}
    assert outbox.steps("a")[0].reason == "KeyError: 'sessionId'"


def test_a_step_that_the_record_has_no_longer(outbox, put):
    put("a", group=1, one=2, two=3)
    outbox.done(take(outbox), {"group": "17"})
    outbox.done(take(outbox), {"one": "18"})
    put("a", group=1, three=4)
    shown = {step.key: (step.state, step.left_out, step.reason) for step in outbox.steps("a")}
    assert shown == {
        "group": ("done", False, ""),
        "one": ("done", True, LEFT_OUT),  # it stands at the target
        "three": ("pending", False, ""),  # two never went out: forgotten
    }
    put("a", group=1, one=2, three=4)
    assert {step.key: step.left_out for step in outbox.steps("a")} == {"group": False, "one": False, "three": False}
    assert keys(outbox) == [("a", "three")]


def test_a_step_left_out_while_nobody_knows_whether_it_arrived_is_sent_when_it_comes_back(outbox, put):
    put("a", group=1)
    outbox.unreachable(take(outbox), "no answer", 0.0)
    put("a", other=1)
    assert keys(outbox) == [("a", "other")]
    put("a", group=1, other=1)
    assert keys(outbox) == [("a", "group")]


def test_a_killed_process_was_sending(outbox, put, tmp_path, clock):
    put("a", group=1)
    take(outbox)
    with Outbox(outbox.database.path, clock) as after:
        assert take(after) is None
        after.recover()
        assert keys(after) == [("a", "group")]


def test_all_is_sent_again_with_known_identifiers_or_without(outbox, put):
    put("a", group=1, one=2)
    put("a", group=1)
    put("a", group=1, one=2)
    keys(outbox)
    assert outbox.resend(["a"]) == 2
    claim = take(outbox)
    assert claim.ids == {"group": "id of group", "one": "id of one"}
    outbox.done(claim, {})
    keys(outbox)
    assert outbox.resend(["a"], "lims", forget_ids=True) == 2
    assert take(outbox).ids == {}
    assert outbox.resend(["a"], "other", forget_ids=True) == 0


def test_done_and_identifiers_are_one_transaction(outbox, put):
    put("a", group=1)
    claim = take(outbox)
    with pytest.raises(DeliveryError):
        outbox.done(claim, {"group": None})  # the database refuses it
    assert (state(outbox), outbox.ids("lims", "a")) == ({"group": "sending"}, {})


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([Step("a", {"x": math.nan})], "not JSON compliant"),
        ([Step("a", {"x": object()})], "not JSON serializable"),
        ([Step("a", {}), Step("b", {}), Step("a", {})], "several steps have the key a"),
    ],
)
def test_steps_that_cannot_be_kept(steps, told):
    with pytest.raises((ValueError, TypeError), match=told):
        spell(steps)


def test_the_same_content_has_the_same_digest_whatever_its_order():
    (one,), (other,) = (spell([Step("a", payload)]) for payload in ({"x": 1, "y": [2]}, {"y": [2], "x": 1}))
    assert one == other


def test_files_that_are_no_outbox(tmp_path):
    text = tmp_path / "text"
    text.write_text("no database" * 100)
    with pytest.raises(DeliveryError, match="move it away"):
        Outbox(text)
    other = tmp_path / "other"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(DeliveryError, match="something else"):
        Outbox(other)
    Outbox(tmp_path / "newer").close()
    with sqlite3.connect(tmp_path / "newer") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(DeliveryError, match="version 99, this program reads version 1"):
        Outbox(tmp_path / "newer")
    (tmp_path / "file").touch()
    with pytest.raises(DeliveryError, match="cannot be used"):
        Outbox(tmp_path / "file" / "outbox.sqlite")


def test_several_processes_make_and_use_it_at_the_same_time(tmp_path):
    """Threads with an outbox each stand for processes: SQLite knows connections only."""
    path = tmp_path / "outbox.sqlite"
    failures = []

    def use(number):
        try:
            with Outbox(path) as outbox:
                for item in range(10):
                    outbox.put(f"{number}/{item}", {"lims": spell([Step("group", {})])})
        except DeliveryError as error:
            failures.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with Outbox(path) as outbox:
        assert len(keys(outbox)) == 40


def test_many_experiments_are_no_burden(outbox, put):
    """Looking for the next step stays quick with many that wait, also behind many that are held."""
    for number in range(120):
        put(f"{number:04}", **{f"step{place}": place for place in range(10)})
    for _ in range(60):
        outbox.refused(take(outbox), "no")
    with outbox.database.read() as connection:
        plan = " ".join(
            row["detail"]
            for row in connection.execute(
                "EXPLAIN QUERY PLAN SELECT * FROM steps WHERE target = 'lims' AND state = 'pending' "
                "ORDER BY waits, created_s, item_uid, place LIMIT 1"
            )
        )
    assert "step_waiting" in plan and "TEMP B-TREE" not in plan
    assert len(keys(outbox)) == 60 * 10
