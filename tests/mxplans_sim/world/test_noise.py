import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.world.noise import Flicker, Jumps, Wander

LONG_S = np.linspace(0, 400_000, 40_001)


def test_wander_is_slow_and_has_its_size():
    wander = Wander(1, "beam", 0.5, (20.0, 3600.0))
    values = wander(LONG_S)
    assert values.std() == pytest.approx(0.5, rel=0.05)
    assert abs(values.mean()) < 0.02
    second = wander(np.arange(0.0, 1000.0, 0.1))
    assert np.abs(np.diff(second)).max() < 0.02  # in 0.1 s


def test_flicker_is_white():
    values = Flicker(1, "flux", 0.01)(np.arange(20_000) * 0.001)
    assert values.std() == pytest.approx(0.01, rel=0.03)
    assert abs(np.corrcoef(values[:-1], values[1:])[0, 1]) < 0.03
    within = Flicker(1, "flux", 0.01)(np.array([0.0051, 0.0059, 0.0061]))
    assert within[0] == within[1] != within[2]


def test_jumps_come_as_often_as_asked_and_die_away():
    jumps = Jumps(3, "beam", 2.0, per_h=4.0, time_constant_s=10.0)
    at_s = np.arange(0, 360_000, 2.0)
    steps = np.diff(jumps(at_s))
    sudden = np.abs(steps) > 0.5
    assert 250 < sudden.sum() / 0.8 < 550  # 400 in 100 h, of which 80 % are larger than 0.5
    first = int(np.flatnonzero(sudden)[0]) + 1
    after = jumps(at_s[first] + np.array([0.0, 10.0]))
    assert after[1] == pytest.approx(after[0] / np.e, rel=1e-6)


def test_without_size_there_is_nothing():
    assert not Flicker(1, "a", 0.0)(LONG_S[:10]).any()
    assert not Jumps(1, "a", 0.0, 10.0, 1.0)(LONG_S).any()
    assert not Jumps(1, "a", 1.0, 0.0, 1.0)(LONG_S).any()


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=20))
def test_each_time_has_its_value_whatever_else_is_asked(times):
    for noise in (Wander(1, "a", 1.0, (1.0, 10.0)), Flicker(1, "a", 1.0), Jumps(1, "a", 1.0, 20.0, 5.0)):
        together = noise(np.array(times))
        alone = np.array([noise(np.array([at_s]))[0] for at_s in times])
        assert together == pytest.approx(alone, abs=1e-12)
