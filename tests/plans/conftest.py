"""A beamline of names only, for tests of the order of messages."""

import asyncio
from dataclasses import dataclass, field

import pytest
from bluesky.simulators import RunEngineSimulator

from mxplans.app.session import running_engine
from mxplans.roles import Beamline


@dataclass(eq=False)
class Named:
    """Something a message can be addressed to."""

    name: str
    parent: object = None
    frames: tuple = ()
    children: dict = field(default_factory=dict)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self.__dict__.get("children", {}):
            raise AttributeError(name)
        return self.children[name]


def named(name, *children):
    return Named(name, children={child: Named(f"{name}_{child}") for child in children})


@pytest.fixture
def bl():
    return Beamline(
        goniometer=named("goniometer", "omega", "x", "y", "z", "scan"),
        viewer=named("viewer", "frame", "zoom", "um_per_px", "beam_x_px", "beam_y_px", "snapshot_file"),
        detector=named("detector", "sequence_id"),
        detector_distance=named("detector_distance"),
        spot_finder=named("spot_finder"),
        sample_changer=named("sample_changer", "load", "unload", "pin_mounted", "current_puck", "current_pin"),
        fast_shutter=named("fast_shutter"),
        attenuator=named("attenuator"),
        backlight=named("backlight"),
        aperture=named("aperture", "beam_size"),
        beam=named("beam", "energy", "flux", "ring_current"),
    )


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
    return sim


@pytest.fixture
def run_engine():
    with running_engine(asyncio.new_event_loop()) as engine:
        yield engine
