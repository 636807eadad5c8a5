"""The ledger: each scan is committed once, by one run, and what is committed is known to whoever opens the file next."""

import os
import sqlite3
from pathlib import Path

import pytest

from mxplans.errors import LedgerError, QueueRefused
from mxplans.model import Position
from mxplans.queue import Ledger, LedgerState, Outcome, State

ITEM = "11111111-1111-4111-8111-111111111111"
KEY = ("sweep-a", 1, 10)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "queue.sqlite"


@pytest.fixture
def ledger(path):
    with Ledger(path, clock=lambda: 1000.0) as opened:
        yield opened


def take(ledger, key, ordinal, run_uid, item=ITEM, file_base="f"):
    ledger.begin_scan(item, key, ordinal, file_base)
    ledger.commit(item, key, ordinal, run_uid, file_base)


def test_a_new_experiment_waits(ledger):
    assert ledger.state(ITEM) == LedgerState(State.WAITING, None, "", 0, "")
    assert ledger.committed(ITEM) == frozenset()


def test_what_is_committed_is_there_after_reopening(ledger, path):
    assert ledger.begin(ITEM, "digest") == 1
    take(ledger, KEY, 1, "run-1")
    ledger.begin_scan(ITEM, ("sweep-a", 11, 10), 2, "f2")
    with Ledger(path) as next_one:
        assert next_one.state(ITEM).state is State.RUNNING
        assert next_one.committed(ITEM) == {KEY}
        assert next_one.begin(ITEM, "digest") == 2


def test_committing_again_in_the_same_words_changes_nothing(ledger):
    ledger.begin(ITEM)
    take(ledger, KEY, 1, "run-1")
    ledger.commit(ITEM, KEY, 1, "run-1", "f")
    ledger.finish(ITEM, "Completed")
    ledger.commit(ITEM, KEY, 1, "run-1", "f")
    assert ledger.committed(ITEM) == {KEY}


@pytest.mark.parametrize(
    ("key", "ordinal", "run_uid", "said"),
    [
        (KEY, 1, "run-2", "run run-1 has committed 1 to 10"),  # the same scan by another run
        (("sweep-a", 10, 1), 2, "run-2", "run run-1 has committed 1 to 10"),  # its last image once more
        (("sweep-a", 1, 1), 2, "run-2", "run run-1 has committed 1 to 10"),  # its first image once more
        (("sweep-a", 11, 10), 1, "run-2", "scan 1 of experiment"),  # another scan under its ordinal
    ],
)
def test_no_frame_is_committed_twice(ledger, key, ordinal, run_uid, said):
    ledger.begin(ITEM)
    ledger.begin_scan(ITEM, key, ordinal, "g")
    take(ledger, KEY, 1, "run-1")
    with pytest.raises(LedgerError, match=said):
        ledger.commit(ITEM, key, ordinal, run_uid, "g")
    with pytest.raises(LedgerError, match=said):
        ledger.begin_scan(ITEM, key, ordinal, "h")
    assert ledger.committed(ITEM) == {KEY}


def test_a_run_commits_one_scan(ledger):
    ledger.begin(ITEM)
    take(ledger, KEY, 1, "run-1")
    with pytest.raises(LedgerError, match="run run-1 has committed a scan"):
        take(ledger, ("sweep-a", 11, 10), 2, "run-1")


def test_scans_that_touch_are_no_overlap(ledger):
    ledger.begin(ITEM)
    take(ledger, ("sweep-a", 11, 10), 2, "run-2")
    take(ledger, KEY, 1, "run-1")
    take(ledger, ("sweep-b", 1, 10), 3, "run-3")
    take(ledger, ("sweep-a", 31, 5), 4, "run-4")
    assert ledger.accounts(ITEM) == {"sweep-a": ((1, 20), (31, 35)), "sweep-b": ((1, 10),)}


def test_a_scan_is_begun_before_it_is_committed(ledger):
    with pytest.raises(LedgerError, match="never begun; call begin first"):
        ledger.begin_scan(ITEM, KEY, 1, "f")
    ledger.begin(ITEM)
    with pytest.raises(LedgerError, match="call begin_scan"):
        ledger.commit(ITEM, KEY, 1, "run-1", "f")
    ledger.begin_scan(ITEM, KEY, 1, "other-files")
    with pytest.raises(LedgerError, match="call begin_scan"):
        ledger.commit(ITEM, KEY, 1, "run-1", "f")


@pytest.mark.parametrize(("key", "ordinal"), [(("s", 0, 1), 1), (("s", 1, 0), 1), (("s", 1, 1), 0)])
def test_counts_are_from_one(ledger, key, ordinal):
    ledger.begin(ITEM)
    with pytest.raises(LedgerError, match="all count from 1"):
        ledger.begin_scan(ITEM, key, ordinal, "f")


def test_other_content_under_the_same_uuid_is_refused(ledger):
    ledger.begin(ITEM, "digest-of-the-first")
    with pytest.raises(LedgerError, match="other content"):
        ledger.begin(ITEM, "digest-of-another")
    assert ledger.begin(ITEM, "digest-of-the-first") == 2


def test_a_worker_thought_dead_can_write_no_more(ledger, path):
    ledger.begin(ITEM)
    ledger.begin_scan(ITEM, KEY, 1, "f")
    with Ledger(path) as successor:
        assert successor.begin(ITEM) == 2
        for write in (
            lambda: ledger.begin_scan(ITEM, KEY, 1, "f"),
            lambda: ledger.commit(ITEM, KEY, 1, "run-1", "f"),
            lambda: ledger.finish(ITEM, "Completed"),
        ):
            with pytest.raises(LedgerError, match="attempt 1 .* is over"):
                write()
        take(successor, KEY, 1, "run-2", file_base="f2")


def test_finishing_again_changes_nothing(ledger):
    ledger.begin(ITEM)
    ledger.finish(ITEM, "Failed", "robot jam")
    ledger.finish(ITEM, "Failed", "another reason")
    assert ledger.state(ITEM) == LedgerState(State.ENDED, Outcome.FAILED, "robot jam", 1, "")
    with pytest.raises(LedgerError, match="begin it again first"):
        ledger.finish(ITEM, "Completed")
    with pytest.raises(LedgerError, match="allowed are Completed, Failed"):
        ledger.finish(ITEM, "Successful")


@pytest.mark.parametrize("outcome", ["Completed", "NothingUseful", "Skipped"])
def test_what_has_ended_for_good_is_not_begun_again(ledger, outcome):
    ledger.begin(ITEM)
    ledger.finish(ITEM, outcome)
    with pytest.raises(QueueRefused, match=f"has ended as {outcome}"):
        ledger.begin(ITEM)


@pytest.mark.parametrize("outcome", ["Failed", "Aborted"])
def test_a_failure_may_be_begun_again(ledger, outcome):
    ledger.begin(ITEM)
    take(ledger, KEY, 1, "run-1")
    ledger.finish(ITEM, outcome)
    assert ledger.begin(ITEM) == 2
    assert ledger.committed(ITEM) == {KEY}
    assert ledger.state(ITEM).outcome is None


def test_verify_names_what_is_missing_and_what_was_not_asked_for(ledger):
    ledger.begin(ITEM)
    take(ledger, KEY, 1, "run-1")
    assert ledger.verify(ITEM, [KEY]).exact
    checked = ledger.verify(ITEM, [("sweep-a", 1, 5), ("sweep-a", 6, 5)])
    assert checked.missing == (("sweep-a", 1, 5), ("sweep-a", 6, 5))
    assert checked.unexpected == (KEY,)
    assert not checked.exact


def test_the_home_of_an_experiment_is_where_its_sample_stood_first(ledger, path):
    first, later = Position(x_mm=0.1, y_mm=-0.2, z_mm=1 / 3), Position(x_mm=9, y_mm=9, z_mm=9)
    ledger.begin(ITEM)
    assert ledger.home(ITEM, first) == first
    with Ledger(path) as next_one:
        next_one.begin(ITEM)
        assert next_one.home(ITEM, later) == first
        next_one.finish(ITEM, "Completed")
        with pytest.raises(LedgerError, match="has ended as Completed"):
            next_one.home(ITEM, later)
        with pytest.raises(LedgerError, match="never begun"):
            next_one.home("another", later)


def test_run_numbers_never_repeat(ledger, path):
    assert [ledger.run_number("/d", "p") for _ in range(3)] == [1, 2, 3]
    assert ledger.run_number("/d", "q") == 1
    with Ledger(path) as reopened:
        assert reopened.run_number("/d", "p") == 4


def test_a_forked_process_does_not_use_its_parents_connection(ledger, monkeypatch):
    """Two processes on one connection would corrupt the file."""
    monkeypatch.setattr(os, "getpid", lambda: -1)
    with pytest.raises(LedgerError, match="open it anew in each process"):
        ledger.state(ITEM)


def test_a_closed_ledger_says_so(path):
    ledger = Ledger(path)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="has been closed"):
        ledger.state(ITEM)


@pytest.mark.parametrize("version", [0, 1, 99])
def test_another_version_is_refused(path, version):
    Ledger(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(LedgerError, match=f"version {version}, this program reads version 2"):
        Ledger(path)


def test_a_file_of_something_else_is_left_alone(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE spectra (x)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="something else"):
        Ledger(path)
    assert path.read_bytes() == before


def test_garbage_is_refused(path):
    path.write_bytes(b"not a database at all " * 1000)
    with pytest.raises(LedgerError, match="move it away"):
        Ledger(path)


def test_a_damaged_file_is_refused(path):
    with Ledger(path) as ledger:
        for number in range(200):
            ledger.run_number(f"/folder/{number}", "p")
    content = bytearray(path.read_bytes())
    page = 4096
    for start in range(2 * page, len(content), page):
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="move it away"):
        Ledger(path)


def test_a_path_that_cannot_be_is_refused(tmp_path):
    with pytest.raises(LedgerError, match="its folder exists"):
        Ledger(tmp_path / "none" / "queue.sqlite")
    with pytest.raises(LedgerError):
        Ledger(Path(tmp_path))
