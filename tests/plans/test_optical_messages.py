"""Optical centring by its messages: light first, one image per angle, nothing moves when nothing is seen."""

import numpy as np
import pytest
from plan_support import order
from viewer_support import at_motors

from mxplans.plans.optical import NoOpticalCentre, OpticalCentre, optical_centring
from mxplans.profile import OpticalCentring
from mxplans.roles import BacklightState
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.specimen import Loop, Specimen

SETTINGS = OpticalCentring(zoom="Coarse", angles=8)


@pytest.fixture
def empty_view(bl, simulator):
    noise = np.random.default_rng(1).normal(180, 2, (512, 680)).astype(np.uint8)
    for device, value in {
        bl.viewer.frame: noise,
        bl.viewer.um_per_px: 2.4,
        bl.viewer.beam_x_px: 340.0,
        bl.viewer.beam_y_px: 256.0,
    }.items():
        simulator.add_read_handler_for(device, value)
    return simulator


def test_the_backlight_is_in_before_the_first_image_and_each_angle_is_waited_for(bl, empty_view):
    messages = empty_view.simulate_plan(optical_centring(bl, SETTINGS))
    order(
        messages,
        ("set", "backlight"),
        ("wait", None),
        ("set", "goniometer_omega"),
        ("wait", None),
        ("trigger", "viewer"),
    )
    lights = [message.args[0] for message in messages if message.command == "set" and message.obj.name == "backlight"]
    assert lights == [BacklightState.IN]
    angles = [
        message.args[0] for message in messages if message.command == "set" and message.obj.name == "goniometer_omega"
    ]
    assert angles == [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0]
    assert sum(message.command == "trigger" for message in messages) == 8


def test_nothing_seen_is_said_with_its_evidence_and_the_sample_stays_where_it_is(bl, empty_view):
    messages = empty_view.simulate_plan(optical_centring(bl, SETTINGS))
    result = empty_view.return_value
    assert isinstance(result, NoOpticalCentre)
    assert result.empty
    assert result.evidence["views_with_object"] == 0
    moved = {message.obj.name for message in messages if message.command == "set"}
    assert not moved & {"goniometer_x", "goniometer_y", "goniometer_z"}


def test_an_image_that_is_saturated_centres_nothing_and_says_why(bl, empty_view):
    white = np.full((512, 680), 255, np.uint8)
    white[:, 400:] = 200
    empty_view.add_read_handler_for(bl.viewer.frame, white)
    messages = empty_view.simulate_plan(optical_centring(bl, SETTINGS))
    result = empty_view.return_value
    assert isinstance(result, NoOpticalCentre)
    assert not result.empty
    assert "59% of the on-axis image is saturated" in result.reason
    assert result.evidence == {"saturated_frac": pytest.approx(400 / 680)}
    assert sum(message.command == "trigger" for message in messages) == 1


def on_goniometer(bl, simulator, specimen):
    """Let the simulator's camera see a specimen where the plan has moved the goniometer."""
    at = {"goniometer_x": 0.0, "goniometer_y": 0.0, "goniometer_z": 0.0, "goniometer_omega": 0.0}
    viewer, zoom = Viewer(1), ON_AXIS.zooms[0]

    def reading(name, value):
        return lambda message: {name: {"value": value(), "timestamp": 0.0}}

    def moved(message):
        at[message.obj.name] = float(message.args[0])

    simulator.message_handlers = []
    simulator.add_handler("set", moved, lambda message: message.obj.name in at)
    for axis in list(at):
        simulator.add_handler("read", reading(axis, lambda axis=axis: at[axis]), axis)
    known = {
        "viewer_frame": lambda: viewer.take(specimen, at_motors(*at.values()), zoom, 0.0, Exposure(), frame=1),
        "viewer_um_per_px": lambda: zoom.um_per_px,
        "viewer_beam_x_px": lambda: zoom.beam_x_px,
        "viewer_beam_y_px": lambda: zoom.beam_y_px,
    }
    for name, value in known.items():
        simulator.add_handler("read", reading(name, value), name)
    return at


def test_a_loop_beyond_the_border_is_moved_in_and_looked_at_again(bl, simulator):
    eye = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    loop = Loop((-0.5, 0.05, 0.0), 0.45, 0.3, eye, 0.02)
    at = on_goniometer(bl, simulator, Specimen("far out", loop))
    messages = simulator.simulate_plan(optical_centring(bl, SETTINGS))
    assert sum(message.command == "trigger" for message in messages) == 16
    result = simulator.return_value
    assert isinstance(result, OpticalCentre)
    # The loop's middle: half its length left of its neck.
    assert at["goniometer_x"] == pytest.approx(0.5 + 0.45 / 2, abs=0.02)
    assert at["goniometer_y"] == pytest.approx(-0.05, abs=0.01)
