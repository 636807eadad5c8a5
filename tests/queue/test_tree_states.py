"""What experiments of the tree are doing: what the ledger, the feeder and a group of samples make of them."""

import pytest
from queue_support import VISIT, A, B, C, D, add, in_tree, item, kinds

from mxplans.errors import LedgerError, QueueRefused
from mxplans.model import parse_item
from mxplans.queue import Outcome, State, digest_of


def test_change_until_it_is_begun(store, ledger):
    add(store, item("a"))
    store.change(item("a", images=20, priority=2), "bob")
    assert store.item(A)["numberImages"] == 20
    assert store.item(A)["priority"] == 2
    store.change(item("a", images=30), "bob")
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
    ):
        with pytest.raises(QueueRefused, match="running"):
            refused()
    assert in_tree(store) == [A, B]


def test_the_ledger_moves_the_tree(store, ledger):
    asked = item("a")
    add(store, asked)
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


def test_the_feeder_sees_what_comes_next(store, ledger):
    add(store, item("a"), item("b"))
    (first,) = store.next_items(1)
    assert (first.uuid, first.session, first.sample) == (A, VISIT, "s1")
    assert parse_item(first.content) == item("a")
    assert first.digest == digest_of(item("a"))
    ledger.begin(A)
    assert store.uuids_in(State.RUNNING) == (A,)
    assert [following.uuid for following in store.next_items(5)] == [B]
    store.enable([B], False, "bob")
    assert store.next_items(5) == ()
