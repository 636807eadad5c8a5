"""Where grids lie: over the loop from its model, narrow ones, strips beside an edge that join it without a seam."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.centring import GridView, Hull, LineOfSight
from mxplans.geometry import GoniometerGeometry, GridPlan, Orientation
from mxplans.model import Pose
from mxplans.plans.grids import beside, grid_over, joined, narrowed
from mxplans.plans.optical import OpticalCentre
from mxplans.profile import XrayCentring

XRAY = XrayCentring(aperture="Small")
REST = Orientation()
SINGLE = GoniometerGeometry()
SMARGON = GoniometerGeometry(kind="smargon")
POSE = Pose(x_mm=0.1, y_mm=-0.2, z_mm=0.05, omega_deg=30.0)
SIZES = OpticalCentre(POSE, 300.0, 200.0, 100.0)
SIDES = ("left", "right", "top", "bottom")


def view_of(grid, seed=0):
    rng = np.random.default_rng(seed)
    shape = (grid.rows, grid.columns)
    return GridView(grid, rng.uniform(0, 9, shape), rng.integers(0, 9, shape), rng.uniform(0, 9, shape), None)


@pytest.mark.parametrize(("turn_deg", "rows"), [(0.0, 14), (90.0, 9), (45.0, 14), (-90.0, 9)])
def test_without_a_model_the_sizes_of_the_loop_are_covered_with_a_margin(turn_deg, rows):
    grid = grid_over(SIZES, XRAY, SINGLE, REST, turn_deg, 20.0)
    assert (grid.columns, grid.rows) == (19, rows)
    assert grid.centre == POSE.model_copy(update={"omega_deg": 30.0 + turn_deg})


@pytest.mark.parametrize("geometry", [SINGLE, SMARGON])
@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 37.0])
def test_a_model_is_in_the_middle_of_its_grid_in_any_orientation(geometry, turn_deg):
    orientation = Orientation(chi_deg=25, phi_deg=80) if geometry.kind == "smargon" else REST
    # A bar of 300 x 100 x 40 um beside the axis.
    cells = np.argwhere(np.ones((30, 10, 4))).astype(np.int32)
    hull = Hull(cells, np.array([-0.3, 0.15, -0.1]), 0.01, 12, 0)
    grid = grid_over(dataclasses.replace(SIZES, hull=hull), XRAY, geometry, orientation, turn_deg, 20.0)
    motion = geometry.motors_of(grid.motion(0.01), orientation)
    # Where the first box and the last one have the bar, in the image: it lies between them, margins on both sides alike.
    first = geometry.lab_mm(hull.points_mm, motion.start, orientation)
    last_mm = np.array(motion.start.xyz_mm) + np.array(motion.step_mm) * motion.images_per_row
    last_mm = last_mm + np.array(motion.row_step_mm) * (motion.rows - 1)
    end = motion.start.model_copy(update=dict(zip(("x_mm", "y_mm", "z_mm"), last_mm.tolist(), strict=True)))
    last = geometry.lab_mm(hull.points_mm, end, orientation)
    before, behind = first[:, :2].min(axis=0), -last[:, :2].max(axis=0)
    np.testing.assert_allclose(before, behind, atol=1e-9)
    # The margin, less half a cell along omega, and half a box across as well; no more than another box too wide.
    assert np.all(before >= [0.04, 0.03]) and np.all(before <= [0.06, 0.05])


@given(st.sampled_from(SIDES), st.integers(1, 6), st.integers(1, 6), st.integers(1, 5), st.floats(-360, 360))
def test_a_grid_that_grew_has_every_box_where_it_was_and_the_new_ones_beside(side, columns, rows, boxes, omega_deg):
    grid = GridPlan(POSE.model_copy(update={"omega_deg": omega_deg}), columns, rows, 20.0, 15.0)
    view, strip = view_of(grid), view_of(beside(grid, side, boxes), seed=1)
    whole = joined(view, strip, side)
    for part in (view, strip):
        for row, column in np.ndindex(part.score.shape):
            place = whole.grid.box(part.grid.pose(row, column))
            at = round(place[0]), round(place[1])
            np.testing.assert_allclose(place, at, atol=1e-6)
            assert whole.score[at] == part.score[row, column]
            assert whole.n_spots[at] == part.n_spots[row, column]
    assert whole.score.size == view.score.size + strip.score.size
    assert whole.d_est_a is None and whole.quality is not None


def line(x_mm, size_um=30.0):
    pose = POSE.model_copy(update={"x_mm": x_mm})
    return LineOfSight(0, pose, (2.0, 2.0), 30.0, (size_um, 20.0), 900.0, 300.0, 17.0)


def test_a_narrow_grid_covers_the_lines_it_is_about_and_two_boxes_beyond():
    edge = GridPlan(POSE, 40, 12, 20.0)
    single = narrowed(edge, [line(0.2)])
    assert (single.columns, single.rows, single.vertical) == (7, 12, True)
    assert single.centre.x_mm == pytest.approx(0.2)
    several = narrowed(edge, [line(0.0), line(0.3)])
    assert several.columns == 22 and not several.vertical
    for x_mm in (0.0, 0.3):
        _, column = several.box(several.centre.model_copy(update={"x_mm": x_mm}))
        assert 2 <= column <= 19
