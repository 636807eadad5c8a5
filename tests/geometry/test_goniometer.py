"""Our chain of axes against the virtual beamline's, which was written apart: every kind, sign, camera, orientation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mxplans.errors import LimitExceeded
from mxplans.geometry import (
    REST,
    AxisLimits,
    Camera,
    GoniometerGeometry,
    GridPlan,
    Orientation,
    motor_change_mm,
    view_of,
)
from mxplans.model import Pose
from mxplans_sim.settings import GoniometerSettings
from mxplans_sim.settings.camera import CameraSettings
from mxplans_sim.world.goniometer import ABOVE_OMEGA, Goniometer
from mxplans_sim.world.optics import Viewer
from mxplans_sim.world.placement import Placement

angles = st.floats(-720, 720)
places = st.floats(-2, 2)
points = st.tuples(places, places, places)
signs = st.sampled_from([-1, 1])
directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: 0.51 < np.linalg.norm(v) < 1.9)
poses = st.builds(Pose, x_mm=places, y_mm=places, z_mm=places, omega_deg=angles)
orientations = st.builds(Orientation, kappa_deg=angles, chi_deg=angles, phi_deg=angles)
settings = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["single-axis", "smargon", "mini-kappa"]),
        **{f"{axis}_sign": signs for axis in ("omega", "x", "y", "z")},
        **{f"{axis}_axis": directions for axis in ("chi", "kappa", "phi")},
        **{f"{axis}_point_mm": points for axis in ("kappa", "phi")},
    }
)
AXES = ("kind", "chi_axis", "kappa_axis", "phi_axis", "kappa_point_mm", "phi_point_mm")


def ours(given_settings, **more):
    return GoniometerGeometry.model_validate({name: given_settings[name] for name in AXES} | more)


def theirs(given_settings, pose, orientation) -> Placement:
    """Where the virtual beamline puts the specimen when its motors, each with its sign, stand as we ask."""
    motors = {axis: given_settings[f"{axis}_sign"] * getattr(pose, f"{axis}_mm") for axis in "xyz"}
    motors["omega"] = given_settings["omega_sign"] * pose.omega_deg
    above = {axis: getattr(orientation, f"{axis}_deg") for axis in ABOVE_OMEGA[given_settings["kind"]]}
    world = Goniometer(GoniometerSettings.model_validate(given_settings), seed=1)
    return world.placement(motors | above)


@given(settings, poses, orientations, points)
def test_a_point_stands_where_the_virtual_beamline_has_it(world, pose, orientation, point):
    geometry = ours(world)
    stands = theirs(world, pose, orientation).lab(np.array(point))[0]
    np.testing.assert_allclose(geometry.lab_mm(point, pose, orientation), stands, atol=1e-9)
    np.testing.assert_allclose(geometry.sample_mm(stands, pose, orientation), point, atol=1e-9)


@given(settings, orientations, angles, points, st.floats(-0.1, 0.1), st.booleans())
def test_the_motors_for_a_point_bring_it_into_the_beam_or_on_the_axis(world, orientation, omega, point, off, on_axis):
    pose = ours(world, axis_offset_mm=off).pose_for(point, omega, orientation, on_axis)
    place = theirs(world, pose, orientation).lab(np.array(point))[0]
    np.testing.assert_allclose(place, [0, 0 if on_axis else off, 0], atol=1e-9)


@given(settings, poses, orientations, orientations, st.floats(-0.1, 0.1), st.booleans())
def test_what_is_in_the_beam_stays_there_when_the_axes_above_omega_turn(world, pose, before, after, off, on_axis):
    geometry = ours(world, axis_offset_mm=off)
    place = np.array([0, 0 if on_axis else off, 0])
    there = theirs(world, pose, before)
    point = there.rotation.T @ (place - there.shift_mm)
    moved = geometry.corrected(pose, before, after, on_axis)
    if world["kind"] == "smargon":
        # Its controller keeps the sample's own coordinates; only what stands on the axis stays exactly.
        assert moved == pose
        return
    np.testing.assert_allclose(theirs(world, moved, after).lab(point)[0], place, atol=1e-9)


@given(st.floats(-180, 180), st.floats(0, 48), angles, points)
def test_a_smargon_needs_no_correction(omega, chi, phi, point):
    world = {"kind": "smargon", "omega_sign": 1, "x_sign": 1, "y_sign": 1, "z_sign": 1}
    geometry = GoniometerGeometry(kind="smargon")
    pose = geometry.pose_for(point, omega)
    at = Orientation(chi_deg=chi, phi_deg=phi)
    np.testing.assert_allclose(
        theirs(world, geometry.corrected(pose, REST, at), at).lab(np.array(point))[0], 0, atol=1e-9
    )


@given(settings, poses, orientations, points, st.floats(-0.1, 0.1), st.floats(-180, 180), st.floats(0.3, 5))
def test_a_point_is_seen_in_the_pixel_where_the_virtual_camera_has_it(
    world, pose, orientation, point, off, turn, um_per_px
):
    zoom = {"name": "one", "um_per_px": um_per_px, "beam_x_px": 300.5, "beam_y_px": 222.0}
    viewer = Viewer(1, CameraSettings.model_validate({"turn_deg": turn, "zooms": [zoom]}))
    seen = viewer._seen(theirs(world, pose, orientation))
    level = viewer.settings.zoom("one")
    expected = viewer.view(level, off).pixels(seen.lab(np.array(point)))[0]
    camera = Camera(um_per_px, 300.5, 222.0, turn_deg=turn)
    view = view_of(ours(world, axis_offset_mm=off), camera, pose, orientation)
    np.testing.assert_allclose(view.pixels(point), expected, atol=1e-5)
    # What is farther along the view is seen in the same pixel, and the third axis of the turned lab frame grows.
    farther = np.array(point) + 0.3 * view.along
    np.testing.assert_allclose(view.pixels(farther), expected, atol=1e-5)
    assert seen.lab(farther)[0, 2] - seen.lab(np.array(point))[0, 2] == pytest.approx(0.3)


@given(poses, points, st.floats(-180, 180), st.floats(-180, 180))
def test_a_rolled_picture_is_turned_about_the_beam_mark(pose, point, turn, roll):
    straight, rolled = Camera(2.0, 100.0, 50.0, turn), Camera(2.0, 100.0, 50.0, turn, roll)
    column, row = view_of(GoniometerGeometry(), straight, pose).pixels(point) - [100.0, 50.0]
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    seen = view_of(GoniometerGeometry(), rolled, pose).pixels(point)
    np.testing.assert_allclose(seen, [100 + c * column - s * row, 50 + s * column + c * row], atol=1e-6)
    assert rolled.offset_mm(*seen) == pytest.approx((column * 0.002, row * 0.002), abs=1e-9)
    assert rolled.pixel(*rolled.offset_mm(*seen)) == pytest.approx(tuple(seen))


@given(settings, orientations, angles, points, st.floats(-0.1, 0.1), st.integers(0, 11), st.booleans())
def test_each_box_of_a_grid_comes_into_the_beam_at_any_orientation(
    world, orientation, omega, point, off, image, vertical
):
    geometry = ours(world, axis_offset_mm=off)
    grid = GridPlan(geometry.spindle_pose_for(point, omega, orientation), 4, 3, 20.0, 15.0, vertical=vertical)
    motion = geometry.motors_of(grid.motion(0.01), orientation)
    # Motors in the middle of an image, row by row, every second one backwards.
    row, place = divmod(image, motion.images_per_row)
    along = motion.images_per_row - place - 0.5 if row % 2 else place + 0.5
    x, y, z = np.array(motion.start.xyz_mm) + along * np.array(motion.step_mm) + row * np.array(motion.row_step_mm)
    # The grid's middle is then as far from the beam as the box is from the middle, the other way.
    down, right = grid.box_of_image(image + 1)
    stands = theirs(world, Pose(x_mm=x, y_mm=y, z_mm=z, omega_deg=omega), orientation).lab(np.array(point))[0]
    expected = [(1.5 - right) * 0.020, off + (1 - down) * 0.015, 0]
    np.testing.assert_allclose(stands, expected, atol=1e-9)


@given(poses, places, places)
def test_on_a_single_axis_the_motors_change_as_the_shift_in_the_image_asks(pose, right, down):
    geometry = GoniometerGeometry()
    point = geometry.sample_mm([right, down, 0.0], pose)
    change = motor_change_mm(np.array([-right, -down, 0.0]), pose.omega_deg)
    moved = geometry.pose_for(point, pose.omega_deg)
    np.testing.assert_allclose(np.array(moved.xyz_mm) - np.array(pose.xyz_mm), change, atol=1e-9)


def test_directions_are_made_unit_vectors_and_nonsense_is_refused():
    assert GoniometerGeometry(kappa_axis=(0.0, 1.5, 0.0)).kappa_axis == (0.0, 1.0, 0.0)
    with pytest.raises(ValidationError, match="write it like"):
        GoniometerGeometry(phi_axis=(0.0, 0.0, 0.0))
    with pytest.raises(ValidationError, match="within 100 mm"):
        GoniometerGeometry(phi_point_mm=(0.0, 200.0, 0.0))
    with pytest.raises(ValidationError, match="finite"):
        Orientation(kappa_deg=float("nan"))


def test_what_is_beyond_a_limit_is_refused_with_all_that_is():
    limits = AxisLimits(x_range_mm=(-3, 3), kappa_range_deg=(-8, 256))
    pose = Pose(x_mm=4.0, y_mm=0, z_mm=0, omega_deg=0)
    limits.require(Pose(x_mm=3.0, y_mm=9, z_mm=0, omega_deg=999), Orientation(kappa_deg=256), "point")
    said = r"point 7 needs x = 4.0000 mm; allowed is -3 to 3, kappa = 300.0000 deg; allowed is -8 to 256: choose"
    with pytest.raises(LimitExceeded, match=said):
        limits.require(pose, Orientation(kappa_deg=300), "point 7")
