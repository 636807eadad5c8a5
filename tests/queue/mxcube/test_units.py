"""There and back of every unit: what a person writes comes back to the digit, any float to a rounding."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans.queue.mxcube.units import between_centres_mm, covered_mm, ev_of_kev, kev_of_ev

written = st.decimals("1", "100", places=12).map(float)


@settings(deadline=None)
@given(written)
def test_an_energy_of_fifteen_digits_comes_back_as_it_was_written(energy_kev):
    assert kev_of_ev(ev_of_kev(energy_kev)) == energy_kev


@settings(deadline=None)
@given(st.floats(1, 100))
def test_any_energy_comes_back_within_one_rounding(energy_kev):
    assert kev_of_ev(ev_of_kev(energy_kev)) == pytest.approx(energy_kev, rel=2.3e-16)  # one unit in the last place


@settings(deadline=None)
@given(st.floats(1000, 100_000))
def test_an_energy_is_the_same_in_both_units(energy_ev):
    assert Decimal(kev_of_ev(energy_ev)) * 1000 == pytest.approx(Decimal(energy_ev), rel=Decimal("2.3e-16"))


@settings(deadline=None)
@given(st.floats(0.001, 10), st.integers(2, 500))
def test_a_range_of_boxes_comes_back(range_mm, boxes):
    assert covered_mm(between_centres_mm(range_mm, boxes), boxes) == pytest.approx(range_mm, rel=5e-16)  # two roundings


def test_twenty_boxes_of_ten_microns_reach_from_edge_to_edge_and_from_centre_to_centre():
    assert (covered_mm(0.19, 20), between_centres_mm(0.2, 20)) == (0.2, 0.19)


def test_a_single_box_reaches_one_step():
    assert (covered_mm(0.0, 1, 0.01), between_centres_mm(0.01, 1)) == (0.01, 0.0)
