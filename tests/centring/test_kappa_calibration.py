"""Axes of a mini-kappa from a tip centred by the virtual beamline's chain; then a point stays when kappa turns."""

import numpy as np
import pytest

from mxplans.centring.kappa_calibration import CentredTip, calibrate_kappa
from mxplans.errors import InvalidInput
from mxplans.geometry import GoniometerGeometry, Orientation
from mxplans.model import Pose
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.world.goniometer import Goniometer, turn

WORLD = {"kind": "mini-kappa", "kappa_point_mm": (1.0, 0.4, -0.3), "phi_point_mm": (0.0, 0.15, 0.1)}
CHAIN = Goniometer(GoniometerSettings.model_validate(WORLD), seed=1)
ROUGH = GoniometerGeometry(
    kind="mini-kappa",
    kappa_axis=(0.87, -0.35, -0.25),
    phi_axis=(1.0, 0.05, -0.06),
    kappa_point_mm=(1.5, -0.3, 0.5),
    phi_point_mm=(0.1, 0.0, 0.0),
)
TIP = np.array([0.1, 0.25, -0.2])
PLACES = [(kappa, 0) for kappa in (0, 60, 120, 180, 240)] + [(0, phi) for phi in (60, 120, 180, 240, 300)]


def placement(pose, orientation):
    motors = {"x": pose.x_mm, "y": pose.y_mm, "z": pose.z_mm, "omega": pose.omega_deg}
    return CHAIN.placement(motors | {"kappa": orientation.kappa_deg, "phi": orientation.phi_deg})


def centred(rng, sigma_um=0.0, places=PLACES, tip=TIP, offset_mm=0.0):
    """Motors that have the tip where it belongs, by the virtual chain."""
    found = []
    for kappa, phi in places:
        omega, orientation = rng.uniform(-180, 180), Orientation(kappa_deg=kappa, phi_deg=phi)
        still = placement(Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=omega), orientation).lab(tip)[0]
        back = turn(np.array([1.0, 0, 0]), -omega)
        x, y, z = back @ (np.array([0, offset_mm, 0]) - still) + rng.normal(0, sigma_um / 1000, 3)
        pose = Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=omega)
        found.append(CentredTip(pose, orientation, on_axis=offset_mm == 0))
    return found


def worst_um(geometry, rng, number=100):
    """How far points leave the beam when kappa and phi go anywhere and back, corrected by a geometry."""
    errors = []
    for _ in range(number):
        here, there = (Orientation(kappa_deg=rng.uniform(0, 240), phi_deg=rng.uniform(-180, 180)) for _ in range(2))
        pose = Pose(x_mm=0.1, y_mm=-0.2, z_mm=0.3, omega_deg=rng.uniform(-180, 180))
        place = placement(pose, here)
        point = -place.rotation.T @ place.shift_mm  # what is in the beam
        moved = geometry.corrected(pose, here, there)
        errors.append(np.linalg.norm(placement(moved, there).lab(point)[0]))
        back = geometry.corrected(moved, there, here)
        errors.append(np.linalg.norm(placement(back, here).lab(point)[0]))
    return max(errors) * 1000


@pytest.mark.parametrize("offset_mm", [0.0, 0.02])
def test_exact_tips_give_the_exact_axes_and_a_round_trip_below_a_micrometre(offset_mm):
    rng = np.random.default_rng(0)
    nominal = ROUGH.model_copy(update={"axis_offset_mm": offset_mm})
    found = calibrate_kappa(centred(rng, offset_mm=offset_mm), nominal)
    assert found.geometry.kappa_axis == pytest.approx((0.913545, -0.282543, -0.292582), abs=1e-5)
    assert found.geometry.phi_axis == pytest.approx((1, 0, 0), abs=1e-5)
    along = np.cross(np.subtract(found.geometry.kappa_point_mm, WORLD["kappa_point_mm"]), found.geometry.kappa_axis)
    assert np.linalg.norm(along) < 1e-5
    assert found.rms_um < 0.01
    if offset_mm == 0:
        assert worst_um(found.geometry, rng) < 1.0


def test_the_errors_of_the_axes_are_those_that_are_told():
    rng = np.random.default_rng(1)
    tilts, shifts, told = [], [], None
    for _ in range(150):
        found = calibrate_kappa(centred(rng, sigma_um=1.5), ROUGH, sigma_um=1e-3)
        tilts.append(np.subtract(found.geometry.kappa_axis, CHAIN.settings.kappa_axis))
        shifts.append(found.tip_mm - TIP)
        told = found if told is None else told
    # Variances over both directions across the axis, and of the tip: the sums of what is told.
    expected = np.trace(told.covariance[:2, :2]) * (1.5 / told.rms_um) ** 2
    assert np.sum(np.var(tilts, axis=0)) == pytest.approx(expected, rel=0.3)
    expected = np.trace(told.covariance[-3:, -3:]) * (1.5 / told.rms_um) ** 2
    assert np.sum(np.var(shifts, axis=0)) == pytest.approx(expected, rel=0.3)


@pytest.mark.parametrize("seed", range(10))
def test_centrings_good_to_a_micrometre_keep_points_within_a_few(seed):
    rng = np.random.default_rng(seed)
    found = calibrate_kappa(centred(rng, sigma_um=1.0), ROUGH)
    # A direction off by 3 x 0.11 deg over 2 x 1.6 mm, for a point between two places of kappa.
    assert worst_um(found.geometry, rng, 30) < 20
    assert found.values()["kappa_tips"] == 10
    assert found.uncertainty["kappa"].direction_deg < 0.5


def test_kappa_alone_is_calibrated_with_phi_as_it_is():
    rng = np.random.default_rng(2)
    nominal = GoniometerGeometry.model_validate(WORLD | {"kappa_axis": (0.87, -0.35, -0.25)})
    found = calibrate_kappa(centred(rng, places=[(kappa, 30) for kappa in (0, 70, 140, 210)]), nominal, ("kappa",))
    assert found.geometry.kappa_axis == pytest.approx((0.913545, -0.282543, -0.292582), abs=1e-5)
    assert found.geometry.phi_axis == (1.0, 0.0, 0.0)
    assert set(found.uncertainty) == {"kappa"}


@pytest.mark.parametrize(
    ("places", "tip", "said"),
    [
        ([(0, 0), (60, 0), (120, 0)], TIP, "at 3 positions of kappa over 120 deg; .* further kappa"),
        ([(k, 0) for k in (0, 10, 20, 30)], TIP, "4 positions of kappa over 30 deg"),
        ([(k, 0) for k in (0, 60, 60.1, 120)], TIP, "3 positions of kappa"),
        ([(k, 0) for k in (0, 60, 120, 180)], TIP, "at 1 positions of phi over 0 deg"),
        ([], TIP, "at 0 positions of kappa"),
        (PLACES, np.array([0.1, 0.15, 0.1]), "leave the phi axis uncertain by .* farther from that axis"),
    ],
)
def test_tips_that_do_not_tell_are_refused_with_what_to_do(places, tip, said):
    with pytest.raises(InvalidInput, match=said):
        calibrate_kappa(centred(np.random.default_rng(0), places=places, tip=tip), ROUGH)


def test_an_axis_that_counts_the_other_way_is_noticed():
    tips = [
        CentredTip(tip.pose, Orientation(kappa_deg=-tip.orientation.kappa_deg, phi_deg=tip.orientation.phi_deg))
        for tip in centred(np.random.default_rng(0))
    ]
    with pytest.raises(InvalidInput, match="which way the axes count"):
        calibrate_kappa(tips, ROUGH)


def test_a_smargon_has_nothing_to_calibrate_and_axes_are_checked():
    tips = centred(np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="a smargon goniometer has no kappa"):
        calibrate_kappa(tips, GoniometerGeometry(kind="smargon"))
    with pytest.raises(InvalidInput, match="allowed are kappa, phi or both"):
        calibrate_kappa(tips, ROUGH, ("chi",))
