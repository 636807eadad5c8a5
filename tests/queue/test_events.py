"""Events: numbered without gaps, for subscribers of any thread and process."""

import sqlite3
import threading

import pytest
from queue_support import VISIT, A, add, item

from mxplans.errors import LedgerError, QueueRefused
from mxplans.queue import QueueEvent, QueueStore


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


def test_another_process_sees_what_was_written_and_nobody_reads_a_closed_file(tmp_path, store):
    with QueueStore(tmp_path / "queue.sqlite") as elsewhere:
        after = store.snapshot()["sequence"]
        elsewhere.add_items(VISIT, [item("a")], "alice")
        assert store.events(after)[-1].item_uuid == A
    with pytest.raises(LedgerError, match="closed"):
        elsewhere.order()


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
    threading.Event().wait(0.3)  # the writer waits, the reader does not
    assert store.events(1) == ()
    assert store.order() == ()
    other.execute("COMMIT")
    other.close()
    writer.join(20)
    assert store.order() == (A,)
