"""Events: numbered without gaps, for subscribers of any thread and process."""

import sqlite3
import threading
import time

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
