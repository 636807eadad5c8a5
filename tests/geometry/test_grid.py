"""Grids: what stands in a box comes into the beam, at any omega, by the virtual beamline's own arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.geometry import Camera, GridPlan, motor_change_mm, rotation_x
from mxplans.model import Pose

angles = st.floats(-720, 720)
places = st.floats(-2, 2)
poses = st.builds(Pose, x_mm=places, y_mm=places, z_mm=places, omega_deg=angles)
grids = st.builds(
    GridPlan,
    poses,
    st.integers(1, 40),
    st.integers(1, 40),
    st.floats(1, 100),
    st.none() | st.floats(1, 100),
    st.booleans(),
    st.booleans(),
)


def lab_mm(point, pose):
    """Where a point of the sample stands, written out once more and independently of the product."""
    x, y, z = (point[i] + m for i, m in enumerate((pose.x_mm, pose.y_mm, pose.z_mm)))
    w = math.radians(pose.omega_deg)
    return np.array([x, y * math.cos(w) - z * math.sin(w), y * math.sin(w) + z * math.cos(w)])


@given(grids, st.data())
def test_moving_to_a_box_puts_its_content_into_the_beam(grid, data):
    row = data.draw(st.integers(0, grid.rows - 1))
    column = data.draw(st.integers(0, grid.columns - 1))
    right_mm, down_mm = grid.offset_mm(row, column)
    # The sample point that is seen there while the motors are at the centre:
    at_centre = np.array([right_mm, down_mm, 0.05])
    w = math.radians(grid.centre.omega_deg)
    turned_back = np.array(
        [
            at_centre[0],
            at_centre[1] * math.cos(w) + at_centre[2] * math.sin(w),
            -at_centre[1] * math.sin(w) + at_centre[2] * math.cos(w),
        ]
    )
    point = turned_back - np.array(grid.centre.xyz_mm)
    np.testing.assert_allclose(lab_mm(point, grid.pose(row, column))[:2], [0, 0], atol=1e-12)


@given(grids, st.data())
def test_box_and_pose_are_each_others_inverse(grid, data):
    row = data.draw(st.floats(-0.5, grid.rows - 0.5))
    column = data.draw(st.floats(-0.5, grid.columns - 0.5))
    assert grid.box(grid.pose(row, column)) == pytest.approx((row, column), abs=1e-6)


@given(grids)
def test_every_image_has_a_box_of_its_own(grid):
    number = grid.rows * grid.columns
    assert {grid.box_of_image(image) for image in range(1, number + 1)} == {
        (row, column) for row in range(grid.rows) for column in range(grid.columns)
    }


@given(grids, st.data())
def test_the_motion_passes_each_box_centre_in_the_middle_of_its_image(grid, data):
    motion = grid.motion(0.01)
    image = data.draw(st.integers(1, motion.number_images))
    row, place = divmod(image - 1, motion.images_per_row)
    # Forward rows: from k to k + 1 steps. Backward rows: from n - k to n - k - 1.
    along = motion.images_per_row - place - 0.5 if motion.snake and row % 2 else place + 0.5
    middle = np.array(motion.start.xyz_mm) + along * np.array(motion.step_mm) + row * np.array(motion.row_step_mm)
    np.testing.assert_allclose(middle, grid.pose(*grid.box_of_image(image)).xyz_mm, atol=1e-9)


def test_a_grid_worked_out_by_hand():
    # 3 columns, 2 rows of 20 um at omega 90: down in the image is -z of the goniometer (z' = y, y' = -z).
    grid = GridPlan(Pose(x_mm=1.0, y_mm=2.0, z_mm=3.0, omega_deg=90.0), 3, 2, 20.0)
    # Top left: 20 um left, 10 um above the middle; the sample goes 20 um right and 10 um down, so z by -10 um.
    pose = grid.pose(0, 0)
    assert pose.xyz_mm == pytest.approx((1.020, 2.0, 2.990))


@pytest.mark.parametrize("wrong", [(0, 1, 20.0), (1, 0, 20.0), (1, 1, 0.0), (1, 1, float("nan"))])
def test_an_empty_grid_is_refused(wrong):
    with pytest.raises(ValueError, match="allowed is 1 x 1"):
        GridPlan(Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0), *wrong)


@given(st.tuples(places, places, places), angles)
def test_a_motor_change_shifts_the_sample_as_asked(shift, omega_deg):
    change = motor_change_mm(np.array(shift), omega_deg)
    np.testing.assert_allclose(rotation_x(omega_deg) @ change, shift, atol=1e-12)


@given(st.floats(0.1, 10), st.floats(0, 1000), st.floats(0, 1000), places, places)
def test_pixels_and_offsets_are_each_others_inverse(scale, x, y, right, down):
    camera = Camera(scale, x, y)
    assert camera.offset_mm(*camera.pixel(right, down)) == pytest.approx((right, down), abs=1e-9)
