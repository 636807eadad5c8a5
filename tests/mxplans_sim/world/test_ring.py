import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from surroundings_support import HandClock

from mxplans_sim.settings.beam import RingSettings
from mxplans_sim.world.ring import INJECTION, MACHINE, NO_BEAM, USER, Ring

LIFETIME_H = 10.0
LOW_MA = 300 * math.exp(-590 / 36000)
"""After 590 s without a fill."""


def ring(clock=None, seed=1, **settings):
    values = {"lifetime_h": LIFETIME_H, **settings}
    return Ring(RingSettings.model_validate(values), clock or HandClock(), seed)


def top_up(**settings):
    return ring(mode="top-up", **settings)


def test_current_decays_with_its_lifetime():
    decaying = ring()
    assert decaying.current_ma(0) == 300
    assert decaying.current_ma(LIFETIME_H * 3600) == pytest.approx(300 / math.e)
    assert decaying.flux_frac(np.array([0.0, LIFETIME_H * 3600])) == pytest.approx([1, 1 / math.e])
    assert decaying.top_up_countdown_s(5) == decaying.top_up_end_countdown_s(5) == -1


@pytest.mark.parametrize(
    ("at_s", "current_ma", "begins_s", "ends_s"),
    [
        (0.0, 300.0, 600.0, 610.0),
        (590.0, LOW_MA, 10.0, 20.0),
        (600.1, 300 * math.exp(-600 / 36000) + 300 * (1 - math.exp(-600 / 36000)) / 50, 0.0, 9.9),  # one of 50 shots
        (609.99, 300.0, 0.0, 0.01),
        (610.0, 300.0, 590.0, 600.0),
        (1200.0 - 1e-6, LOW_MA, 1e-6, 10.0),
        (1805.0, LOW_MA + (300 - LOW_MA) * 26 / 50, 0.0, 5.0),
    ],
)
def test_top_up_follows_its_timetable(at_s, current_ma, begins_s, ends_s):
    kept = top_up()
    assert kept.current_ma(at_s) == pytest.approx(current_ma, rel=1e-6)
    assert kept.top_up_countdown_s(at_s) == pytest.approx(begins_s, abs=1e-5)
    assert kept.top_up_end_countdown_s(at_s) == pytest.approx(ends_s, abs=1e-5)


def test_flux_dips_at_every_shot_and_comes_back():
    kept = top_up(shot_dip_frac=0.04)
    at_s = 600 + np.arange(0, 12, 0.001) + 1e-6  # just behind the shots
    dips = 1 - kept.flux_frac(at_s) / (kept.currents_ma(at_s) / 300)
    at_shots = dips[: 50 * 200 : 200]  # 5 a second for 10 s
    assert ((at_shots > 0.02) & (at_shots < 0.06)).all()
    assert at_shots.mean() == pytest.approx(0.04, rel=0.15)
    assert dips[50::200][:50] == pytest.approx(at_shots / math.e, rel=1e-4)  # 50 ms later
    assert (dips[11000:] < 1e-8).all()
    assert kept.flux_frac(np.array([599.99])) == pytest.approx(kept.current_ma(599.99) / 300)


@given(
    st.lists(st.floats(0, 5000), min_size=1, max_size=30),
    st.randoms(),
)
def test_the_answer_does_not_depend_on_who_asks_when(times, random):
    alone = {at_s: float(top_up().flux_frac(np.array([at_s]))[0]) for at_s in times}
    kept = top_up()
    shuffled = list(times)
    random.shuffle(shuffled)
    together = dict(zip(shuffled, kept.flux_frac(np.array(shuffled)), strict=True))
    assert together == alone


def test_another_seed_gives_other_dips():
    at_s = np.array([600.0, 600.2])
    dips = [1 - top_up(seed=seed).flux_frac(at_s) for seed in (1, 1, 2)]
    assert (dips[0] == dips[1]).all()
    assert (dips[0] != dips[2]).all()


def test_a_dump_takes_the_beam_at_once_and_gives_it_back_full():
    clock = HandClock()
    decaying = ring(clock, refill_s=100.0)
    clock.time_s = 1000.0
    decaying.dump(400.0)
    at_s = np.array([999.9, 1000.0, 1299.9, 1350.0, 1399.9, 1400.0, 1400.0 + 36000])
    assert decaying.flux_frac(at_s) == pytest.approx([math.exp(-999.9 / 36000), 0, 0, 0, 0, 1, 1 / math.e])
    assert decaying.currents_ma(at_s)[1:4] == pytest.approx([0, 0, 150])  # filling behind the closed front end
    assert [decaying.mode(float(at)) for at in at_s[:5]] == [USER, NO_BEAM, NO_BEAM, INJECTION, INJECTION]


def test_outages_of_the_world_file_and_overlapping_dumps_are_one():
    lost = ring(outages=[{"start_s": 100, "duration_s": 50}, {"start_s": 120, "duration_s": 60}])
    lost.dump(30.0, start_s=170.0)
    dark = lost.flux_frac(np.arange(90.0, 211.0, 10.0)) == 0
    assert dark.tolist() == [False] + 10 * [True] + 2 * [False]


def test_top_ups_go_on_after_a_dump():
    kept = top_up()
    kept.dump(100.0, start_s=550.0)  # over the top-up at 600 s
    assert kept.top_up_countdown_s(600.0) == -1
    assert kept.top_up_countdown_s(650.0) == 550.0
    assert kept.current_ma(650.0) == 300
    assert kept.current_ma(1199.999) == pytest.approx(300 * math.exp(-550 / 36000), rel=1e-6)
    assert kept.current_ma(1211.0) == pytest.approx(300 * math.exp(-1 / 36000))


def test_the_mode_can_change():
    clock = HandClock()
    changed = ring(clock)
    clock.time_s = 700.0
    changed.run("top-up")
    low = 300 * math.exp(-1200 / 36000)
    assert changed.current_ma(699.0) == pytest.approx(300 * math.exp(-699 / 36000))
    assert changed.top_up_countdown_s() == 500.0
    assert changed.current_ma(1205.0) == pytest.approx(low + (300 - low) * 26 / 50)
    assert changed.current_ma(1800.0 - 1e-6) == pytest.approx(LOW_MA, rel=1e-6)
    with pytest.raises(ValueError, match="allowed are decay and top-up"):
        changed.run("user")


def test_the_beam_time_of_users_ends():
    kept = ring(user_beam_h=1.0)
    assert kept.user_countdown_s(600.0) == 3000.0
    kept.end_user_beam(500.0)
    assert kept.user_countdown_s(100.0) == 400.0
    assert (kept.mode(499.0), kept.mode(500.0), kept.user_countdown_s(501.0)) == (USER, MACHINE, 0.0)
    assert (kept.flux_frac(np.array([499.0, 500.0])) > 0).tolist() == [True, False]


def test_the_next_change_is_announced():
    kept = top_up(user_beam_h=2.0, outages=[{"start_s": 1400, "duration_s": 500}])
    steps, at_s = [], 0.0
    while (at_s := kept.next_change_s(at_s)) < math.inf:
        steps.append(round(at_s, 6))
    assert steps[:8] == [600, 610, 1200, 1210, 1400, 1600, 1900, 2400]
    assert steps[-1] == 7200


@pytest.mark.parametrize("duration_s", [0.0, -1.0, math.inf, math.nan])
def test_dumps_take_time(duration_s):
    with pytest.raises(ValueError, match="number of seconds > 0"):
        ring().dump(duration_s)


def test_nothing_can_be_ordered_for_the_past():
    clock = HandClock()
    clock.time_s = 10.0
    with pytest.raises(ValueError, match="has passed, it is 10 s now"):
        ring(clock).dump(1.0, start_s=9.0)


def test_a_top_up_cannot_fill_its_period():
    with pytest.raises(ValidationError, match="half of top_up_period_s"):
        top_up(top_up_s=301.0)
