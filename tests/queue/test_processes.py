"""Several processes on one queue file: nothing is lost when they write at once, nor when one is killed while it writes."""

import json
import random
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import queue_writer
from queue_replay import replay

from mxplans.queue import Ledger, QueueStore

WRITER = Path(queue_writer.__file__)
PROCESSES = 3
BATCHES = 4
KILLS = 4
LONGEST_S = 50


@pytest.fixture
def path(tmp_path):
    return tmp_path / "queue.sqlite"


def started(path, name, batches):
    return subprocess.Popen(
        [sys.executable, str(WRITER), str(path), name, str(batches)], stdout=subprocess.PIPE, text=True
    )


def said(lines):
    """What writers were told is done."""
    told = {"added": [], "committed": [], "finished": [], "run_number": []}
    for line in lines:
        for key, value in json.loads(line).items():
            told[key] += value if key == "added" else [value]
    return told


def check_file(path, told):
    """All that was told is there, all that is there is whole."""
    with QueueStore(path) as store, Ledger(path) as ledger:
        sessions = store.snapshot(contents=False)["sessions"]
        experiments = [each for session in sessions for each in store.experiments(session["name"])]
        there = {experiment["uuid"]: experiment for experiment in experiments}
        assert len(there) == len(experiments)
        assert set(told["added"]) <= there.keys()
        assert len(there) % queue_writer.BATCH == 0  # a batch is there as a whole or not at all
        for uuid, *key in told["committed"]:
            assert ledger.committed(uuid) == {tuple(key)}
            assert there[uuid]["scansDone"] == 1
        assert all(there[uuid]["outcome"] == "Completed" for uuid in told["finished"])
        assert len(set(told["run_number"])) == len(told["run_number"])
        assert ledger.run_number("/data", "p") > max(told["run_number"], default=0)
        events = []
        while more := store.events(after=len(events)):
            events += more
        assert [event.sequence for event in events] == list(range(1, len(events) + 1))
        assert replay(events) == store.snapshot(contents=False)["sessions"]
        return len(there)


def test_processes_that_write_at_once_lose_nothing(path):
    """They make the file at the same time, too."""
    writers = [started(path, f"w{number}", BATCHES) for number in range(PROCESSES)]
    lines = [line for writer in writers for line in writer.communicate(timeout=LONGEST_S)[0].splitlines()]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    told = said(lines)
    assert check_file(path, told) == len(told["added"]) == PROCESSES * BATCHES * queue_writer.BATCH
    assert sorted(told["run_number"]) == list(range(1, PROCESSES * BATCHES + 1))


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(path):
    chance = random.Random(4)
    writers = [started(path, f"k{number}", 0) for number in range(KILLS)]
    lines = []
    for writer in writers:
        assert writer.stdout is not None
        lines += [writer.stdout.readline() for _ in range(chance.randint(1, 5))]
        threading.Event().wait(chance.uniform(0, 0.05))
        writer.kill()
        lines += writer.stdout.read().splitlines()
        writer.stdout.close()
        writer.wait(timeout=LONGEST_S)
    assert check_file(path, said(line for line in lines if line.endswith(("}", "}\n")))) > 0


def test_a_reader_sees_nothing_of_an_open_transaction(path):
    """While another process is in the middle of its writing, the tree is that of the last commit."""
    with QueueStore(path) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO session (name, detail, owner) VALUES ('half', '{}', 'x')")
        assert store.snapshot()["sessions"] == []
        other.execute("COMMIT")
        other.close()
        assert [session["name"] for session in store.snapshot()["sessions"]] == ["half"]
