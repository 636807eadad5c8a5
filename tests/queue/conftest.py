"""A queue file with one session, for tests of the tree."""

import pytest
from queue_support import new_store

from mxplans.queue import Ledger


@pytest.fixture
def store(tmp_path):
    with new_store(tmp_path / "queue.sqlite") as opened:
        yield opened


@pytest.fixture
def ledger(tmp_path, store):
    with Ledger(tmp_path / "queue.sqlite") as opened:
        yield opened
