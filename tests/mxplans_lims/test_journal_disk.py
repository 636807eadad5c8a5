"""A disk that takes nothing holds up no plan; what waited is there, whole and in order, when it does again."""

import errno
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import journal_writer
import pytest

from mxplans.errors import InvalidInput
from mxplans_lims.journal import Follower, Journal, JournalState, journal_health, read_journal
from mxplans_lims.journal._backlog import Backlog

PATIENCE_S = 20.0  # for what takes a second on an idle machine


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it never came"
        threading.Event().wait(0.02)


def event(number: int) -> dict[str, object]:
    return journal_writer.event("a", number)


def numbers(path: Path) -> list[int]:
    return [document["seq_num"] for _, document in read_journal(path)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """256 KiB, of which 128 KiB are taken by the file `filler`."""
    if not shutil.which("mount") or os.getuid():
        pytest.skip("only root may mount a small disk; the test with a limit of the file's size stands for it")
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        (place / "filler").write_bytes(b"\0" * 128 * 1024)
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)  # also when a test has left a file open


def test_a_full_disk_loses_nothing(small_disk: Path):
    journal = Journal(small_disk / "night" / "documents.jsonl")
    follower = Follower(journal.path)
    seen = []
    for number in range(1000):
        journal("event", event(number))
        if number % 50 == 0:
            seen += [document["seq_num"] for _, document in follower.read_new()]
    state = journal.state
    assert state.status == "waiting"
    assert "No space left" in state.reason
    assert len(numbers(journal.path)) + state.waiting == 1000
    assert 200 < state.waiting < 900
    assert journal.path.read_bytes().endswith(b"}]\n")  # the torn line is cut off
    health = journal_health(journal.path)
    assert health.writer_alive
    assert health.free_bytes is not None and health.free_bytes < 4096
    (small_disk / "filler").unlink()
    journal("event", event(1000))
    wait_for(lambda: journal.state == JournalState())
    journal.close()
    assert numbers(journal.path) == list(range(1001))
    assert follower.restarts == 0
    assert seen + [document["seq_num"] for _, document in follower.read_new()] == list(range(1001))


def test_a_disk_that_takes_again_is_noticed_without_a_document(small_disk: Path):
    journal = Journal(small_disk / "documents.jsonl")
    for number in range(1000):
        journal("event", event(number))
    (small_disk / "filler").unlink()
    wait_for(lambda: journal.state == JournalState())
    assert numbers(journal.path) == list(range(1000))
    journal.close()


def test_a_journal_can_be_opened_on_a_full_disk(small_disk: Path):
    path = small_disk / "documents.jsonl"
    path.write_bytes(b'["start",{"uid":"a","time":1.0}]\n["ev')
    for place in (small_disk / "more", path):  # the last page of the journal as well
        with place.open("ab", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while file.write(b"x" * 4096):
                pass
    journal = Journal(path)
    journal("start", {"uid": "b", "time": 2.0})
    assert journal.state.status == "waiting"
    (small_disk / "filler").unlink()
    wait_for(lambda: journal.state == JournalState())
    journal.close()
    names = [(name, document.get("run_start", document["uid"])) for name, document in read_journal(path)]
    assert names == [("start", "a"), ("stop", "a"), ("start", "b")]


def run_writer(mode: str, path: Path, then: Callable[[dict[str, Any]], None]) -> list[dict[str, Any]]:
    """What a writer in a process of its own says; `then` is called after its first line."""
    command = [sys.executable, journal_writer.__file__, mode, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        said = [json.loads(process.stdout.readline())]
        then(said[0])
        process.stdin.write("go on\n")
        process.stdin.close()
        said += [json.loads(line) for line in process.stdout]
    assert process.returncode == 0
    return said


def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path):
    """The same as a full disk, for every user."""
    path = tmp_path / "documents.jsonl"
    full, after = run_writer("limited", path, lambda said: None)
    assert full["status"] == "waiting" and "File too large" in full["reason"]
    assert 100 < full["waiting"] < 300
    assert journal_writer.LIMIT_BYTES - 300 < full["size"] <= journal_writer.LIMIT_BYTES
    assert (after["status"], after["waiting"], after["lost"]) == ("ok", 0, 0)
    assert numbers(path) == list(range(301))


def test_an_unwritable_folder_is_waited_for():
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders may not be entered by others
        folder = Path(name)
        folder.chmod(0o555)
        path = folder / "night" / "documents.jsonl"

        def open_it(said: dict[str, Any]) -> None:
            assert said["status"] == "waiting" and "Permission denied" in said["reason"]
            assert said["waiting"] == 3
            folder.chmod(0o777)

        *_, after = run_writer("unwritable", path, open_it)
        assert (after["status"], after["waiting"]) == ("ok", 0)
        assert numbers(path) == [0, 1, 2]


def test_a_file_in_the_way_of_the_folder(tmp_path: Path):
    out = tmp_path / "out"
    out.touch()
    journal = Journal(out / "documents.jsonl")
    journal("event", event(1))
    assert journal.state.status == "waiting" and "exists" in journal.state.reason
    assert "out is" not in journal_health(journal.path).problem
    out.unlink()
    wait_for(lambda: journal.state == JournalState())
    journal.close()
    assert numbers(journal.path) == [1]


def test_what_the_disk_never_takes_is_counted(tmp_path: Path, caplog):
    out = tmp_path / "out"
    out.touch()
    journal = Journal(out / "documents.jsonl", Backlog(max_lines=10))
    for number in range(15):
        journal("event", event(number))
    assert (journal.state.waiting, journal.state.lost) == (10, 5)
    out.unlink()
    wait_for(lambda: journal.state.status == "ok")
    wait_for((out / "lims" / "journal_state.json").exists)
    assert journal_health(journal.path).state == JournalState(lost=5)
    assert "5 documents are lost" in journal_health(journal.path).problem
    journal.close()
    journal("event", event(15))
    assert journal.state.lost == 6
    assert numbers(journal.path) == list(range(5, 15))
    again = Journal(journal.path)
    assert again.state.lost == 5  # the count goes on with the journal; what came after the end is in the log only
    again.close()
    assert "has lost 1 documents: no more can wait in memory" in caplog.text


def test_documents_that_nobody_could_write_are_lost_at_the_end(tmp_path: Path, caplog):
    out = tmp_path / "out"
    out.touch()
    journal = Journal(out / "documents.jsonl")
    journal("event", event(1))
    journal.close()
    assert (journal.state.waiting, journal.state.lost) == (0, 1)
    assert "is closed, and the disk did not take them" in caplog.text


@pytest.mark.parametrize(("lines", "size"), [(10, 10**9), (10**9, 1000)])
def test_backlog_keeps_the_newest(lines: int, size: int):
    backlog = Backlog(size, lines)
    gone = sum(backlog.add(b"%0100d" % number) for number in range(25))
    assert (gone, len(backlog), int(backlog.first)) == (15, 10, 15)
    assert backlog.add(b"x" * 2000) == (10 if size == 1000 else 1)
    assert len(backlog) == (1 if size == 1000 else 10)


class Faulty:
    """System calls of the journal that fail as told, after a part of the work."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.write_error = self.cut_error = self.sync_error = 0
        self.part = 0
        write, ftruncate, fsync = os.write, os.ftruncate, os.fsync

        def faulty_write(fd: int, data: bytes) -> int:
            if not self.write_error or not os.readlink(f"/proc/self/fd/{fd}").endswith("documents.jsonl"):
                return write(fd, data)
            if self.part:
                part, self.part = self.part, 0
                return write(fd, data[:part])
            raise OSError(self.write_error, os.strerror(self.write_error))

        def faulty_cut(fd: int, length: int) -> None:
            if self.cut_error:
                raise OSError(self.cut_error, os.strerror(self.cut_error))
            ftruncate(fd, length)

        def faulty_sync(fd: int) -> None:
            if self.sync_error:
                raise OSError(self.sync_error, os.strerror(self.sync_error))
            fsync(fd)

        monkeypatch.setattr(os, "write", faulty_write)
        monkeypatch.setattr(os, "ftruncate", faulty_cut)
        monkeypatch.setattr(os, "fsync", faulty_sync)


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Faulty:
    return Faulty(monkeypatch)


def test_a_line_that_was_half_written_and_could_not_be_cut(tmp_path: Path, faulty: Faulty):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("event", event(0))
    faulty.write_error, faulty.cut_error, faulty.part = errno.EIO, errno.EIO, 20
    journal("event", event(1))
    journal("event", event(2))
    assert journal.state.waiting == 2
    assert not journal.path.read_bytes().endswith(b"\n")
    faulty.write_error = 0
    journal("event", event(3))  # could be written, but onto half a line
    assert journal.state.waiting == 3
    faulty.cut_error = 0
    journal("event", event(4))
    journal.close()
    assert journal.state == JournalState()
    assert journal.path.read_bytes().count(b"\n") == 5
    assert numbers(journal.path) == [0, 1, 2, 3, 4]


def test_a_write_in_two_parts_is_one_line(tmp_path: Path, faulty: Faulty, monkeypatch):
    short = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: short(fd, data[:7]))
    journal = Journal(tmp_path / "documents.jsonl")
    journal("event", event(0))
    journal.close()
    assert numbers(journal.path) == [0]


def test_documents_that_may_not_be_on_disk_are_told(tmp_path: Path, faulty: Faulty, caplog):
    journal = Journal(tmp_path / "documents.jsonl")
    faulty.sync_error = errno.EIO
    journal("stop", {"uid": "a"})
    wait_for(lambda: journal.state.status == "waiting")
    assert "may not be on disk" in journal.state.reason
    wait_for(lambda: "may not be on disk" in journal_health(journal.path).problem)
    faulty.sync_error = 0
    wait_for(lambda: journal.state == JournalState())
    wait_for(lambda: not journal_health(journal.path).problem)
    journal.close()
    assert list(read_journal(journal.path)) == [("stop", {"uid": "a"})]


def test_the_caller_never_waits_for_the_disk(tmp_path: Path, monkeypatch):
    asked, let_go = threading.Event(), threading.Event()
    fsync = os.fsync

    def slow(fd: int) -> None:
        if threading.current_thread().name == "journal":
            asked.set()
            let_go.wait(PATIENCE_S)
        fsync(fd)

    journal = Journal(tmp_path / "documents.jsonl")
    monkeypatch.setattr(os, "fsync", slow)
    journal("stop", {"uid": "a"})
    assert asked.wait(PATIENCE_S)
    for number in range(1000):
        journal("event", event(number))
    assert list(read_journal(journal.path))[-1] == (
        "event",
        event(999),
    )  # all of it while the disk was still asked for the first
    let_go.set()
    journal.close()


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the disk was asked to keep things."""
    times: list[float] = []
    fsync = os.fsync

    def noted(fd: int) -> None:
        times.append(time.monotonic())
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    return times


def test_a_stop_document_goes_to_the_disk_at_once_and_others_together(tmp_path: Path, synced: list[float]):
    journal = Journal(tmp_path / "documents.jsonl")
    synced.clear()
    began = time.monotonic()
    for number in range(500):
        journal("event", event(number))
    wait_for(lambda: synced)
    assert synced[0] - began > 0.45  # half a second's documents go together
    assert len(synced) < 10
    before = len(synced)
    journal("stop", {"uid": "a"})
    wait_for(lambda: len(synced) > before)
    journal.close()


def test_a_second_writer_is_refused(tmp_path: Path):
    journal = Journal(tmp_path / "documents.jsonl")
    with pytest.raises(InvalidInput, match="is being written by another process.*allowed is one writer"):
        Journal(journal.path)
    journal("stop", {"uid": "a"})
    journal.close()
    Journal(journal.path).close()


def test_a_journal_that_is_taken_away_is_begun_anew(tmp_path: Path, caplog):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("stop", {"uid": "a"})
    journal.path.rename(tmp_path / "moved.jsonl")
    journal("stop", {"uid": "b"})
    wait_for(lambda: "was moved or deleted" in caplog.text)
    journal("stop", {"uid": "c"})
    wait_for(journal.path.exists)
    journal.close()
    moved, new = list(read_journal(tmp_path / "moved.jsonl")), list(read_journal(journal.path))
    assert moved + new == [("stop", {"uid": uid}) for uid in "abc"]
    assert moved[0][1] == {"uid": "a"} and new[-1][1] == {"uid": "c"}


def test_a_journal_that_is_never_closed_ends_its_thread(tmp_path: Path):
    journal = Journal(tmp_path / "documents.jsonl")
    before = set(threading.enumerate())
    journal("event", event(1))
    (thread,) = set(threading.enumerate()) - before
    wait_for(lambda: not thread.is_alive())
    journal("event", event(2))
    journal.close()
    assert numbers(journal.path) == [1, 2]


def test_a_journal_that_is_never_closed_does_not_hold_up_the_end(tmp_path: Path):
    path = tmp_path / "documents.jsonl"
    command = [sys.executable, journal_writer.__file__, "unclosed", path]
    subprocess.run(command, check=True, timeout=PATIENCE_S)
    assert list(read_journal(path)) == [("start", {"uid": "a", "time": 1.0})]


def test_health(tmp_path: Path):
    path = tmp_path / "out" / "documents.jsonl"
    health = journal_health(path)
    assert not health.exists and not health.writer_alive and not health.problem
    journal = Journal(path)
    journal("start", {"uid": "a", "time": 1.0})
    health = journal_health(path)
    assert (health.exists, health.writer_alive, health.open_runs) == (True, True, ("a",))
    assert health.size_bytes == path.stat().st_size
    assert health.free_bytes is not None and health.free_bytes > 0
    assert health.state == JournalState() and not health.problem
    journal.close()
    assert not journal_health(path).writer_alive


def test_what_waited_when_its_writer_died_is_lost(tmp_path: Path, caplog):
    path = tmp_path / "documents.jsonl"
    path.touch()
    (tmp_path / "lims").mkdir()
    told = {"status": "waiting", "reason": "No space left on device", "waiting": 7, "lost": 1, "untold": 2}
    (tmp_path / "lims" / "journal_state.json").write_text(json.dumps(told))
    health = journal_health(path)
    assert health.state == JournalState(lost=8, untold=2)
    assert "8 documents are lost" in health.problem and "2 documents held what no line can tell" in health.problem
    journal = Journal(path)
    assert journal.state == JournalState(lost=8, untold=2)
    assert "ended with 7 documents unwritten" in caplog.text
    journal.close()


@pytest.mark.parametrize("torn", ["", "[]", '{"status": "ok"}', '{"status": "ok", "reason": "", "waiting": "x"}'])
def test_a_torn_state_is_none(tmp_path: Path, torn: str, caplog):
    (tmp_path / "lims").mkdir()
    (tmp_path / "lims" / "journal_state.json").write_text(torn)
    with caplog.at_level(logging.WARNING):
        assert journal_health(tmp_path / "documents.jsonl").state == JournalState()
    assert "cannot be read" in caplog.text
