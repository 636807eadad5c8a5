import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.clock import RealClock
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.motion import at, blend, braking, duration_s, trapezoid

positions = st.floats(-500, 500)
speeds = st.floats(0.1, 200)
ramps = st.floats(0.01, 2)


class FrozenClock(RealClock):
    def __init__(self) -> None:
        super().__init__()
        self.time_s = 0.0

    def now_s(self) -> float:
        return self.time_s


@given(positions, positions, speeds, ramps)
def test_trapezoid_goes_from_rest_to_rest_within_speed_and_acceleration(start, target, speed, ramp_s):
    motion = trapezoid(start, target, speed, ramp_s)
    total_s = duration_s(motion)
    scale = 1e-9 * (1 + abs(start) + abs(target))
    assert at(motion, 0.0)[0] == start
    assert at(motion, total_s) == (pytest.approx(target, abs=scale), pytest.approx(0.0, abs=1e-6 * speed))
    assert at(motion, total_s + 1) == (target, 0.0)
    for piece in motion:
        assert abs(piece.speed) <= speed * (1 + 1e-9)
        assert abs(piece.acceleration) <= speed / ramp_s * (1 + 1e-9)
    for one, other in itertools.pairwise(motion):
        end, end_speed = one.at(one.duration_s)
        assert end == pytest.approx(other.position, abs=scale)
        assert end_speed == pytest.approx(other.speed, abs=1e-6 * speed)


@pytest.mark.parametrize(
    ("way", "speed", "ramp_s", "expected_s"),
    [
        (90.0, 120.0, 0.3, 1.05),  # 90/120 + 0.3: the ramps cost one ramp time
        (1.0, 2.0, 0.1, 0.6),
        (0.05, 2.0, 0.1, 0.1),  # triangle: acceleration 20 mm/s2, 2 sqrt(0.05 / 20)
        (0.0, 2.0, 0.1, 0.0),
    ],
)
def test_trapezoid_takes_the_time_of_the_textbook(way, speed, ramp_s, expected_s):
    assert duration_s(trapezoid(0.0, way, speed, ramp_s)) == pytest.approx(expected_s)


@given(positions, st.floats(-100, 100), positions, st.floats(-100, 100), st.floats(0.01, 10))
def test_blend_meets_position_and_speed_at_both_ends(start, speed, end, end_speed, time_s):
    motion = blend(start, speed, end, end_speed, time_s)
    last, last_speed = motion[-1].at(motion[-1].duration_s)
    scale = abs(start) + abs(end) + (abs(speed) + abs(end_speed)) * time_s + 1
    assert motion[0].at(0.0) == (start, speed)
    assert last == pytest.approx(end, abs=1e-9 * scale)
    assert last_speed == pytest.approx(end_speed, abs=1e-7 * scale / time_s)


@given(positions, st.floats(-100, 100), st.floats(1, 1000))
def test_braking_needs_the_way_of_the_speed_squared(position, speed, acceleration):
    motion = braking(position, speed, acceleration)
    way = math.copysign(speed**2 / (2 * acceleration), speed)
    assert at(motion, duration_s(motion)) == (pytest.approx(position + way, abs=1e-6), 0.0)


@pytest.fixture
def axis_and_clock():
    clock = FrozenClock()
    return Axis("x", clock, 0.0, speed=2.0, ramp_s=0.1, limits=(-3.0, 3.0)), clock


def test_an_axis_stands_until_it_is_told_to_move(axis_and_clock):
    axis, clock = axis_and_clock
    clock.time_s = 5.0
    assert (axis.position, axis.remaining_s <= 0) == (0.0, True)
    axis.move_to(1.0)
    clock.time_s = 5.3  # half of 0.6 s
    assert axis.position == pytest.approx(0.5)
    clock.time_s = 5.6
    assert axis.position == pytest.approx(1.0)


def test_a_stopped_axis_rests_behind_the_place_of_the_order(axis_and_clock):
    axis, clock = axis_and_clock
    axis.move_to(2.0)
    clock.time_s = 0.5  # 0.1 mm of ramp, 0.8 mm of cruise
    axis.stop()
    clock.time_s = 1.0
    assert axis.position == pytest.approx(0.9 + 0.1)
    assert axis.remaining_s < 0


def test_a_new_target_during_a_move_is_reached_without_a_jump(axis_and_clock):
    axis, clock = axis_and_clock
    axis.move_to(2.0)
    clock.time_s = 0.5
    before = axis.position
    axis.move_to(-1.0)
    assert axis.position == pytest.approx(before)
    clock.time_s = 0.55
    assert axis.position > before  # it cannot turn on the spot
    clock.time_s = 0.5 + axis.remaining_s + 1
    assert axis.position == -1.0
