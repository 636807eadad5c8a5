"""A turn with the camera running, in virtual time: omega of each frame is the one at which it was exposed."""

import numpy as np
import pytest
from bluesky.utils import RunEngineInterrupted
from pydantic import ValidationError
from spin_truth import exposures
from virtual_session import virtual_session

from mxplans.errors import LimitExceeded
from mxplans.model.acquisition import Spin
from mxplans.model.detection import AngleTrack, StampedFrame
from mxplans.plans.spinning import NothingSeen, angled, rate_for, spin_and_see
from mxplans.plans.waiting import trigger_and_wait

SITES = ("sim", "sim-md3")
GOAL_DEG = 0.3
"""What the centring can bear: 1 mm from the axis that is 5 um."""


@pytest.fixture(params=SITES)
def session(request, tmp_path):
    with virtual_session(request.param, tmp_path) as session:
        yield session


@pytest.mark.parametrize(
    ("site", "speed_deg_s", "turns"), [("sim", 120.0, 1), ("sim", 90.0, -1), ("sim-md3", 120.0, -1)]
)
def test_frames_of_a_turn_have_the_omega_of_their_exposure(tmp_path, site, speed_deg_s, turns):
    spin = Spin(start_deg=20.0, sweep_deg=360.0 * turns, speed_deg_s=speed_deg_s)
    with virtual_session(site, tmp_path) as session:
        session.mount()
        with exposures(session.world.camera) as kept:
            seen = session.run(spin_and_see(session.bl, spin))
        errors_deg = kept.errors_deg(seen)
        standing_deg = session.bl.goniometer.omega.read()["goniometer_omega"]["value"]
    assert len(seen) >= 0.95 * 36, "all of the turn is seen"
    assert np.abs(errors_deg).max() < GOAL_DEG
    omega_deg = np.array([omega for _, omega in seen])
    steps_deg = np.diff(omega_deg) * turns
    assert steps_deg.min() > 0 and steps_deg.max() < 1.5 * 360 / 36, "no gap"
    assert min(spin.start_deg, spin.end_deg) <= omega_deg.min() <= omega_deg.max() <= max(spin.start_deg, spin.end_deg)
    assert np.sign(standing_deg - spin.end_deg) == turns, "it slows down behind the turn"


def test_the_camera_and_the_motor_are_as_before_afterwards(tmp_path):
    with virtual_session("sim", tmp_path) as session:
        goniometer, recorder = session.bl.goniometer, session.bl.viewer.recorder
        before = goniometer.omega.velocity.get(), recorder.period.get(), recorder.image_mode.get()
        session.run(spin_and_see(session.bl, Spin(sweep_deg=90, speed_deg_s=45)))
        assert (goniometer.omega.velocity.get(), recorder.period.get(), recorder.image_mode.get()) == before
        session.engine(trigger_and_wait(session.bl.viewer, 20.0))
        assert session.bl.viewer.frame.get().shape == (512, 680)


@pytest.mark.parametrize(
    ("site", "spin", "told"),
    [
        ("sim", Spin(speed_deg_s=500.0), "goniometer_spin: 500 deg/s is asked for, omega turns with 120 deg/s at most"),
        (
            "sim-md3",
            Spin(speed_deg_s=90.0),
            "goniometer_spin: 90 deg/s is asked for, Omega always turns with 120 deg/s",
        ),
        ("sim", Spin(start_deg=1e6, speed_deg_s=90.0), "goniometer_omega: .* is outside of"),
        ("sim-md3", Spin(start_deg=1e6, speed_deg_s=120.0), "goniometer_omega: .* is outside of"),
    ],
)
def test_what_the_goniometer_cannot_is_refused_before_anything_moves(tmp_path, site, spin, told):
    with virtual_session(site, tmp_path) as session:
        with pytest.raises(LimitExceeded, match=told):
            session.run(spin_and_see(session.bl, spin))
        assert session.world.axes["omega"].moves == 0
        assert session.bl.viewer.recorder.frames == ()


@pytest.mark.parametrize("site", SITES)
def test_a_frozen_camera_is_told_from_the_turn(tmp_path, site):
    with virtual_session(site, tmp_path, faults=[{"kind": "camera_frozen"}]) as session:
        session.engine(trigger_and_wait(session.bl.viewer, 20.0))
        found = session.run(spin_and_see(session.bl, Spin(speed_deg_s=120.0)))
    assert isinstance(found, NothingSeen)
    assert "no new frame during the turn" in found.reason
    assert found.evidence["frames"] == 0


def test_a_second_turn_does_not_show_the_first(session):
    first = session.run(spin_and_see(session.bl, Spin(sweep_deg=90, speed_deg_s=120)))
    second = session.run(spin_and_see(session.bl, Spin(sweep_deg=90, speed_deg_s=120)))
    assert max(one.frame.time_s for one in first) < min(one.frame.time_s for one in second)


def test_behind_a_pause_the_turn_is_made_again(session):
    spin = Spin(speed_deg_s=120.0)
    axis = session.world.axes["omega"]
    asked = []

    def look(message):
        if message.command == "wait" and "goniometer_spin" in str(message.kwargs.get("group")) and not asked:
            asked.append(message)
            loop = session.engine.loop
            loop.call_later(1.0, lambda: loop.create_task(session.engine._request_pause_coro()))

    session.engine.msg_hook = look
    found = []

    def plan():
        found.append((yield from spin_and_see(session.bl, spin)))

    with pytest.raises(RunEngineInterrupted):
        session.engine(plan())
    assert found == []
    session.engine.resume()
    assert len(found[0]) >= 0.95 * 36
    assert not axis.moving


def frame(time_s, grey=100, noise=True):
    rng = np.random.default_rng(int(time_s * 1000) if noise else 0)
    return StampedFrame(time_s, rng.integers(grey - 5, grey + 5, (4, 5)).astype(np.uint8))


TRACK = AngleTrack(time_s=np.array([10.0, 13.0]), omega_deg=np.array([0.0, 360.0]))


def test_frames_outside_of_the_even_part_are_left_out():
    frames = tuple(map(frame, (9.9, 10.0, 11.5, 13.0, 13.1)))
    assert [(one.frame, one.omega_deg) for one in angled(frames, TRACK)] == [
        (frames[1], 0.0),
        (frames[2], 180.0),
        (frames[3], 360.0),
    ]


def test_frames_older_than_the_turn_are_nothing_and_counted():
    found = angled(tuple(map(frame, (8.0, 9.0, 9.5))), TRACK)
    assert isinstance(found, NothingSeen)
    assert "none of 3 frames" in found.reason
    assert (found.evidence["older_frames"], found.evidence["late_frames"]) == (3, 0)


def test_frames_that_repeat_to_the_last_bit_are_nothing():
    found = angled(tuple(frame(time_s, noise=False) for time_s in (10.5, 11.0, 11.5)), TRACK)
    assert isinstance(found, NothingSeen)
    assert "the same to the last bit" in found.reason
    assert found.evidence["repeated_frames"] == 2
    assert found.evidence["mean_grey"] == pytest.approx(100, abs=5)


@pytest.mark.parametrize(
    "values",
    [
        {"speed_deg_s": 0.0},
        {"speed_deg_s": 90.0, "sweep_deg": 0.5},
        {"speed_deg_s": float("nan")},
        {"speed_deg_s": 9, "x": 1},
    ],
)
def test_a_spin_that_is_none_is_refused(values):
    with pytest.raises(ValidationError):
        Spin(**values)


def test_the_rate_goes_by_the_speed():
    assert rate_for(Spin(speed_deg_s=90.0)) == 9.0
    assert rate_for(Spin(speed_deg_s=120.0), 120) == 40.0
