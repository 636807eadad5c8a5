"""A beamline of names and a RunEngine, for tests of what becomes of a sample."""

import asyncio

import pytest
from names_support import beamline_of_names

from mxplans.app.session import running_engine


@pytest.fixture
def bl():
    return beamline_of_names()


@pytest.fixture
def run_engine():
    with running_engine(asyncio.new_event_loop()) as engine:
        yield engine
