"""What the worker says of an experiment that it does not get through, without a beamline."""

from types import SimpleNamespace

import pytest
from bluesky.utils import RequestAbort
from queue_support import A, B, add, item, new_store

from mxplans.app.queueserver import worker as worker_module
from mxplans.app.queueserver.places import Places
from mxplans.app.queueserver.wish import Mode, make_wish
from mxplans.app.queueserver.worker import Worker
from mxplans.errors import InvalidInput
from mxplans.queue import Ledger


@pytest.fixture
def worker(tmp_path):
    """A worker with a ledger and nothing else."""
    places = Places(tmp_path)
    places.make()
    with Ledger(places.queue) as ledger:
        worker = object.__new__(Worker)
        worker._places = places
        worker._heartbeat = SimpleNamespace(item_uuid=None)
        worker.context = SimpleNamespace(ledger=ledger)
        yield worker


@pytest.fixture
def store(worker):
    with new_store(worker._places.queue) as store:
        yield store


def test_one_that_cannot_be_read_ends_as_failed(worker, store):
    add(store, item("a"))
    content = store.item(A)["item"]
    assert list(worker.experiment({**content, "sampleName": "../x"})) == []
    told = store.item(A)
    assert (told["state"], told["outcome"]) == ("ended", "Failed")
    assert "sampleName" in told["reason"]
    assert worker._heartbeat.item_uuid is None


def test_one_without_a_uuid_is_nobodys(worker):
    with pytest.raises(InvalidInput, match="no uuid"):
        list(worker.experiment({"experiment": {}}))


@pytest.mark.parametrize(
    ("mode", "meant", "state"),
    [(Mode.ABORT, A, "ended"), (Mode.ABORT, B, "running"), (Mode.STOP, None, "running")],
)
def test_only_the_experiment_that_was_meant_counts_as_aborted(worker, store, monkeypatch, mode, meant, state):
    def interrupted(context, queued):
        context.ledger.begin(queued.uuid)
        raise RequestAbort
        yield

    add(store, item("a"))
    monkeypatch.setattr(worker_module, "plan_for", interrupted)
    make_wish(worker._places.wish, mode, "staff", "wrong crystal", meant)
    with pytest.raises(RequestAbort):
        list(worker.experiment(store.item(A)["item"]))
    told = store.item(A)
    assert told["state"] == state
    assert (told["outcome"], told["reason"]) == (("Aborted", "wrong crystal") if state == "ended" else (None, None))
