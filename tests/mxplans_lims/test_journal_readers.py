"""Readers keep their place, notice another journal, and take documents as they come."""

import json
import random
from pathlib import Path

import pytest

from mxplans.errors import InvalidInput
from mxplans_lims.journal import (
    Follower,
    Journal,
    journal_identity,
    offset_of_run,
    read_journal,
    read_range,
)


def line(name: str, /, **document: object) -> bytes:
    return json.dumps([name, document], separators=(",", ":")).encode() + b"\n"


def run(uid: str, events: int = 2) -> list[bytes]:
    return [
        line("start", uid=uid, time=1.0),
        line("descriptor", uid=f"{uid}-d", run_start=uid, name="primary", time=1.0),
        *(line("event", uid=f"{uid}-{n}", descriptor=f"{uid}-d", seq_num=n, time=2.0) for n in range(1, events + 1)),
        line("stop", uid=f"{uid}-s", run_start=uid, time=3.0),
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_bytes(b"".join(run("a") + run("b") + run("c")))
    return path


def test_places_lead_back_to_their_documents(path: Path):
    placed = list(Follower(path).read_new_placed())
    assert [(each.name, each.document) for each in placed] == list(read_journal(path))
    assert [each.before for each in placed[1:]] == [each.after for each in placed[:-1]]
    assert (placed[0].before, placed[-1].after) == (0, path.stat().st_size)
    for each in placed:
        assert next(iter(read_range(path, each.before))) == each
        assert list(read_range(path, each.before, each.after)) == [each]


def test_replay_from_any_run(path: Path):
    for uid in "abc":
        documents = list(Follower(path, offset_of_run(path, uid)).read_new())
        assert documents[0] == ("start", {"uid": uid, "time": 1.0})
        assert [document["uid"] for name, document in documents if name == "start"] == list("abc"["abc".index(uid) :])
    with pytest.raises(InvalidInput, match="has no run a-d; give the uid"):
        offset_of_run(path, "a-d")
    with pytest.raises(InvalidInput, match="has no run a"):
        offset_of_run(path.with_name("none.jsonl"), "a")


def test_a_run_that_another_run_names_is_not_taken_for_it(path: Path):
    path.write_bytes(line("start", uid="inner", mxplans={"parent_uid": "outer"}) + line("start", uid="outer"))
    assert offset_of_run(path, "outer") == len(line("start", uid="inner", mxplans={"parent_uid": "outer"}))


def test_reading_half_and_going_on(path: Path):
    follower = Follower(path)
    documents = follower.read_new()
    first = [next(documents) for _ in range(4)]
    documents.close()
    assert first + list(follower.read_new()) == list(read_journal(path))


@pytest.mark.parametrize("cut", ["below", "to another", "to a longer one", "and grown again", "to nothing"])
def test_a_journal_that_is_cut_or_replaced_is_read_again(path: Path, cut, caplog):
    follower = Follower(path)
    assert len(list(follower.read_new())) == 15
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(
        b"".join(
            {
                "below": lines[:7],
                "to another": run("x"),
                "to a longer one": run("x", events=100),
                "and grown again": lines[:7] + run("x", events=100),
                "to nothing": [],
            }[cut]
        )
    )
    if cut == "to nothing":
        assert list(follower.read_new()) == []
        path.write_bytes(b"".join(run("x")))
    assert list(follower.read_new()) == list(read_journal(path))
    assert follower.restarts == 1
    assert "read from its beginning again" in caplog.text
    assert list(follower.read_new()) == []
    assert follower.restarts == 1


def test_an_offset_inside_a_line_is_no_place(path: Path):
    follower = Follower(path, 5)
    assert list(follower.read_new()) == list(read_journal(path))
    assert follower.restarts == 1


def test_a_copy_of_the_same_journal_is_the_same(path: Path):
    follower = Follower(path)
    list(follower.read_new())
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes() + line("start", uid="d"))
    copy.replace(path)
    assert list(follower.read_new()) == [("start", {"uid": "d"})]
    assert follower.restarts == 0


@pytest.mark.parametrize(
    "noise",
    [
        b"\n",
        b"null\n",
        b"5\n",
        b'"ab"\n',
        b'{"a":1,"b":2}\n',
        b'["start"]\n',
        b'["start",5]\n',
        b"\xff\xfe\n",
        b"\0" * 4096 + b"\n",
    ]
    + [b'["start",{"uid":"a"\n', b"[" * 100_000 + b"\n"],
    ids=lambda noise: repr(noise[:12]),
)
def test_a_line_that_is_no_document_is_left_out(path: Path, noise):
    lines = path.read_bytes().splitlines(keepends=True)
    whole = list(read_journal(path))
    path.write_bytes(b"".join([noise, *lines[:4], noise, *lines[4:], noise]))
    assert list(read_journal(path)) == whole
    journal = Journal(path)
    journal.close()
    assert list(read_journal(path)) == whole


def test_documents_out_of_order_and_twice_pass_through(tmp_path: Path):
    path = tmp_path / "documents.jsonl"
    lines = run("a") + run("b")
    lines += random.Random(1).sample(lines, len(lines))
    random.Random(2).shuffle(lines)
    path.write_bytes(b"".join(lines))
    assert [json.dumps(list(each), separators=(",", ":")).encode() + b"\n" for each in read_journal(path)] == lines
    Journal(path).close()  # both runs have an end, wherever it stands
    assert path.read_bytes() == b"".join(lines)


def test_identity_stays_while_a_journal_grows(path: Path):
    before = journal_identity(path)
    with path.open("ab") as file:
        file.write(line("start", uid="d"))
    assert journal_identity(path) == before is not None
    path.write_bytes(line("start", uid="x"))
    assert journal_identity(path) != before
    path.write_bytes(b'["start"')
    assert journal_identity(path) is None
    assert journal_identity(path.with_name("none")) is None
