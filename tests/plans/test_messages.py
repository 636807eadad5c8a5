"""The order of messages: beam ready before frames, frames before motion, and everything safe in the end."""

import pytest
from bluesky.utils import FailedStatus
from plan_support import order, spots

from mxplans.errors import LimitExceeded
from mxplans.geometry import GridPlan
from mxplans.model import Pose, SampleLocation, Sweep
from mxplans.plans.exchange import mount, unmount
from mxplans.plans.rotation import rotation
from mxplans.plans.xray_grid import grid_scan
from mxplans.profile import Collection, Limits, XrayCentring
from mxplans.roles import BacklightState, ShutterState

SWEEP = Sweep(number_images=900, image_width_deg=0.2, exposure_s=0.02, transmission_frac=0.5)
COLLECTION = Collection(aperture="Medium", distance_mm=100)
XRAY = XrayCentring(aperture="Small")
LIMITS = Limits.model_validate(
    {"apertures": {"Medium": {"horizontal_um": 50, "vertical_um": 50}}, "aperture": "Medium"}
)


def value_set(messages, name):
    return [message.args[0] for message in messages if message.command == "set" and message.obj.name == name]


def test_a_rotation_arms_before_it_moves_and_collects_after_the_files(bl, simulator):
    messages = simulator.simulate_plan(rotation(bl, SWEEP, COLLECTION, LIMITS))
    order(
        messages,
        ("set", "fast_shutter"),
        ("set", "detector_distance"),
        ("wait", None),
        ("stage", "detector"),
        ("prepare", "detector"),
        ("wait", None),
        ("open_run", None),
        ("declare_stream", None),
        ("kickoff", "detector"),
        ("set", "goniometer_scan"),
        ("wait", None),
        ("complete", "detector"),
        ("wait", None),
        ("collect", "detector"),
        ("stop", "goniometer"),
        ("set", "fast_shutter"),
        ("close_run", None),
        ("unstage", "detector"),
    )
    (motion,) = value_set(messages, "goniometer_scan")
    assert (motion.number_images, motion.step_omega_deg, motion.start.xyz_mm) == (900, 0.2, (0.1, 0.2, 0.3))
    (settings,) = [message.args[0] for message in messages if message.command == "prepare"]
    assert (settings.number_images, settings.distance_mm, settings.omega_increment_deg) == (900, 100.0, 0.2)


def test_no_frame_is_taken_with_the_backlight_in_the_way(bl, simulator):
    messages = simulator.simulate_plan(rotation(bl, SWEEP, COLLECTION, LIMITS))
    assert value_set(messages, "backlight") == [BacklightState.OUT]
    assert value_set(messages, "attenuator") == [0.5]
    order(messages, ("set", "backlight"), ("wait", None), ("prepare", "detector"))


def test_every_wait_has_a_limit(bl, simulator):
    messages = simulator.simulate_plan(rotation(bl, SWEEP, COLLECTION, LIMITS))
    assert all(message.kwargs["timeout"] > 0 for message in messages if message.command == "wait")


@pytest.mark.parametrize("broken", ["arm", "kickoff", "motion", "files"])
def test_whatever_fails_the_shutter_is_closed_and_the_detector_disarmed(bl, simulator, broken):
    def fail(message):
        raise FailedStatus(f"{broken} failed")

    simulator.add_handler("wait", fail, lambda message: message.kwargs["group"] == broken)
    seen = []
    plan = rotation(bl, SWEEP, COLLECTION, LIMITS)
    with pytest.raises(Exception, match=broken):
        _simulate(simulator, plan, seen)
    tail = [message for message in seen if message.command in ("set", "unstage")][-2:]
    assert (tail[0].obj.name, tail[0].args[0]) == ("fast_shutter", ShutterState.CLOSED)
    assert (tail[1].command, tail[1].obj.name) == ("unstage", "detector")


def _simulate(simulator, plan, seen):
    """Like the simulator, but what a handler raises is thrown into the plan, as the RunEngine does."""
    answer, error = None, None
    while True:
        try:
            message = plan.throw(error) if error else plan.send(answer)
        except StopIteration as stop:
            return stop.value
        seen.append(message)
        answer = error = None
        try:
            for handler in simulator.message_handlers:
                if handler.predicate(message):
                    answer = handler.runnable(message)
                    break
        except FailedStatus as failed:
            error = failed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"exposure_s": 0.001}, "exposure is 0.001 s; allowed is 0.004 s or more"),
        ({"image_width_deg": 10.0, "exposure_s": 0.01}, "omega's speed is 1000 deg/s; allowed is 120 deg/s"),
    ],
)
def test_too_much_is_refused_before_the_first_message(bl, change, said):
    plan = rotation(bl, SWEEP.model_copy(update=change), COLLECTION, LIMITS)
    with pytest.raises(LimitExceeded, match=said):
        next(plan)


def test_a_grid_records_its_scores_inside_its_run_and_returns_them(bl, simulator):
    grid = GridPlan(Pose(x_mm=0.1, y_mm=0.2, z_mm=0.3, omega_deg=30.0), 4, 3, 20.0)
    bl.spot_finder.frames = spots(12, lit={6})
    views = []

    def plan():
        views.append((yield from grid_scan(bl, grid, XRAY, COLLECTION)))

    messages = simulator.simulate_plan(plan())
    order(
        messages,
        ("open_run", None),
        ("set", "goniometer_scan"),
        ("set", "spot_finder"),
        ("save", None),
        ("close_run", None),
    )
    # Image 6 is the second of the second row, which runs backwards.
    assert views[0].score[1, 2] == 1000.0
    assert views[0].score.sum() == 1000.0


def test_mounting_makes_safe_first_and_puts_back_what_hangs(bl, simulator):
    simulator.add_read_handler_for(bl.sample_changer.pin_mounted, 1)
    messages = simulator.simulate_plan(mount(bl, SampleLocation(puck=2, pin=5)))
    order(
        messages,
        ("set", "fast_shutter"),
        ("unstage", "detector"),
        ("set", "goniometer_x"),
        ("trigger", "sample_changer_unload"),
        ("wait", None),
        ("set", "sample_changer_load"),
    )
    assert value_set(messages, "sample_changer_load") == [SampleLocation(puck=2, pin=5)]


def test_unmounting_an_empty_goniometer_moves_no_robot(bl, simulator):
    messages = simulator.simulate_plan(unmount(bl))
    assert not [message for message in messages if message.command == "trigger"]
