"""The loop on pictures of the virtual viewer: where it is, how large, and honest when there is none."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from viewer_support import at_motors

from mxplans.centring.detection import ClassicalDetector
from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.loop import LoopCentred, locate_loop
from mxplans.centring.outline import LoopView
from mxplans.centring.views import views_of
from mxplans.geometry import Camera
from mxplans.model import Pose
from mxplans.model.detection import Detection, Notion, PinSide
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.shadow import FIBRE_RADIUS_MM, ring
from mxplans_sim.world.specimen import Loop, Specimen

COARSE, FINE = ON_AXIS.zooms
BEAM_Y_MM = 0.004
EIGHTHS = np.arange(0.0, 360.0, 45.0)


def mount(length_mm, neck_mm, bend_deg=0.0, phi_deg=0.0):
    turned = Rotation.from_euler("zx", [bend_deg, phi_deg], degrees=True).as_matrix()
    rotation = tuple(tuple(float(value) for value in row) for row in turned)
    return Specimen("mount", Loop(neck_mm, length_mm, 0.7 * length_mm, rotation, 0.02))


def picture(viewer, specimen, pose_mm, omega_deg, zoom=COARSE):
    return viewer.take(specimen, at_motors(*pose_mm, omega_deg), zoom, BEAM_Y_MM, Exposure(), frame=round(omega_deg))


def look(specimen, pose_mm=(0.0, 0.0, 0.0), seed=1, background=True, omegas=EIGHTHS, zoom=COARSE):
    viewer = Viewer(seed)
    empty = picture(viewer, None, pose_mm, -1.0, zoom) if background else None
    camera = Camera(zoom.um_per_px, zoom.beam_x_px, zoom.beam_y_px)
    poses = [Pose(x_mm=pose_mm[0], y_mm=pose_mm[1], z_mm=pose_mm[2], omega_deg=omega) for omega in omegas]
    images = [picture(viewer, specimen, pose_mm, omega, zoom) for omega in omegas]
    return views_of(ClassicalDetector(), images, poses, camera, empty, PinSide.RIGHT, 0.003)


MOUNTS = [
    mount(0.34, (0.0, 0.0, 0.0)),  # as it should be
    mount(0.10, (-0.06, 0.25, 0.24)),  # small: its stem is two thirds as wide as the loop
    mount(0.12, (0.16, -0.05, -0.02), phi_deg=70.0),
    mount(0.50, (-0.2, 0.1, -0.2), bend_deg=10.0, phi_deg=30.0),  # large and bent
    mount(0.30, (0.1, 0.5, 0.4), bend_deg=-10.0),  # leaves the image at some angles
    mount(0.25, (0.5, -0.3, 0.2), bend_deg=5.0, phi_deg=120.0),
]


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("specimen", MOUNTS)
def test_tip_and_middle_are_found(specimen, background):
    found = locate_loop(look(specimen, background=background))
    assert isinstance(found, LoopCentred)
    loop = specimen.loop
    tip_mm = ring(loop)[:, 0].min() - FIBRE_RADIUS_MM
    middle = np.array(loop.neck_mm) - 0.5 * loop.length_mm * np.array(loop.rotation)[:, 0]
    assert found.tip_mm[0] == pytest.approx(tip_mm, abs=0.015)
    assert found.centre_mm[1:] == pytest.approx(middle[1:], abs=0.010)
    assert found.pose.xyz_mm == pytest.approx([-value for value in found.centre_mm])
    assert found.length_um == pytest.approx((loop.neck_mm[0] - tip_mm) * 1000, abs=30)
    assert found.axis_offset_mm == pytest.approx(BEAM_Y_MM, abs=0.003)


def test_motors_elsewhere_give_the_same_answer():
    specimen = MOUNTS[0]
    here, there = locate_loop(look(specimen)), locate_loop(look(specimen, pose_mm=(0.15, -0.1, 0.1)))
    assert there.pose.xyz_mm == pytest.approx(here.pose.xyz_mm, abs=0.004)


@pytest.mark.parametrize("phi_deg", [0.0, 25.0, 80.0, 150.0])
def test_the_flat_face_is_turned_to_the_camera(phi_deg):
    found = locate_loop(look(mount(0.34, (0.0, 0.05, 0.0), phi_deg=phi_deg)))
    # The loop's width lies along y at phi 0, so turning omega back by phi shows it.
    assert (found.pose.omega_deg + phi_deg + 90.0) % 180.0 - 90.0 == pytest.approx(0.0, abs=4.0)
    assert found.flat_um > 2 * found.edge_um


def test_a_loop_beyond_the_border_is_said_to_be():
    assert locate_loop(look(MOUNTS[0])).tip_in_image
    assert not locate_loop(look(mount(0.45, (-0.49, 0.0, 0.0)))).tip_in_image


@pytest.mark.parametrize(
    ("specimen", "pose_mm"),
    [
        (None, (0.0, 0.0, 0.0)),
        (Specimen("bare pin, out of view", None), (0.0, 0.0, 0.0)),
        (Specimen("bare pin, in view", None), (-0.3, 0.1, 0.0)),
    ],
)
def test_nothing_there_is_said_with_its_evidence(specimen, pose_mm):
    found = locate_loop(look(specimen, pose_mm))
    assert isinstance(found, LoopNotFound)
    assert found.failure is OpticalFailure.EMPTY
    assert found.evidence["views"] == 8


def test_a_loop_far_off_the_axis_is_placed_by_the_views_that_show_it():
    """0.9 mm off: outside the image but when it is looked at along the offset."""
    specimen = mount(0.3, (0.0, 0.9, 0.0))
    found = locate_loop(look(specimen, omegas=np.arange(0.0, 360.0, 10.0)))
    assert isinstance(found, LoopCentred)
    assert found.views_whole < 0.8
    # Seen over 2 x 70 deg only, one sense of the arc at a time.
    assert found.centre_mm[1:] == pytest.approx((0.9, 0.0), abs=0.02)


def test_a_loop_seen_at_few_angles_only_is_no_guess():
    found = locate_loop(look(mount(0.3, (0.0, 0.9, 0.0))))
    assert isinstance(found, LoopNotFound)
    assert found.failure is OpticalFailure.OUT_OF_VIEW


def test_zoom_does_not_change_the_loop():
    specimen = mount(0.2, (0.0, 0.05, 0.03))
    near, far = locate_loop(look(specimen, zoom=FINE)), locate_loop(look(specimen))
    assert near.centre_mm == pytest.approx(far.centre_mm, abs=0.008)
    assert near.flat_um == pytest.approx(far.flat_um, abs=20)


def test_views_at_several_zooms_and_places_are_one_loop():
    specimen = mount(0.2, (0.0, 0.05, 0.03))
    alone = locate_loop(look(specimen))
    moved = look(specimen, pose_mm=alone.pose.xyz_mm, omegas=(20.0, 110.0), zoom=FINE)
    together = locate_loop([*look(specimen), *moved])
    assert together.centre_mm == pytest.approx(alone.centre_mm, abs=0.005)
    assert together.views_used == 10


def drawn(pin_side, omega_deg, tip_mm=(-0.2, 0.05, -0.03), pose_mm=(0.1, 0.02, -0.01)):
    """A bar of 60 um from a tip to the pin's side, through a camera of 2 um."""
    camera = Camera(2.0, 400.0, 300.0)
    w = np.radians(omega_deg)
    y, z = tip_mm[1] + pose_mm[1], tip_mm[2] + pose_mm[2]
    column, row = camera.pixel(tip_mm[0] + pose_mm[0], y * np.cos(w) - z * np.sin(w))
    rows, columns = np.mgrid[:600, :800]
    beyond = columns >= column if pin_side is PinSide.RIGHT else columns <= column
    mask = beyond & (np.abs(rows - row) <= 15)
    pose = Pose(x_mm=pose_mm[0], y_mm=pose_mm[1], z_mm=pose_mm[2], omega_deg=omega_deg)
    return LoopView(pose, camera, Detection("drawn", {Notion.FOREGROUND: mask}), pin_side)


@pytest.mark.parametrize("pin_side", PinSide)
def test_the_pin_may_enter_from_either_side(pin_side):
    found = locate_loop([drawn(pin_side, omega) for omega in np.arange(0.0, 360.0, 30.0)])
    assert isinstance(found, LoopCentred)
    # To half a pixel.
    assert found.tip_mm == pytest.approx((-0.2, 0.05, -0.03), abs=0.001)
    towards_pin = 1 if pin_side is PinSide.RIGHT else -1
    assert (found.centre_mm[0] - found.tip_mm[0]) * towards_pin > 0


BROKEN = {
    "smaller": np.full((256, 340), 180, np.uint8),
    "one row": np.zeros(100, np.uint8),
    "empty": np.zeros((0, 0), np.uint8),
    "no numbers": np.full((512, 680), np.nan),
    "nothing": None,
}


@pytest.mark.parametrize("background", [False, True])
@pytest.mark.parametrize("at", [0, 2])
@pytest.mark.parametrize("kind", BROKEN)
def test_an_image_that_is_none_among_good_ones_is_left_out(kind, at, background):
    rng = np.random.default_rng(1)
    empty, *images = [rng.normal(180, 3, (512, 680)).astype(np.uint8) for _ in range(4)]
    images.insert(at, BROKEN[kind])
    poses = [Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=90 * index) for index in range(4)]
    seen = views_of(
        ClassicalDetector(), images, poses, Camera(2.0, 340, 256), empty if background else None, PinSide.RIGHT, 0.003
    )
    assert [view.pose for view in seen] == poses[:at] + poses[at + 1 :]
