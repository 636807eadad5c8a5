"""The tree: what is put in stands where it was put, and what cannot be is refused."""

import pytest
from queue_support import VISIT, A, B, C, D, add, in_tree, item, kinds, uuid_of

from mxplans.errors import InvalidInput, QueueRefused
from mxplans.model import SampleLocation, parse_item
from mxplans.queue import EventKind, NewSample, NewSession, Outcome, digest_of


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


def test_some_of_them_are_switched_off_at_first_and_the_order_is_as_given(store):
    store.add_items(VISIT, [item("a"), item("b"), item("c")], "alice", disabled={B})
    assert in_tree(store) == [A, B, C]
    assert store.order() == (A, C)


def test_several_calls_together_are_there_as_a_whole_or_not_at_all(store):
    add(store, item("a"))
    last = store.snapshot()["sequence"]
    with pytest.raises(QueueRefused, match="allowed is 1"), store.together():
        store.add_session(NewSession(name="other"), "alice")
        store.enable([A], False, "alice")
        store.set_priority([A], 0, "alice")
    assert store.order() == (A,)
    assert store.snapshot()["sequence"] == last
    with store.together():
        store.enable([A], False, "alice")
        assert store.order() == (A,)  # not yet
        store.set_priority([A], 3, "alice")
    assert (store.item(A)["enabled"], store.item(A)["priority"]) == (False, 3)
    assert add(store, item("b")) == (B,)  # as usual again


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


def test_whose_a_session_is(store):
    assert (store.owner_of(VISIT), store.owner_of("other")) == ("tester", None)


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
        ("'middle' is no place", "middle", None, None),
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
    with pytest.raises(InvalidInput, match="uuid"):
        store.copy(A, "bob", new_uuid="not-a-uuid")
    store.remove([copy], "bob")
    assert store.copy(A, "bob") not in (copy, A, B, C)


def test_removing_samples_and_sessions(store):
    add(store, item("a"), item("b", "s2", (1, 2)))
    store.set_group(VISIT, "g", False, "bob")
    store.remove_sample(VISIT, "s1", "bob")
    assert kinds(store)[-2:] == [("removed", A), ("removed", None)]
    store.remove_session(VISIT, "bob")
    assert store.snapshot()["sessions"] == []


def test_the_experiments_of_a_session_are_each_there_once_and_in_order(store):
    names = [f"n{number}" for number in range(25)]
    add(store, *(item(name, f"s{number % 4}", (1, 1 + number % 4)) for number, name in enumerate(names)))
    store.add_session(NewSession(name="other"), "alice")
    store.add_items("other", [item("elsewhere")], "alice")
    store.move_sample(VISIT, "s3", "bob", "first")
    samples = store.snapshot()["sessions"][0]["samples"]
    assert list(store.experiments(VISIT)) == [
        {"sample": sample["name"], **experiment} for sample in samples for experiment in sample["experiments"]
    ]
    assert store.experiments("nobodys") == ()


def test_edits_need_a_name_and_amounts_have_an_end(store):
    with pytest.raises(QueueRefused, match="nobody is named"):
        add(store, item("a"), who="")
    with pytest.raises(QueueRefused, match="ask in parts"):
        store.events(0, -1)
    add(store, item("a"))
    for priority in (0, -1, 10_000_000):
        with pytest.raises(QueueRefused, match="allowed is 1"):
            store.set_priority([A], priority, "bob")
