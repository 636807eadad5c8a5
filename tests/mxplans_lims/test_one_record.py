"""The record is what was said: the journal's hash is that of what every consumer has received, and of what it replays."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp

from mxplans.app.session import running_engine
from mxplans.plans.record import record
from mxplans_lims.journal import Follower, Journal, plain, read_journal

EVENTS = 20


class Digest:
    """A consumer that keeps nothing but the hash of what it has received."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def __call__(self, name: str, document: Any) -> None:
        self._hash.update(json.dumps([name, document], default=plain, sort_keys=True).encode())

    @property
    def value(self) -> str:
        return self._hash.hexdigest()


def of_journal(path: Path) -> str:
    digest = Digest()
    for name, document in read_journal(path):
        digest(name, document)
    return digest.value


@bpp.run_decorator(md={"mxplans": {"role": "sample", "nested": {"list": [1, 2, 3]}}})
def plan():
    for number in range(EVENTS):
        yield from record("mx_phase", {"phase": f"phase {number}", "state": "begin", "width_mm": number / 7})
        yield from bps.checkpoint()


def run(path: Path, *consumers: Any) -> None:
    """A run whose documents the journal takes first, as in a session."""
    journal = Journal(path)
    with running_engine(asyncio.new_event_loop()) as engine:
        engine.subscribe(journal)
        for consumer in consumers:
            engine.subscribe(consumer)
        engine(plan())
    journal.close()
    assert journal.failed is None


def test_every_consumer_receives_what_is_in_the_journal(tmp_path: Path) -> None:
    consumers = [Digest() for _ in range(3)]
    follower, followed = Follower(tmp_path / "documents.jsonl"), Digest()

    def follow(name: str, document: Any) -> None:
        for each in follower.read_new():  # as another process does it while the run goes on
            followed(*each)

    run(tmp_path / "documents.jsonl", *consumers, follow)
    kept = of_journal(tmp_path / "documents.jsonl")
    assert {consumer.value for consumer in consumers} == {kept}
    assert followed.value == kept


def test_a_consumer_that_changes_documents_does_not_change_the_record(tmp_path: Path) -> None:
    before, after = Digest(), Digest()

    def tamper(name: str, document: Any) -> None:
        document["tampered"] = True
        if name == "start":
            document["mxplans"]["nested"]["list"].append("tampered")
        if name == "event":
            document["data"]["phase"] = "tampered"

    run(tmp_path / "documents.jsonl", before, tamper, after)
    assert of_journal(tmp_path / "documents.jsonl") == before.value
    assert "tampered" not in (tmp_path / "documents.jsonl").read_text()
    assert after.value != before.value, "the test's own consumer did nothing"


def test_a_whole_night_is_one_record(small_night: Any) -> None:
    said = Digest()
    for name, document in small_night.documents:
        said(name, document)
    assert of_journal(small_night.out / "documents.jsonl") == said.value
