"""However a writer ends, the journal can be read, written on, and each of its runs gets one end."""

import errno
import json
import logging
import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import journal_writer
import pytest
from event_model import DocumentNames, compose_run, schema_validators

from mxplans.errors import InvalidInput
from mxplans_lims.fold import fold_journal
from mxplans_lims.journal import (
    Journal,
    close_open_runs,
    open_runs,
    read_journal,
    read_range,
    sweep_if_orphaned,
)

KILLS = 50


def keys(*names: str) -> dict[str, dict[str, object]]:
    return {name: {"source": "here", "dtype": "number", "shape": []} for name in names}


def composed() -> list[tuple[str, dict[str, object]]]:
    """An outer run with an inner one, both open; the inner one has two streams."""
    documents: list[tuple[str, dict[str, object]]] = []
    outer = compose_run(uid="outer", time=10.0)
    documents.append(("start", outer.start_doc))
    phase = outer.compose_descriptor(name="mx_phase", data_keys=keys("phase"), time=11.0)
    documents.append(("descriptor", phase.descriptor_doc))
    documents.append(("event", phase.compose_event(data={"phase": 1.0}, timestamps={"phase": 1.0}, time=12.0)))
    inner = compose_run(uid="inner", time=13.0, metadata={"mxplans": {"parent_uid": "outer"}})
    documents.append(("start", inner.start_doc))
    for stream in ("mx_pre", "primary"):
        bundle = inner.compose_descriptor(name=stream, data_keys=keys("x"), time=14.0)
        documents.append(("descriptor", bundle.descriptor_doc))
        for number in range(3 if stream == "mx_pre" else 0):
            event = bundle.compose_event(data={"x": 1.0}, timestamps={"x": 1.0}, time=15.0 + number)
            documents.append(("event", event))
    return documents


def write(path: Path, documents: list[tuple[str, dict[str, object]]]) -> Path:
    path.write_bytes(b"".join(json.dumps(list(each), separators=(",", ":")).encode() + b"\n" for each in documents))
    return path


@pytest.fixture
def orphaned(tmp_path: Path) -> Path:
    return write(tmp_path / "documents.jsonl", composed())


def stops(path: Path) -> list[dict[str, object]]:
    return [document for name, document in read_journal(path) if name == "stop"]


def test_runs_without_an_end_get_one(orphaned: Path):
    assert list(open_runs(orphaned)) == ["outer", "inner"]
    assert close_open_runs(orphaned) == 2
    inner, outer = stops(orphaned)
    for stop in (inner, outer):
        schema_validators[DocumentNames.stop].validate(stop)
        assert stop["exit_status"] == "fail"
        assert "the process that wrote it ended before the run did" in str(stop["reason"])
    assert (inner["run_start"], inner["time"], inner["num_events"]) == ("inner", 17.0, {"mx_pre": 3, "primary": 0})
    # An outer run ends no sooner than what runs inside it.
    assert (outer["run_start"], outer["time"], outer["num_events"]) == ("outer", 17.0, {"mx_phase": 1})
    before = orphaned.read_bytes()
    assert (close_open_runs(orphaned), sweep_if_orphaned(orphaned), open_runs(orphaned)) == (0, 0, {})
    Journal(orphaned).close()
    assert orphaned.read_bytes() == before


@pytest.mark.parametrize("sweep", [close_open_runs, sweep_if_orphaned, lambda path: Journal(path).close()])
def test_all_who_sweep_write_the_same(orphaned: Path, sweep, tmp_path: Path):
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(orphaned.read_bytes())
    sweep(orphaned)
    close_open_runs(copy)
    assert orphaned.read_bytes() == copy.read_bytes()
    assert len(stops(copy)) == 2


def test_pages_and_frames_are_counted(tmp_path: Path):
    documents: list[tuple[str, dict[str, object]]] = [
        ("start", {"uid": "a", "time": 1.0}),
        ("descriptor", {"uid": "a-1", "run_start": "a", "name": "pages", "time": 1.0}),
        ("descriptor", {"uid": "a-2", "run_start": "a", "name": "frames", "time": 1.0}),
        ("event_page", {"descriptor": "a-1", "seq_num": [1, 2, 3], "time": [2.0, 3.0, 4.0]}),
        ("event_page", {"descriptor": "a-1", "seq_num": [2, 3], "time": [3.0, 4.0]}),  # came twice
        (
            "stream_datum",
            {"descriptor": "a-2", "seq_nums": {"start": 1, "stop": 101}, "indices": {"start": 0, "stop": 100}},
        ),
        ("event", {"descriptor": "a-9", "seq_num": 7, "time": 99.0}),  # of nobody
        ("event", {"descriptor": "a-1", "seq_num": 4, "time": float("nan")}),
    ]
    path = write(tmp_path / "documents.jsonl", documents)
    assert close_open_runs(path) == 1
    (stop,) = stops(path)
    assert (stop["num_events"], stop["time"]) == ({"pages": 4, "frames": 100}, 4.0)


def test_nobody_sweeps_while_somebody_writes(orphaned: Path):
    journal = Journal(orphaned)
    journal("start", {"uid": "third", "time": 20.0})
    assert sweep_if_orphaned(orphaned) == 0
    with pytest.raises(InvalidInput, match="is being written"):
        close_open_runs(orphaned)
    journal.close()
    assert [stop["run_start"] for stop in stops(orphaned)] == ["inner", "outer"]
    assert sweep_if_orphaned(orphaned) == 1
    assert [stop["run_start"] for stop in stops(orphaned)] == ["inner", "outer", "third"]


def test_where_there_are_no_locks_only_the_next_writer_closes_runs(orphaned: Path, monkeypatch, caplog):
    """A network file system without them cannot tell a run that goes on from one that was left."""

    def no_locks(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("mxplans_lims.journal._file.fcntl.flock", no_locks)
    left = list(open_runs(orphaned))
    assert sweep_if_orphaned(orphaned) == 0
    assert list(open_runs(orphaned)) == left
    Journal(orphaned).close()
    assert not open_runs(orphaned)
    assert "has no locks; nothing keeps a second writer away" in caplog.text


def test_nothing_to_sweep(tmp_path: Path):
    path = tmp_path / "documents.jsonl"
    assert (close_open_runs(path), sweep_if_orphaned(path), path.exists()) == (0, 0, False)
    path.touch()
    assert (close_open_runs(path), sweep_if_orphaned(path), path.read_bytes()) == (0, 0, b"")


def test_a_sweeper_on_a_full_disk_comes_again(orphaned: Path, monkeypatch, caplog):
    before = orphaned.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "write", full)
        assert sweep_if_orphaned(orphaned) == 0
    assert orphaned.read_bytes() == before
    assert "cannot be closed now" in caplog.text
    assert sweep_if_orphaned(orphaned) == 2


def test_cut_at_every_byte(tmp_path: Path, monkeypatch, caplog):
    """Whatever is left can be read and written on, and what is whole in it is there, in order."""
    monkeypatch.setattr(os, "fsync", lambda fd: None)  # some thousand journals; none of them meets a power cut
    caplog.set_level(logging.ERROR)
    whole = write(tmp_path / "whole.jsonl", composed()).read_bytes()
    documents = [json.loads(line) for line in whole.splitlines()]
    ends = [place + 1 for place, byte in enumerate(whole) if byte == ord("\n")]
    path = tmp_path / "documents.jsonl"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        complete = sum(end <= cut for end in ends)
        assert [list(each) for each in read_journal(path)] == documents[:complete]
        journal = Journal(path)
        journal("start", {"uid": "next", "time": 30.0})
        journal.close()
        complete += cut + 1 in ends  # all of the line but its end was there
        kept = [list(each) for each in read_journal(path)]
        begun = [document["uid"] for name, document in documents[:complete] if name == "start"]
        assert kept[:complete] == documents[:complete]
        assert [stop["run_start"] for _, stop in kept[complete:-1]] == begun[::-1]
        assert kept[-1] == ["start", {"uid": "next", "time": 30.0}]
        assert close_open_runs(path) == 1
        assert close_open_runs(path) == 0


def test_a_night_cut_anywhere_can_be_folded(small_night, tmp_path: Path):
    whole = (small_night.out / "documents.jsonl").read_bytes()
    path = tmp_path / "documents.jsonl"
    places = random.Random(7).sample(range(len(whole)), 60)
    for cut in places:
        path.write_bytes(whole[:cut])
        close_open_runs(path)
        for record in fold_journal(path):
            assert record.exit_status != "unfinished"
        assert open_runs(path) == {}


def test_killed_at_any_moment(tmp_path: Path):
    """Kill -9 of a process that writes: what a call returned for is there, once; each run has one end."""
    path = tmp_path / "documents.jsonl"
    returned: dict[str, int] = {}
    moments = random.Random(3)
    command = [sys.executable, journal_writer.__file__, "mortal", path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        for kill in range(KILLS):
            process.stdin.write(b"run%d\n" % kill)
            process.stdin.flush()
            said = [process.stdout.readline(), process.stdout.readline()]
            (pid,) = (json.loads(line)["pid"] for line in said if b"pid" in line)
            threading.Event().wait(moments.uniform(0, 0.02))
            os.kill(pid, signal.SIGKILL)
            while b"dead" not in said[-1]:
                said.append(process.stdout.readline())
            returned[f"run{kill}"] = max(int(line) for line in said if line.strip().isdigit())
        process.stdin.close()
    assert process.returncode == 0
    close_open_runs(path)
    found: dict[str, list[int]] = {run: [] for run in returned}
    ended: Counter[str] = Counter()
    for name, document in read_journal(path):
        if name == "event":
            found[document["descriptor"]].append(document["seq_num"])
        elif name == "stop":
            ended[document["run_start"]] += 1
    assert ended == Counter(returned.keys())
    for run, last in returned.items():
        assert found[run] in (list(range(1, last + 1)), list(range(1, last + 2)))  # one more was on its way


@pytest.mark.parametrize("block_bytes", [1, 2, 7, 64, 1000])
def test_open_runs_are_found_wherever_the_blocks_end(orphaned: Path, monkeypatch, block_bytes):
    monkeypatch.setattr("mxplans_lims.journal._open_runs.BLOCK_BYTES", block_bytes)
    whole = orphaned.read_bytes()
    for cut in range(0, len(whole), 13):
        orphaned.write_bytes(whole[:cut] + whole)
        known: dict[str, int] = {}
        for placed in read_range(orphaned, 0):
            if placed.name == "start":
                known.setdefault(placed.document["uid"], placed.before)
        assert open_runs(orphaned) == known
