"""As many images as were asked for, all the way to the motion program and the detector: no quotient decides a count."""

import pytest

from mxplans.model import Position, Sweep
from mxplans.plans.motion import motion_of
from mxplans.plans.rotation import rotation
from mxplans.profile import Collection, Limits
from mxplans.schedule import schedule

STEP_DEG = 0.1
WIDTHS = range(1, 3601)
LOST = [number for number in WIDTHS if int(number / 10 / STEP_DEG) != number]
"""Widths in tenths of a degree of which the quotient of floats loses an image."""
COLLECTION = Collection(aperture="Medium", distance_mm=100)
LIMITS = Limits.model_validate(
    {"apertures": {"Medium": {"horizontal_um": 50, "vertical_um": 50}}, "aperture": "Medium"}
)
HERE = Position(x_mm=0.1, y_mm=0.2, z_mm=0.3)


def sweep(number: int) -> Sweep:
    return Sweep(number_images=number, image_width_deg=STEP_DEG, exposure_s=0.01)


def test_the_quotient_would_lose_images():
    assert len(LOST) == 1235
    assert {3, 363, 1001} <= set(LOST)


@pytest.mark.parametrize("wedge", [None, 100])
def test_the_motions_of_every_width_have_its_images(wedge):
    for number in WIDTHS:
        asked = sweep(number)
        motions = [motion_of(asked, part, HERE) for part in schedule((asked,), wedge, "")]
        assert sum(motion.number_images for motion in motions) == number
        first, last = motions[0], motions[-1]
        end_deg = last.start.omega_deg + last.number_images * STEP_DEG
        assert (first.start.omega_deg, end_deg) == (0.0, pytest.approx(number * STEP_DEG, abs=1e-9))


@pytest.mark.parametrize("number", [1, *LOST[::200], 3, 363, 1001, 3600])
def test_motion_program_and_detector_are_told_the_same_number(bl, simulator, number):
    messages = simulator.simulate_plan(rotation(bl, sweep(number), COLLECTION, LIMITS))
    (motion,) = [m.args[0] for m in messages if m.command == "set" and m.obj.name == "goniometer_scan"]
    (settings,) = [m.args[0] for m in messages if m.command == "prepare"]
    assert (motion.number_images, settings.number_images) == (number, number)
