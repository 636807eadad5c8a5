"""Optical centring by its messages: light first, one image per angle, nothing moves when nothing is seen."""

import numpy as np
import pytest
from plan_support import order

from mxplans.plans.optical import NoOpticalCentre, optical_centring
from mxplans.profile import OpticalCentring
from mxplans.roles import BacklightState

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
