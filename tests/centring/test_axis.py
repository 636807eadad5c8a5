"""The fit of one rotation axis: exact on exact data, its covariance is the scatter, outliers do not count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.centring import fit_axis

OMEGA = np.arange(0.0, 360.0, 45.0)


def heights(y, z, c, omega=OMEGA):
    return c + y * np.cos(np.radians(omega)) - z * np.sin(np.radians(omega))


@given(st.floats(-1, 1), st.floats(-1, 1), st.floats(-0.1, 0.1))
def test_exact_heights_give_the_exact_point(y, z, c):
    fit = fit_axis(OMEGA, heights(y, z, c))
    # What is known beforehand weighs (1 um / 100 um)^2 of one view.
    assert (fit.y_mm, fit.z_mm, fit.axis_mm) == pytest.approx((y, z, c), abs=5e-6)


def test_views_at_one_angle_leave_the_depth_open():
    fit = fit_axis(np.full(6, 30.0), heights(0.2, -0.1, 0.0, np.full(6, 30.0)))
    along_the_beam = np.array([np.sin(np.radians(30)), np.cos(np.radians(30)), 0.0])
    assert along_the_beam @ fit.covariance_mm2 @ along_the_beam == pytest.approx(100.0, rel=0.01)  # 10 mm, squared


def test_a_view_of_less_weight_moves_the_result_less():
    sigma_mm = np.where(np.arange(8) == 2, 0.010, 0.001)
    off_mm = heights(0.2, 0.1, 0.0) + np.where(np.arange(8) == 2, 0.008, 0.0)
    heavy, light = fit_axis(OMEGA, off_mm, 0.003), fit_axis(OMEGA, off_mm, sigma_mm)
    assert abs(light.z_mm - 0.1) < 0.1 * abs(heavy.z_mm - 0.1)


def test_the_covariance_is_the_scatter():
    rng = np.random.default_rng(0)
    fits = [fit_axis(OMEGA, heights(0.2, -0.1, 0.01) + rng.normal(0, 0.006, 8)) for _ in range(2000)]
    scatter = np.cov(np.array([[fit.y_mm, fit.z_mm, fit.axis_mm] for fit in fits]).T)
    said = np.mean([fit.covariance_mm2 for fit in fits], axis=0)
    np.testing.assert_allclose(np.diag(scatter), np.diag(said), rtol=0.15)


@given(st.integers(0, 7), st.floats(0.1, 1.0))
def test_one_wrong_view_is_left_out(index, off):
    heights_mm = heights(0.2, 0.1, 0.01)
    heights_mm[index] += off
    fit = fit_axis(OMEGA, heights_mm)
    assert not fit.kept[index]
    assert (fit.y_mm, fit.z_mm) == pytest.approx((0.2, 0.1), abs=5e-6)


def test_too_few_views_are_refused():
    with pytest.raises(ValueError, match="4 or more"):
        fit_axis(OMEGA[:3], heights(0, 0, 0)[:3])
