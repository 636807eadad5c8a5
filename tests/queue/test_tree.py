"""The tree: what is put in stands where it was put, what must not change is refused, and each thing is told."""

import sqlite3
import threading
import time

import pytest
from queue_support import VISIT, item, new_store, uuid_of

from mxplans.errors import LedgerError, QueueRefused
from mxplans.model import SampleLocation, parse_item
from mxplans.queue import EventKind, Ledger, NewSample, NewSession, Outcome, QueueEvent, QueueStore, State, digest_of

A, B, C, D = (uuid_of(name) for name in "abcd")


@pytest.fixture
def store(tmp_path):
    with new_store(tmp_path / "queue.sqlite") as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path, store):
    with Ledger(tmp_path / "queue.sqlite") as opened:
        yield opened


def add(store, *items, who="alice"):
    return store.add_items(VISIT, items, who)


def in_tree(store, sample="s1"):
    (session,) = store.snapshot()["sessions"]
    (found,) = [each for each in session["samples"] if each["name"] == sample]
    return [experiment["uuid"] for experiment in found["experiments"]]


def kinds(store, after=0):
    return [(event.what.value, event.item_uuid) for event in store.events(after)]


def test_what_goes_in_comes_out(store):
    asked = item("a", images=1800, sampleGroup="g", priority=3)
    assert add(store, asked) == (A,)
    snapshot = store.snapshot()
    (session,) = snapshot["sessions"]
    (sample,) = session["samples"]
    (experiment,) = sample["experiments"]
    assert (session["name"], session["proposal"], session["owner"]) == (VISIT, None, "tester")
    assert (sample["name"], sample["location"], sample["owner"]) == ("s1", {"puck": 1, "pin": 1}, "alice")
    assert parse_item(experiment["item"]) == asked
    assert (experiment["state"], experiment["numberImages"], experiment["priority"]) == ("waiting", 1800, 3)
    assert snapshot["sequence"] == store.events()[-1].sequence
    assert "item" not in store.snapshot(contents=False)["sessions"][0]["samples"][0]["experiments"][0]
    assert store.item(A) == {"session": VISIT, "sample": "s1", **experiment}


def test_sending_again_adds_nothing_and_other_content_is_refused(store):
    assert add(store, item("a"), item("b")) == (A, B)
    last = store.snapshot()["sequence"]
    assert add(store, item("a"), item("b"), item("b")) == ()
    assert store.snapshot()["sequence"] == last
    with pytest.raises(QueueRefused, match=f"{A} is in the queue with other content and is waiting; use change"):
        add(store, item("c"), item("a", images=20))
    assert in_tree(store) == [A, B]  # nothing of a refused call is there


def test_a_session_and_a_sample_are_added_once(store):
    assert not store.add_session(NewSession(name=VISIT), "alice")
    with pytest.raises(QueueRefused, match="give the new one another name"):
        store.add_session(NewSession(name=VISIT, proposal="mx2"), "alice")
    sample = NewSample(name="s1", location=SampleLocation(puck=1, pin=1))
    assert store.add_samples(VISIT, [sample, sample], "alice") == ("s1",)
    assert add(store, item("a")) == (A,)
    with pytest.raises(QueueRefused, match="stands at puck 1, pin 1, not at puck 1, pin 2"):
        add(store, item("b", place=(1, 2)))
    with pytest.raises(QueueRefused, match="puck 1, pin 1 is taken by sample s1"):
        add(store, item("b", sample="s2"))
    with pytest.raises(QueueRefused, match="no session 'other'"):
        store.add_items("other", [item("b")], "alice")


def test_a_place_is_free_when_its_sample_is_done(store):
    add(store, item("a"))
    store.end(A, Outcome.FAILED, "empty pin", "feeder")
    assert add(store, item("b", sample="next-puck")) == (B,)


@pytest.mark.parametrize(
    ("to", "of", "order"),
    [
        ("first", None, "cabd"),
        ("last", None, "abdc"),
        ("before", "b", "acbd"),
        ("after", "a", "acbd"),
        ("after", "d", "abdc"),
    ],
)
def test_moving_within_a_sample(store, to, of, order):
    add(store, *(item(name) for name in "abcd"))
    store.move(C, "bob", to, None if of is None else uuid_of(of))
    assert in_tree(store) == [uuid_of(name) for name in order]
    moved = store.events()[-1]
    assert (moved.what, moved.item_uuid, moved.who) == (EventKind.MOVED, C, "bob")
    following = order[order.index("c") + 1 :][:1]
    assert moved.detail["before"] == (uuid_of(following) if following else None)


def test_many_moves_into_the_same_gap(store):
    """Each halves the room between two neighbours: it must never run out."""
    add(store, *(item(name) for name in "abcd"))
    store.move(D, "bob", "after", A)
    for number in range(50):
        store.move((C, D)[number % 2], "bob", "after", A)
        assert in_tree(store) == [A, (C, D)[number % 2], (D, C)[number % 2], B]


def test_moving_to_another_sample_makes_it_that_samples(store, ledger):
    add(store, item("a"), item("b", "s2", (1, 2)), item("c", "s2", (1, 2)))
    store.move(A, "bob", "before", C)
    assert in_tree(store, "s2") == [B, A, C]
    moved = parse_item(store.item(A)["item"])
    assert (moved.sample_name, moved.location) == ("s2", SampleLocation(puck=1, pin=2))
    ledger.begin(A, digest_of(moved))
    with pytest.raises(QueueRefused, match="is running and cannot be moved to another sample"):
        store.move(A, "bob", sample="s1")
    store.move(A, "bob", "first")
    assert in_tree(store, "s2") == [A, B, C]


def test_moves_that_cannot_be(store):
    add(store, item("a"), item("b", "s2", (1, 2)))
    store.add_session(NewSession(name="other"), "alice")
    store.add_items("other", [item("c")], "alice")
    for said, to, of, sample in (
        ("needs a neighbour", "before", None, None),
        ("no neighbour", "last", B, None),
        ("before itself", "before", A, None),
        ("is in session other", "after", C, None),
        ("is for sample s2, not s1", "after", B, "s1"),
        ("no sample 's9'", "last", None, "s9"),
        ("no experiment", "after", D, None),
    ):
        with pytest.raises(QueueRefused, match=said):
            store.move(A, "bob", to, of, sample)


def test_moving_samples_changes_the_order(store):
    add(store, *(item(name, f"s-{name}", (1, number)) for number, name in enumerate("abc", start=1)))
    store.move_sample(VISIT, "s-c", "bob", "before", "s-b")
    assert store.order() == (A, C, B)
    store.move_sample(VISIT, "s-a", "bob", "last")
    assert store.order() == (C, B, A)
    with pytest.raises(QueueRefused, match="itself"):
        store.move_sample(VISIT, "s-a", "bob", "after", "s-a")


def test_a_copy_has_identities_of_its_own(store):
    add(store, item("a", jobStatus="Completed"), item("b"))
    copy = store.copy(A, "bob", to="before", of=B)
    other = store.copy(A, "bob", new_uuid=C)
    assert in_tree(store) == [A, copy, B, other]
    original, copied = (parse_item(store.item(uuid)["item"]) for uuid in (A, copy))
    assert copied.sweeps[0].uuid != original.sweeps[0].uuid
    assert copied.asked[0].model_copy(update={"uuid": original.asked[0].uuid}) == original.asked[0]
    assert copied.experiment.job_status is None
    assert store.item(copy)["owner"] == "bob"
    with pytest.raises(QueueRefused, match="give another uuid"):
        store.copy(A, "bob", new_uuid=C)
    store.remove([copy], "bob")
    assert store.copy(A, "bob") not in (copy, A, B, C)


def test_change_until_it_is_begun(store, ledger):
    add(store, item("a"))
    store.change(item("a", images=20, priority=2), "bob")
    assert store.item(A)["numberImages"] == 20
    assert store.item(A)["priority"] == 2
    store.hand([A], "feeder")
    store.change(item("a", images=30), "bob")
    assert store.item(A)["state"] == "waiting"  # what was handed out is not what is asked for now
    with pytest.raises(QueueRefused, match="was changed since it was handed out"):
        ledger.begin(A, digest_of(item("a", images=20)))
    ledger.begin(A, digest_of(item("a", images=30)))
    with pytest.raises(QueueRefused, match="is running and cannot be changed"):
        store.change(item("a", images=40), "bob")
    store.release([A], "supervisor")
    with pytest.raises(QueueRefused, match="was begun before and cannot be changed; copy it"):
        store.change(item("a", images=40), "bob")
    ledger.begin(A)
    ledger.finish(A, "Failed")
    with pytest.raises(QueueRefused, match="has ended as Failed and cannot be changed"):
        store.change(item("a", images=40), "bob")
    with pytest.raises(QueueRefused, match="for sample s1, the new content is for s2"):
        add(store, item("b"))
        store.change(item("b", sample="s2"), "bob")


def test_what_is_switched_off_or_removed_is_not_begun(store, ledger):
    add(store, item("a"), item("b"))
    store.hand([A, B], "feeder")
    store.enable([A], False, "bob")
    store.remove([B], "bob")
    assert store.order() == ()
    with pytest.raises(QueueRefused, match="switched off; enable it"):
        ledger.begin(A)
    with pytest.raises(QueueRefused, match="was removed from the queue by bob"):
        ledger.begin(B)
    store.enable([A], True, "bob")
    assert store.order() == (A,)
    add(store, item("b"))
    assert (ledger.begin(A), ledger.begin(B)) == (1, 1)
    for refused in (
        lambda: store.enable([A], False, "bob"),
        lambda: store.remove([A], "bob"),
        lambda: store.set_priority([A], 1, "bob"),
        lambda: store.remove_sample(VISIT, "s1", "bob"),
        lambda: store.remove_session(VISIT, "bob"),
        lambda: store.hand([A], "feeder"),
    ):
        with pytest.raises(QueueRefused, match="running"):
            refused()
    assert in_tree(store) == [A, B]


def test_the_ledger_moves_the_tree(store, ledger):
    asked = item("a")
    add(store, asked)
    store.hand([A], "feeder")
    after = store.snapshot()["sequence"]
    ledger.begin(A, digest_of(asked), scans_all=2)
    for ordinal, first in ((1, 1), (2, 6)):
        key = (asked.sweeps[0].uuid, first, 5)
        ledger.begin_scan(A, key, ordinal, f"f{ordinal}")
        ledger.commit(A, key, ordinal, f"run-{ordinal}", f"f{ordinal}")
        assert (store.item(A)["scansDone"], store.item(A)["imagesDone"]) == (ordinal, 5 * ordinal)
    ledger.finish(A, "Completed", "")
    ledger.finish(A, "Completed", "")
    assert [what for what, _ in kinds(store, after)] == ["started", "progressed", "progressed", "ended"]
    told = store.item(A)
    assert (told["state"], told["outcome"], told["scansAll"], told["scansDone"]) == ("ended", "Completed", 2, 2)
    assert store.order() == ()


def test_removing_and_sending_again_does_not_collect_again(store, ledger):
    asked = item("a")
    add(store, asked)
    ledger.begin(A, digest_of(asked))
    ledger.begin_scan(A, (asked.sweeps[0].uuid, 1, 10), 1, "f")
    ledger.commit(A, (asked.sweeps[0].uuid, 1, 10), 1, "run", "f")
    ledger.finish(A, "Completed")
    store.remove([A], "bob")
    with pytest.raises(QueueRefused, match="was begun with other content"):
        add(store, item("a", images=20))
    add(store, asked)
    told = store.item(A)
    assert (told["state"], told["outcome"], told["scansDone"], told["imagesDone"]) == ("ended", "Completed", 1, 10)


def test_retry_lets_wait_again_but_not_what_is_completed(store, ledger):
    add(store, item("a"), item("b"))
    for uuid, outcome in ((A, "NothingUseful"), (B, "Completed")):
        ledger.begin(uuid)
        ledger.finish(uuid, outcome)
    store.retry([A], "bob")
    assert store.order() == (A,)
    assert ledger.begin(A) == 2
    with pytest.raises(QueueRefused, match="only one that has ended"):
        store.retry([A], "bob")
    with pytest.raises(QueueRefused, match="is completed; copy it"):
        store.retry([B], "bob")


def test_a_worker_given_up_can_write_no_more(store, ledger):
    add(store, item("a"))
    ledger.begin(A)
    ledger.begin_scan(A, ("sweep", 1, 10), 1, "f")
    store.release([A], "supervisor")
    assert store.order() == (A,)
    with pytest.raises(LedgerError, match="is waiting"):
        ledger.commit(A, ("sweep", 1, 10), 1, "run", "f")
    assert ledger.begin(A) == 2


def test_end_by_the_feeder(store, ledger):
    add(store, item("a"), item("b"))
    ledger.begin(A)
    store.end(A, Outcome.ABORTED, "by bob", "feeder")
    store.end(A, Outcome.ABORTED, "by bob", "feeder")
    assert ledger.state(A).outcome is Outcome.ABORTED
    with pytest.raises(QueueRefused, match="ended as Aborted already"):
        store.end(A, Outcome.FAILED, "", "feeder")
    store.end(B, Outcome.SKIPPED, "no such puck", "feeder")
    with pytest.raises(QueueRefused, match="ended as Skipped .no such puck."):
        ledger.begin(B)


def grouped(store):
    add(store, *(item(name, f"s-{name}", (1, number), sampleGroup="g") for number, name in enumerate("abc", start=1)))
    add(store, item("d", "s-d", (1, 9)))


def test_one_success_skips_the_rest_of_its_group(store, ledger):
    grouped(store)
    store.hand([B], "feeder")
    ledger.begin(A)
    ledger.finish(A, "Completed")
    for uuid in (B, C):
        told = store.item(uuid)
        assert (told["outcome"], told["reason"]) == ("Skipped", f"{A} of sample group g succeeded")
        with pytest.raises(QueueRefused, match="Skipped"):
            ledger.begin(uuid)
    assert store.order() == (D,)
    assert kinds(store)[-3:] == [("ended", A), ("ended", B), ("ended", C)]
    late = item("e", "s-e", (1, 5), sampleGroup="g")
    add(store, late)
    assert store.item(late.uuid)["outcome"] == "Skipped"
    store.retry([B], "bob")  # somebody wants it all the same
    assert ledger.begin(B) == 1


@pytest.mark.parametrize("outcome", ["Failed", "Aborted", "NothingUseful"])
def test_without_success_the_group_goes_on_unless_said_otherwise(store, ledger, outcome):
    grouped(store)
    ledger.begin(A)
    ledger.finish(A, outcome)
    assert store.order() == (B, C, D)
    store.set_group(VISIT, "g", False, "bob")
    ledger.begin(B)
    ledger.finish(B, outcome)
    assert store.order() == (D,)
    assert f"ended as {outcome}, and the group stops" in store.item(C)["reason"]
    assert store.snapshot()["sessions"][0]["sampleGroups"] == {"g": {"onFailureGoOn": False}}


def test_removing_samples_and_sessions(store):
    add(store, item("a"), item("b", "s2", (1, 2)))
    store.set_group(VISIT, "g", False, "bob")
    store.remove_sample(VISIT, "s1", "bob")
    assert kinds(store)[-2:] == [("removed", A), ("removed", None)]
    store.remove_session(VISIT, "bob")
    assert store.snapshot()["sessions"] == []


def test_pages_give_each_experiment_once_and_in_order(store):
    names = [f"n{number}" for number in range(25)]
    add(store, *(item(name, f"s{number % 4}", (1, 1 + number % 4)) for number, name in enumerate(names)))
    store.move_sample(VISIT, "s3", "bob", "first")
    whole = store.snapshot()["sessions"][0]["samples"]
    expected = [experiment["uuid"] for sample in whole for experiment in sample["experiments"]]
    found, after = [], None
    while page := store.page(7, after, VISIT):
        assert {"session", "sample", "state", "item"} <= page[0].keys()
        found += [experiment["uuid"] for experiment in page]
        after = found[-1]
    assert found == expected
    assert store.page(7, session="other") == ()


def test_edits_need_a_name_and_amounts_have_an_end(store):
    with pytest.raises(QueueRefused, match="nobody is named"):
        add(store, item("a"), who="")
    for refused in (lambda: store.page(1_000_000), lambda: store.events(0, -1)):
        with pytest.raises(QueueRefused, match="ask in parts"):
            refused()
    add(store, item("a"))
    for priority in (0, -1, 10_000_000):
        with pytest.raises(QueueRefused, match="allowed is 1"):
            store.set_priority([A], priority, "bob")


def test_events_are_numbered_without_gaps_also_past_refusals(store):
    for number in range(5):
        add(store, item(f"i{number}"))
        with pytest.raises(QueueRefused):
            add(store, item(f"j{number}"), item("i0", images=99))
    assert [event.sequence for event in store.events()] == list(range(1, len(store.events()) + 1))
    assert store.events(after=3, limit=2) == store.events()[3:5]


def test_an_event_is_json_with_a_schema(store):
    add(store, item("a"))
    event = store.events()[-1]
    assert QueueEvent.model_validate_json(event.model_dump_json(by_alias=True)) == event
    assert {"sequence", "timeS", "what", "itemUuid"} <= QueueEvent.model_json_schema()["properties"].keys()


def test_a_subscriber_wakes_for_its_own_process_and_for_another(tmp_path, store):
    with QueueStore(tmp_path / "queue.sqlite") as elsewhere:
        for number, writer in enumerate((store, elsewhere)):
            after = store.snapshot()["sequence"]
            told = []
            waiting = threading.Thread(
                target=lambda seen=after, told=told: told.extend(store.wait_for_events(seen, 20))
            )
            waiting.start()
            writer.add_items(VISIT, [item(f"i{number}", "s1")], "alice")
            waiting.join(20)
            assert told[-1].sequence > after


def test_waiting_ends_with_the_time_and_with_the_store(store):
    began = time.monotonic()
    assert store.wait_for_events(1000, 0.1) == ()
    assert time.monotonic() - began >= 0.1
    told = []
    waiting = threading.Thread(target=lambda: told.append(store.wait_for_events(1000, 50)))
    waiting.start()
    store.close()
    waiting.join(20)
    assert told == [()]
    with pytest.raises(LedgerError, match="closed"):
        store.order()


def test_many_threads_use_one_store(store):
    def work(name):
        for number in range(5):
            add(store, item(f"{name}{number}", f"s-{name}", (1, "abcd".index(name) + 1)), who=name)
            store.snapshot(contents=False)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(store.order()) == 20


def test_reading_does_not_wait_for_a_writer_elsewhere(tmp_path, store):
    other = sqlite3.connect(tmp_path / "queue.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = threading.Thread(target=lambda: add(store, item("a")))
    writer.start()
    assert store.wait_for_events(1, 0.3) == ()  # the writer waits, the reader does not
    assert store.order() == ()
    other.execute("COMMIT")
    other.close()
    writer.join(20)
    assert store.order() == (A,)


def test_the_feeder_sees_what_it_handed_out(store):
    add(store, item("a"), item("b"))
    (first,) = store.next_items(1)
    assert (first.uuid, first.session, first.sample) == (A, VISIT, "s1")
    assert parse_item(first.content) == item("a")
    assert first.digest == digest_of(item("a"))
    store.hand([A], "feeder")
    store.hand([A], "feeder")
    assert store.uuids_in(State.HANDED) == (A,)
    assert [following.uuid for following in store.next_items(5)] == [B]
    store.enable([B], False, "bob")
    with pytest.raises(QueueRefused, match="switched off"):
        store.hand([B], "feeder")
