"""What the worker says of an experiment that it does not get through, without a beamline."""

from types import SimpleNamespace

import pytest
from queue_support import A, add, item, new_store

from mxplans.app.queueserver.places import Places
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
