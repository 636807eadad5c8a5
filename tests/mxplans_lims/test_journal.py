"""The journal holds what the RunEngine said, whatever happens to its end."""

import json
from pathlib import Path

import numpy as np

from mxplans_lims.journal import Follower, Journal, read_journal


def test_holds_every_document(small_night):
    kept = list(read_journal(small_night.out / "documents.jsonl"))
    assert len(kept) == len(small_night.documents) > 60
    said = [(name, json.loads(json.dumps(document))) for name, document in small_night.documents]
    assert kept == said


def test_numpy_becomes_plain(tmp_path: Path):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("event", {"data": {"a": np.arange(3), "b": np.float32(0.5), "c": np.int64(4)}})
    journal.close()
    assert list(read_journal(tmp_path / "documents.jsonl")) == [("event", {"data": {"a": [0, 1, 2], "b": 0.5, "c": 4}})]
    assert journal.failed is None


def test_never_raises_but_remembers(tmp_path: Path, caplog):
    journal = Journal(tmp_path / "documents.jsonl")
    journal("event", {"data": object()})
    assert isinstance(journal.failed, TypeError)
    assert "object" in caplog.text
    journal("stop", {"uid": "a"})
    journal.close()
    journal.close()
    journal("stop", {"uid": "b"})
    assert list(read_journal(tmp_path / "documents.jsonl")) == [("stop", {"uid": "a"})]


def test_torn_line_is_left_out_and_the_next_one_is_whole(tmp_path: Path):
    path = tmp_path / "documents.jsonl"
    path.write_bytes(b'["start",{"uid":"a"}]\n["stop",{"ui')
    assert list(read_journal(path)) == [("start", {"uid": "a"})]
    journal = Journal(path)
    journal("stop", {"uid": "b"})
    journal.close()
    start, swept, stop = read_journal(path)
    assert (start, stop) == (("start", {"uid": "a"}), ("stop", {"uid": "b"}))
    assert swept[0] == "stop" and swept[1]["run_start"] == "a"


def test_follower_goes_on_where_it_was(tmp_path: Path):
    path = tmp_path / "documents.jsonl"
    follower = Follower(path)
    assert list(follower.read_new()) == []
    path.write_bytes(b'["start",{"uid":"a"}]\n["st')
    assert list(follower.read_new()) == [("start", {"uid": "a"})]
    with path.open("ab") as file:
        file.write(b'op",{"uid":"b"}]\n')
    again = Follower(path, follower.offset)
    assert list(follower.read_new()) == list(again.read_new()) == [("stop", {"uid": "b"})]
