"""The crystal seen with light: masks drawn where a known crystal would be, at any angle, zoom and place of the motors."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mxplans.centring.light_crystal import crystal_by_light
from mxplans.centring.outline import LoopView
from mxplans.geometry import Camera, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.model.detection import Detection, Notion

COARSE, FINE = Camera(um_per_px=2.0, beam_x_px=120.0, beam_y_px=100.0), Camera(0.5, 119.0, 101.0)
PLACE_MM = np.array([0.05, -0.03, 0.04])
RADIUS_MM = 0.02
ANGLES = np.arange(0.0, 260.0, 10.0)
Y, X = np.mgrid[0:200, 0:240]


def view(omega_deg, place_mm=PLACE_MM, camera=COARSE, motors_mm=(0.02, 0.01, -0.02), shown=True, axis_mm=0.0):
    """What a camera shows of a ball: the beam 0 from the axis unless `axis_mm` is given."""
    pose = Pose(x_mm=motors_mm[0], y_mm=motors_mm[1], z_mm=motors_mm[2], omega_deg=omega_deg)
    moved = np.array(place_mm) + motors_mm
    down_mm = Rotation.from_euler("x", omega_deg, degrees=True).apply(moved)[1] + axis_mm
    column, row = camera.pixel(moved[0], down_mm)
    ball = np.hypot(X - column, Y - row) <= RADIUS_MM * 1000 / camera.um_per_px
    masks = {Notion.FOREGROUND: np.ones_like(ball)} | ({Notion.CRYSTAL: ball} if shown else {})
    return LoopView(pose, camera, Detection("drawn", masks))


def test_it_is_where_it_was_drawn_whatever_zoom_and_motors():
    turn = [view(omega, axis_mm=0.012) for omega in ANGLES]
    fine = [view(omega, camera=FINE, motors_mm=tuple(-PLACE_MM), axis_mm=0.012) for omega in (15.0, 105.0)]
    found = crystal_by_light([*turn, *fine])
    assert found.centre_mm == pytest.approx(PLACE_MM, abs=0.001)  # half a coarse pixel
    assert found.views_used == len(turn) + 2 and found.seen_frac == 1.0
    assert all(0 < sigma < 0.003 for sigma in found.sigma_mm)


@pytest.mark.parametrize(("part", "told"), [(0.5, True), (0.45, False)])
def test_half_of_the_views_must_show_one(part, told):
    shown = np.arange(20) < part * 20
    views = [view(omega, shown=each) for omega, each in zip(np.linspace(0, 342, 20), shown, strict=True)]
    assert (crystal_by_light(views) is not None) == told


def test_a_few_views_of_something_else_are_left_out():
    elsewhere = PLACE_MM + [0.06, 0.08, 0.0]
    views = [view(omega, elsewhere if number in (3, 9, 14) else PLACE_MM) for number, omega in enumerate(ANGLES)]
    found = crystal_by_light(views)
    assert found.centre_mm == pytest.approx(PLACE_MM, abs=0.002)
    assert found.views_used < len(views)


def test_reflections_that_do_not_turn_with_the_axis_are_none():
    rng = np.random.default_rng(3)
    assert crystal_by_light([view(omega, rng.uniform(-0.1, 0.1, 3)) for omega in ANGLES]) is None


def test_too_few_views_to_fit_are_none():
    assert crystal_by_light([view(0.0), view(90.0)]) is None
    assert crystal_by_light([]) is None


@pytest.mark.parametrize(
    ("geometry", "orientation"),
    [
        (GoniometerGeometry(kind="smargon"), Orientation(chi_deg=30.0, phi_deg=50.0)),
        (
            GoniometerGeometry(kind="mini-kappa", kappa_point_mm=(1.0, 0.4, -0.3)),
            Orientation(kappa_deg=40.0, phi_deg=-70),
        ),
    ],
)
def test_in_the_sample_s_frame_it_comes_back_to_the_same_motors(geometry, orientation):
    found = crystal_by_light([view(omega) for omega in ANGLES])
    placed = found.in_sample(geometry, orientation)
    back = geometry.spindle_pose_for(placed.centre_mm, 25.0, orientation)
    assert back.xyz_mm == pytest.approx(found.pose(25.0).xyz_mm)
    # A turned covariance is as large as before, and along the sample's axes now.
    assert np.linalg.eigvalsh(placed.covariance_mm2) == pytest.approx(np.linalg.eigvalsh(found.covariance_mm2))
    assert placed.sigma_mm != pytest.approx(found.sigma_mm, rel=0.01)
