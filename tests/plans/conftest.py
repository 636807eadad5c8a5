"""A beamline of names only, for tests of the order of messages."""

import asyncio

import pytest
from bluesky.simulators import RunEngineSimulator
from names_support import beamline_of_names
from plan_support import analysed_now

from mxplans.app.session import running_engine


@pytest.fixture
def bl():
    return beamline_of_names()


@pytest.fixture
def simulator(bl):
    sim = RunEngineSimulator()
    values = {
        bl.beam.energy: 12658.0,
        bl.detector_distance: 100.0,
        bl.goniometer.x: 0.1,
        bl.goniometer.y: 0.2,
        bl.goniometer.z: 0.3,
        bl.goniometer.omega: 0.0,
        bl.sample_changer.pin_mounted: 0,
        bl.detector.sequence_id: 7,
        bl.aperture.beam_size: 20.0,
    }
    for device, value in values.items():
        sim.add_read_handler_for(device, value)
    sim.add_handler("trigger", analysed_now, lambda message: hasattr(message.obj, "result"))
    return sim


@pytest.fixture
def run_engine():
    with running_engine(asyncio.new_event_loop()) as engine:
        yield engine
