import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans_sim.clock import RealClock
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.motion import at, duration_s
from mxplans_sim.world.program import AXES, Scan, obstacle, trajectory

SHUTTER_S, TURN_S = 0.06, 0.05


def make_axes() -> dict[str, Axis]:
    clock = RealClock()
    axes = {name: Axis(name, clock, 0.0, 2.0, 0.1, (-3.0, 3.0)) for name in "xyz"}
    return {**axes, "omega": Axis("omega", clock, 0.0, 120.0, 0.3, (-3600.0, 3600.0))}


def grid(**changes) -> Scan:
    values = {
        "start": (-0.2, -0.1, 0.0, 90.0),
        "step": (0.02, 0.0, 0.0, 0.0),
        "row_step": (0.0, 0.02, 0.0, 0.0),
        "images": 20,
        "rows": 5,
        "snake": True,
        "exposure_s": 0.01,
    }
    return Scan(**{**values, **changes})


ROTATION = Scan((0.1, 0.2, 0.3, 10.0), (0, 0, 0, 0.2), (0, 0, 0, 0), images=900, rows=1, snake=False, exposure_s=0.02)

steps_mm = st.integers(-20, 20).map(lambda value: value / 1000)

scans = st.builds(
    Scan,
    start=st.tuples(*[st.floats(-0.5, 0.5)] * 3, st.floats(-180, 180)),
    step=st.tuples(*[steps_mm] * 3, st.integers(-10, 10).map(lambda value: value / 10)),
    row_step=st.tuples(*[steps_mm] * 3, st.just(0.0)),
    images=st.integers(1, 30),
    rows=st.integers(1, 5),
    snake=st.booleans(),
    exposure_s=st.floats(0.02, 0.1),
    pause_s=st.sampled_from([0.0, 0.05]),
    steady_s=st.sampled_from([None, 0.0, 0.4]),
)


@settings(deadline=None)
@given(scans)
def test_the_axes_are_where_the_frames_say_when_the_frames_begin(scan):
    path = trajectory(scan, make_axes(), SHUTTER_S, TURN_S)
    for row, begins_s in enumerate(path.row_begins_s):
        frames = scan.frames(row)
        for image in {0, scan.images // 2, scan.images - 1}:
            middle_s = begins_s + image * scan.period_s + 0.5 * scan.exposure_s
            now, speeds = zip(*(at(path.motions[name], middle_s) for name in AXES), strict=True)
            assert now == pytest.approx(scan.row(row)[0] + (image + 0.5) * scan.row(row)[1], abs=1e-6)
            assert now == pytest.approx(frames[image] + scan.during(row) / 2, abs=1e-6)
            if scan.pause_s:
                assert not any(speeds)


@settings(deadline=None)
@given(scans)
def test_no_axis_jumps(scan):
    path = trajectory(scan, make_axes(), SHUTTER_S, TURN_S)
    for motion in path.motions.values():
        for one, other in itertools.pairwise(motion):
            assert one.at(one.duration_s)[0] == pytest.approx(other.position, abs=1e-6)
        assert duration_s(motion) <= path.ends_s + 1e-9


def test_rotation_runs_up_by_one_and_a_half_ramps():
    path = trajectory(ROTATION, make_axes(), SHUTTER_S, TURN_S)
    first_s = path.row_begins_s[0]
    # 10 deg/s, ramp 0.3 s: it starts 4.5 deg before and takes 0.3 s of ramp and 0.3 s at speed
    assert at(path.motions["omega"], first_s - 0.6)[0] == pytest.approx(10.0 - 4.5)
    assert at(path.motions["omega"], first_s) == (pytest.approx(10.0), pytest.approx(10.0))
    assert path.ends_s == pytest.approx(first_s + 900 * 0.02 + 0.3)


def test_a_snake_grid_takes_rows_and_turns():
    path = trajectory(grid(), make_axes(), SHUTTER_S, TURN_S)
    gaps = np.diff(path.row_begins_s)
    assert gaps == pytest.approx(20 * 0.01 + 0.05)


def test_without_snake_the_way_back_takes_its_time():
    path = trajectory(grid(snake=False), make_axes(), SHUTTER_S, TURN_S)
    assert np.diff(path.row_begins_s) == pytest.approx(0.2 + 2 * 0.4 / 2.0)  # 0.4 mm at 2 mm/s with ramps


def test_every_second_row_of_a_snake_runs_backwards():
    scan = grid()
    forth, back = scan.frames(0), scan.frames(1)
    assert forth[0, 0] == pytest.approx(-0.2)
    assert back[0, 0] == pytest.approx(0.2)
    middles = [frames[:, 0] + scan.row(row)[1][0] / 2 for row, frames in enumerate((forth, back))]
    assert middles[0] == pytest.approx(middles[1][::-1])  # the same boxes
    assert back[:, 1] == pytest.approx(-0.08)


def test_a_scan_without_motion_waits_for_the_shutter():
    still = grid(step=(0, 0, 0, 0), row_step=(0, 0, 0, 0), start=(0, 0, 0, 0), rows=1)
    path = trajectory(still, make_axes(), SHUTTER_S, TURN_S)
    assert path.row_begins_s[0] == pytest.approx(SHUTTER_S)


@pytest.mark.parametrize(
    ("scan", "words"),
    [
        (grid(), ""),
        (ROTATION, ""),
        (grid(exposure_s=0.001), "x would run at 20 mm/s, at most 2 is allowed"),
        (grid(start=(2.7, 0, 0, 0)), "x would go to"),  # ends at 3.1
        (grid(start=(2.5, 0, 0, 0), images=25, exposure_s=0.02), "run-up"),  # 3.0 is allowed, run-down is not
        (grid(start=(0, 2.95, 0, 0)), "y would go to 3.03 mm"),
        (grid(rows=0), "must be positive"),
        (grid(exposure_s=0.0), "must be positive"),
    ],
)
def test_validity(scan, words):
    found = obstacle(scan, make_axes())
    assert bool(words) == (found is not None)
    if found is not None:
        assert words in found.reason
        assert not found.axis or found.reason.startswith(f"{found.axis} would ")
