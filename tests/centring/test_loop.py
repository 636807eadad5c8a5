"""The loop on pictures of the virtual viewer: where it is, how large, and honest when there is none."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from viewer_support import at_motors

from mxplans.centring import LoopCentred, LoopNotFound, LoopView, find_silhouette, locate_loop
from mxplans.geometry import Camera
from mxplans.model import Pose
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer
from mxplans_sim.world.shadow import FIBRE_RADIUS_MM, ring
from mxplans_sim.world.specimen import Loop, Specimen

COARSE, FINE = ON_AXIS.zooms
BEAM_Y_MM = 0.004


def mount(length_mm, neck_mm, bend_deg=0.0, phi_deg=0.0):
    turned = Rotation.from_euler("zx", [bend_deg, phi_deg], degrees=True).as_matrix()
    rotation = tuple(tuple(float(value) for value in row) for row in turned)
    return Specimen("mount", Loop(neck_mm, length_mm, 0.7 * length_mm, rotation, 0.02))


def picture(viewer, specimen, pose_mm, omega_deg, zoom=COARSE):
    return viewer.take(specimen, at_motors(*pose_mm, omega_deg), zoom, BEAM_Y_MM, Exposure(), frame=round(omega_deg))


def look(specimen, pose_mm=(0.0, 0.0, 0.0), seed=1, background=True, angles=8):
    viewer = Viewer(seed)
    empty = picture(viewer, None, pose_mm, -1.0) if background else None
    camera = Camera(COARSE.um_per_px, COARSE.beam_x_px, COARSE.beam_y_px)
    return [
        LoopView(
            Pose(x_mm=pose_mm[0], y_mm=pose_mm[1], z_mm=pose_mm[2], omega_deg=omega_deg),
            camera,
            find_silhouette(picture(viewer, specimen, pose_mm, omega_deg), COARSE.um_per_px, empty),
        )
        for omega_deg in np.arange(angles) * 360.0 / angles
    ]


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
    assert -found.tip_x_mm == pytest.approx(tip_mm, abs=0.015)
    assert -found.pose.y_mm == pytest.approx(middle[1], abs=0.010)
    assert -found.pose.z_mm == pytest.approx(middle[2], abs=0.010)
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
    assert found.empty
    assert found.evidence["threshold_um2"] == 1500.0


def test_a_loop_seen_at_few_angles_only_is_no_guess():
    # 0.9 mm off the axis: outside the image at all angles but those that look along the offset.
    found = locate_loop(look(mount(0.3, (0.0, 0.9, 0.0))))
    assert isinstance(found, LoopNotFound)
    assert not found.empty


def test_zoom_does_not_change_the_loop():
    views, specimen = [], mount(0.2, (0.0, 0.05, 0.03))
    viewer = Viewer(2)
    for omega_deg in np.arange(8) * 45.0:
        image = picture(viewer, specimen, (0.0, 0.0, 0.0), omega_deg, FINE)
        camera = Camera(FINE.um_per_px, FINE.beam_x_px, FINE.beam_y_px)
        pose = Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=omega_deg)
        views.append(LoopView(pose, camera, find_silhouette(image, FINE.um_per_px)))
    near, far = locate_loop(views), locate_loop(look(specimen))
    assert near.pose.xyz_mm == pytest.approx(far.pose.xyz_mm, abs=0.008)
    assert near.flat_um == pytest.approx(far.flat_um, abs=20)
