"""A direction of the sample along the spindle: turned there by the virtual beamline's chain; out of reach is told."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.geometry import (
    AxisLimits,
    GoniometerGeometry,
    Orientation,
    align_to_spindle,
    nearest_alignment,
    rotation_about,
)
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.world.goniometer import Goniometer

MINI_KAPPA = GoniometerGeometry(kind="mini-kappa")
SMARGON = GoniometerGeometry(kind="smargon")
LIMITS = AxisLimits(kappa_range_deg=(-8, 256), chi_range_deg=(-5, 48), phi_range_deg=(-360, 360))
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


def off_deg(kind, orientation, direction):
    """Angle to the spindle after the virtual beamline has turned."""
    chain = Goniometer(GoniometerSettings.model_validate({"kind": kind}), seed=1)
    motors = dict.fromkeys(("x", "y", "z", "omega"), 0.0)
    above = {"chi": orientation.chi_deg, "kappa": orientation.kappa_deg, "phi": orientation.phi_deg}
    vector = chain.placement(motors | above).rotation @ (np.array(direction) / np.linalg.norm(direction))
    return np.degrees(np.arctan2(np.hypot(vector[1], vector[2]), abs(vector[0])))


@given(st.sampled_from([MINI_KAPPA, SMARGON]), directions)
def test_the_angle_that_is_told_is_the_one_that_is_left(geometry, direction):
    found = nearest_alignment(geometry, direction, LIMITS)
    assert off_deg(geometry.kind, found.orientation, direction) == pytest.approx(found.off_deg, abs=1e-4)


@given(st.floats(0, 250), st.floats(-180, 180), st.booleans())
def test_a_direction_that_a_mini_kappa_can_align_is_aligned(kappa, phi, other_way):
    wanted = MINI_KAPPA.mount(Orientation(kappa_deg=kappa, phi_deg=phi)).T @ [-1.0 if other_way else 1.0, 0, 0]
    found = align_to_spindle(MINI_KAPPA, wanted, LIMITS, tolerance_deg=1e-4)
    assert off_deg("mini-kappa", found, wanted) < 1e-4


@given(st.floats(0, 48), st.floats(-180, 180))
def test_a_direction_that_a_smargon_can_align_is_aligned(chi, phi):
    wanted = SMARGON.mount(Orientation(chi_deg=chi, phi_deg=phi)).T @ [1.0, 0, 0]
    assert off_deg("smargon", align_to_spindle(SMARGON, wanted, LIMITS, tolerance_deg=1e-4), wanted) < 1e-4


@given(st.sampled_from([MINI_KAPPA, SMARGON]), directions, st.sampled_from([(-360, 360), (-20, 70)]))
def test_no_orientation_on_a_fine_net_comes_nearer(geometry, direction, phi_range):
    limits = AxisLimits(kappa_range_deg=(-8, 100), chi_range_deg=(-5, 48), phi_range_deg=phi_range)
    vector = np.array(direction) / np.linalg.norm(direction)
    found = nearest_alignment(geometry, vector, limits)
    smargon = geometry.kind == "smargon"
    outer_axis = geometry.chi_axis if smargon else geometry.kappa_axis
    low, high = limits.chi_range_deg if smargon else limits.kappa_range_deg
    inside = np.stack([rotation_about(geometry.phi_axis, phi) @ vector for phi in np.linspace(*phi_range, 61)])
    turned = np.stack([inside @ rotation_about(outer_axis, outer).T for outer in np.linspace(low, high, 41)])
    best = np.degrees(np.arccos(np.clip(np.abs(turned[..., 0]).max(), 0, 1)))
    assert found.off_deg <= best + 1e-4
    assert low <= max(found.orientation.chi_deg, found.orientation.kappa_deg) <= high


def test_of_two_solutions_the_nearer_one_is_taken():
    wanted = MINI_KAPPA.mount(Orientation(kappa_deg=40, phi_deg=30)).T @ [1.0, 0, 0]
    now = Orientation(kappa_deg=35, phi_deg=25)
    found = align_to_spindle(MINI_KAPPA, wanted, LIMITS, now)
    assert (found.kappa_deg, found.phi_deg) == pytest.approx((40, 30), abs=1e-4)


def test_out_of_reach_says_how_near_it_can_come():
    # The pin's direction along the beam: chi turns in the plane of spindle and y, 48 of 90 deg.
    with pytest.raises(LimitExceeded, match=r"nearest is 42.00 deg away, at chi 48.00 deg, phi .* remount"):
        align_to_spindle(SMARGON, (0, 1, 0), LIMITS)
    with pytest.raises(LimitExceeded, match=r"single-axis goniometer: the nearest is 90.00 deg"):
        align_to_spindle(GoniometerGeometry(), (0, 1, 0), LIMITS)


@pytest.mark.parametrize("wrong", [(0, 0, 0), (float("nan"), 0, 1), (1, 0)])
def test_what_is_no_direction_is_refused(wrong):
    with pytest.raises(InvalidInput, match="three finite numbers"):
        nearest_alignment(MINI_KAPPA, wrong, LIMITS)
