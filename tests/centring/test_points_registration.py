"""Points from clicks: the covariance is the scatter, a wrong click is told, one direction gives a line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans.centring.registration import LineOnly, Registered, Sighting, register
from mxplans.errors import InvalidInput
from mxplans.geometry import REST, Camera, GoniometerGeometry, Orientation
from mxplans.model import Pose
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.settings.camera import CameraSettings
from mxplans_sim.world.goniometer import ABOVE_OMEGA, Goniometer
from mxplans_sim.world.optics import Viewer

CAMERA = Camera(1.0, 300.0, 200.0)
# Kappa across the spindle, so that its 30 deg are those of the table in the first axis' place.
UPRIGHT = {
    "kind": "mini-kappa",
    "kappa_axis": (0.0, 1.0, 0.0),
    "kappa_point_mm": (0.0, 0.0, 0.0),
    "phi_point_mm": (0.0, 0.0, 0.0),
}
ID30B = {"kind": "mini-kappa", "kappa_point_mm": (1.0, 0.4, -0.3), "phi_point_mm": (0.0, 0.15, 0.1)}
SMARGON = {"kind": "smargon"}
small = st.floats(-0.3, 0.3)
points = st.tuples(small, small, small)


def geometry_of(world, offset_mm=0.0):
    return GoniometerGeometry.model_validate(world | {"axis_offset_mm": offset_mm})


def seen(world, point, pose, orientation=REST, turn_deg=0.0, offset_mm=0.0, um_per_px=1.0):
    """The pixel in which the virtual camera has a point, (2,)."""
    zoom = {"name": "one", "um_per_px": um_per_px, "beam_x_px": 300.0, "beam_y_px": 200.0}
    viewer = Viewer(1, CameraSettings.model_validate({"turn_deg": turn_deg, "zooms": [zoom]}))
    chain = Goniometer(GoniometerSettings.model_validate(world), seed=1)
    motors = {"x": pose.x_mm, "y": pose.y_mm, "z": pose.z_mm, "omega": pose.omega_deg}
    above = {axis: getattr(orientation, f"{axis}_deg") for axis in ABOVE_OMEGA[world["kind"]]}
    lab = viewer._seen(chain.placement(motors | above)).lab(np.asarray(point))
    return viewer.view(viewer.settings.zoom("one"), offset_mm).pixels(lab)[0]


def at(omega_deg):
    return Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=omega_deg)


TABLE = [
    # omega, kappa, whether the axis' height is unknown, standard errors of x y z in um for 2 um a click
    ([0, 90], [0, 0], False, (1.41, 2.00, 2.00)),
    ([0, 30], [0, 0], False, (1.41, 2.00, 5.29)),
    ([0, 60, 120], [0, 0, 0], False, (1.15, 1.63, 1.63)),
    ([0, 90, 180], [0, 0, 0], True, (1.15, 1.41, 2.45)),
    ([0, 60, 120, 180, 240, 300], [0] * 6, True, (0.82, 1.15, 1.15)),
    ([0, 0], [0, 30], False, (2.00, 1.41, 5.29)),
]


@pytest.mark.parametrize(("omegas", "kappas", "fit", "sigmas_um"), TABLE)
def test_the_scatter_of_a_thousand_trials_is_the_covariance(omegas, kappas, fit, sigmas_um):
    rng = np.random.default_rng(len(omegas) + 10 * kappas[-1])
    point, offset_mm = rng.uniform(-0.2, 0.2, 3), 0.013 if fit else 0.0
    exact = [
        seen(UPRIGHT, point, at(omega), Orientation(kappa_deg=kappa), offset_mm=offset_mm)
        for omega, kappa in zip(omegas, kappas, strict=True)
    ]
    errors, chi2s = [], []
    for _ in range(1000):
        clicks = [
            Sighting(*(pixel + rng.normal(0, 2, 2)), CAMERA, at(omega), Orientation(kappa_deg=kappa), 2.0)
            for pixel, omega, kappa in zip(exact, omegas, kappas, strict=True)
        ]
        found = register(clicks, geometry_of(UPRIGHT), fit_axis_offset=fit)
        errors.append((found.point_mm - point) * 1000)
        chi2s.append(found.chi2)
    assert found.sigma_um == pytest.approx(sigmas_um, abs=0.01)
    rms = np.sqrt(np.mean(np.square(errors), axis=0))
    np.testing.assert_allclose(rms, found.sigma_um, rtol=0.1)
    scatter = np.cov(np.array(errors).T)
    correlation = scatter / np.outer(rms, rms) - found.covariance_mm2 * 1e6 / np.outer(found.sigma_um, found.sigma_um)
    assert np.abs(correlation).max() < 0.15
    assert np.mean(chi2s) == pytest.approx(found.freedom, rel=0.15)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([UPRIGHT, ID30B, SMARGON]),
    points,
    st.floats(-0.05, 0.05),
    st.lists(
        st.tuples(
            st.tuples(small, small, small),
            st.floats(-180, 180),
            st.floats(0, 240),
            st.floats(0, 48),
            st.floats(-180, 180),
            st.floats(-90, 90),
            st.floats(0.5, 3),
        ),
        min_size=3,
        max_size=6,
    ),
)
def test_exact_clicks_give_the_exact_point_from_any_poses_and_cameras(world, point, offset_mm, places):
    clicks = []
    for (x, y, z), omega, kappa, chi, phi, turn, scale in places:
        pose = Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=omega)
        orientation = Orientation(kappa_deg=kappa, chi_deg=chi, phi_deg=phi)
        pixel = seen(world, point, pose, orientation, turn, offset_mm, scale)
        clicks.append(Sighting(*pixel, Camera(scale, 300.0, 200.0, turn_deg=turn), pose, orientation))
    for fit in (False, True):
        found = register(clicks, geometry_of(world, 0.0 if fit else offset_mm), fit_axis_offset=fit)
        if isinstance(found, LineOnly):
            # The point is on the line, unless the height of the axis is what is open.
            if "one direction" in found.reason and not fit:
                off = np.cross(point - found.point_mm, found.direction)
                assert np.linalg.norm(off) < 0.01
            continue
        np.testing.assert_allclose(found.point_mm, point, atol=1e-6)
        assert found.axis_offset_mm == pytest.approx(offset_mm, abs=1e-6)
        assert not found.flagged
        assert np.abs(found.residual_px).max() < 1e-5


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 5), st.floats(12, 100), st.floats(-3.1, 3.1))
def test_one_wrong_click_of_six_is_told(index, off_px, towards):
    clicks = []
    for number in range(6):
        pixel = seen(UPRIGHT, [0.1, -0.05, 0.07], at(30 * number))
        if number == index:
            pixel = pixel + off_px * np.array([np.cos(towards), np.sin(towards)])
        clicks.append(Sighting(*pixel, CAMERA, at(30 * number), sigma_px=2.0))
    found = register(clicks, geometry_of(UPRIGHT))
    assert found.flagged == (index,)
    assert found.left_out_sigma.argmax() == index


def test_of_three_clicks_that_disagree_across_all_are_told():
    # Any two of them agree on a point: which one is wrong cannot be known.
    clicks = [Sighting(*seen(UPRIGHT, [0, 0.05, 0.07], at(omega)), CAMERA, at(omega)) for omega in (0, 60, 120)]
    clicks[1] = Sighting(clicks[1].x_px, clicks[1].y_px + 40, CAMERA, at(60))
    assert register(clicks, geometry_of(UPRIGHT)).flagged == (0, 1, 2)


def test_good_clicks_are_seldom_told():
    rng = np.random.default_rng(0)
    exact = {omega: seen(UPRIGHT, [0, 0.05, 0.07], at(omega)) for omega in (0, 60, 120)}
    told = 0
    for _ in range(200):
        clicks = [Sighting(*(pixel + rng.normal(0, 2, 2)), CAMERA, at(w), sigma_px=2.0) for w, pixel in exact.items()]
        told += bool(register(clicks, geometry_of(UPRIGHT)).flagged)
    assert told <= 2  # beyond 4 sigma in two dimensions: 3e-4 each


@pytest.mark.parametrize("omegas", [(20,), (20, 20, 20), (20, 200), (20, 20.5)])
def test_clicks_from_one_direction_give_a_line_and_the_angle_to_add(omegas):
    point = np.array([0.1, -0.05, 0.07])
    clicks = [Sighting(*seen(ID30B, point, at(w)), CAMERA, at(w), sigma_px=2.0) for w in omegas]
    found = register(clicks, geometry_of(ID30B))
    assert isinstance(found, LineOnly)
    assert np.linalg.norm(np.cross(point - found.point_mm, found.direction)) < 1e-4
    assert abs((found.add_omega_deg - omegas[-1]) % 180 - 90) <= 5
    assert f"click again at omega {found.add_omega_deg:g} deg" in found.reason
    assert np.linalg.norm(found.covariance_mm2 @ found.direction) < 1e-9
    further = Sighting(*seen(ID30B, point, at(found.add_omega_deg)), CAMERA, at(found.add_omega_deg))
    again = register([*clicks, further], geometry_of(ID30B))
    assert isinstance(again, Registered)
    np.testing.assert_allclose(again.point_mm, point, atol=1e-6)


def test_two_clicks_leave_the_height_of_the_axis_open():
    point = np.array([0.1, -0.05, 0.07])
    clicks = [Sighting(*seen(UPRIGHT, point, at(w), offset_mm=0.02), CAMERA, at(w)) for w in (0, 90)]
    found = register(clicks, geometry_of(UPRIGHT), fit_axis_offset=True)
    assert isinstance(found, LineOnly)
    assert "how high the omega axis is" in found.reason
    third = Sighting(*seen(UPRIGHT, point, at(found.add_omega_deg), offset_mm=0.02), CAMERA, at(found.add_omega_deg))
    again = register([*clicks, third], geometry_of(UPRIGHT), fit_axis_offset=True)
    np.testing.assert_allclose(again.point_mm, point, atol=1e-6)
    assert again.axis_offset_mm == pytest.approx(0.02)


def test_what_the_axes_add_is_added():
    clicks = [Sighting(300, 200, CAMERA, at(w), sigma_px=2.0) for w in (0, 90)]
    found = register(clicks, geometry_of(UPRIGHT), model_sigma_um=3.0)
    assert found.sigma_um == pytest.approx(np.sqrt(np.array([2.0, 4.0, 4.0]) + 9.0))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Sighting(float("nan"), 1.0, CAMERA, at(0)), "column nan, row 1.0 px; .* click again"),
        (lambda: Sighting(1.0, float("inf"), CAMERA, at(0)), "row inf px"),
        (lambda: Sighting(1.0, 1.0, CAMERA, at(0), sigma_px=0.0), "standard error is 0.0 px"),
        (lambda: register([], GoniometerGeometry()), "0 clicks"),
        (lambda: register([Sighting(1, 1, CAMERA, at(0))], GoniometerGeometry(), model_sigma_um=-1), "error -1 um"),
    ],
)
def test_what_is_no_click_is_refused(make, said):
    with pytest.raises(InvalidInput, match=said):
        make()
