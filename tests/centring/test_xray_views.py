"""Any angles, any shapes of grid: a line, one row, one box, a third view; what is not sure is told as a line of sight."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xray_support import CENTRE, counts, crystal, lit, turned, views

from mxplans.centring import GridView, locate_crystals
from mxplans.centring.next_grid import ambiguous, refinement
from mxplans.errors import InvalidInput
from mxplans.geometry import GridPlan
from mxplans.plans.record import Record

EYE = np.eye(3)


def at(offset_mm, half_um=(12, 12, 12)):
    return -np.array(CENTRE.xyz_mm) + offset_mm, np.array(half_um) / 1000, EYE


def line_across(line):
    """One column of boxes along a line of sight, seen from the side."""
    pose = line.pose.model_copy(update={"omega_deg": line.pose.omega_deg + 90.0})
    return GridPlan(pose, 1, 14, 20.0, vertical=True)


def error_um(candidate, truth):
    return np.linalg.norm(np.array(candidate.pose.xyz_mm) + truth[0]) * 1000


@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    place=st.tuples(st.floats(0, 0.999), st.floats(0, 0.999)),
    omega_deg=st.floats(-400, 400),
    apart_deg=st.floats(10, 170) | st.floats(-170, -10),
    step_um=st.floats(2, 100),
)
@settings(max_examples=150, deadline=None)
def test_one_lit_box_is_its_own_centre_at_any_omega_and_on_any_grid(
    rows, columns, place, omega_deg, apart_deg, step_um
):
    box = (int(place[0] * rows), int(place[1] * columns))
    poses = [CENTRE.model_copy(update={"omega_deg": omega}) for omega in (omega_deg, omega_deg + apart_deg)]
    grids = [GridPlan(pose, columns, rows, step_um) for pose in poses]
    (found,) = locate_crystals([lit(grid, box) for grid in grids], beam_size_um=step_um).candidates
    for grid in grids:
        seen = grid.box(found.pose.model_copy(update={"omega_deg": grid.centre.omega_deg}))
        assert seen == pytest.approx(box, abs=1e-6)


@given(st.floats(15, 165), st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_two_grids_at_any_angles_give_the_same_crystal(second_deg, seed):
    rng = np.random.default_rng(seed)
    truth = crystal(rng)
    (found,) = locate_crystals(views([truth], rng, second_deg), beam_size_um=20).candidates
    worse = 1 / abs(np.sin(np.radians(second_deg)))
    assert error_um(found, truth) < 5 * worse
    # The error bars know about the angle: they are ellipsoids, long where both views look along.
    assert max(found.sigma_um) < 3 * worse
    assert np.linalg.eigvalsh(np.array(found.covariance_um2)).min() > 0


def test_a_flat_grid_and_a_line_across_it_are_enough():
    rng = np.random.default_rng(4)
    errors = []
    for _ in range(10):
        truth = crystal(rng)
        flat = counts(GridPlan(CENTRE, 20, 14, 20.0), [truth], rng)
        only = locate_crystals([flat], beam_size_um=20)
        assert only.candidates == () and "depth" in only.reason
        line = counts(line_across(only.unpaired[0]), [truth], rng)
        found = locate_crystals([flat, line], beam_size_um=20)
        errors.append(error_um(found.candidates[0], truth))
    assert np.median(errors) < 2.0


def test_a_line_takes_from_a_grid_only_what_stands_under_it():
    rng = np.random.default_rng(8)
    near, far = at((0.06, 0.04, 0.03)), at((-0.1, -0.06, -0.05), (14, 14, 14))
    flat = counts(GridPlan(CENTRE, 20, 14, 20.0), [near, far], rng)
    lines = locate_crystals([flat], beam_size_um=20).unpaired
    weaker = counts(line_across(lines[1]), [near, far], rng)
    found = locate_crystals([flat, weaker], beam_size_um=20)
    assert len(found.candidates) == len(found.unpaired) == 1
    assert error_um(found.candidates[0], near) < 5
    # The other one is where the flat grid saw it, at whatever depth.
    row, column = flat.grid.box(found.unpaired[0].pose)
    assert (row, column) == pytest.approx(flat.grid.box(CENTRE.model_copy(update=dict(zip(
        ("x_mm", "y_mm", "z_mm"), -far[0], strict=True)))), abs=0.2)  # fmt: skip
    assert found.unpaired[0].depth_sigma_um > 50 > found.unpaired[0].sigma_um[0]


@pytest.mark.parametrize("shape", [(1, 20), (2, 20), (14, 1), (14, 2)])
def test_one_row_or_column_of_each_view_knows_its_long_side_only(shape):
    rng = np.random.default_rng(3)
    truth = at((0.02 if shape[0] == 1 else 0.0, 0.0, 0.0))
    grids = [GridPlan(turned(degrees), shape[1], shape[0], 20.0) for degrees in (0.0, 90.0)]
    (found,) = locate_crystals([counts(grid, [truth], rng) for grid in grids], beam_size_um=20).candidates
    assert error_um(found, truth) < 8
    assert found.truncated == ()
    if shape[0] == 1:
        assert found.sigma_um[1] > 5 > found.sigma_um[0]  # 20 um over the square root of 12


@pytest.mark.parametrize("score", [np.nan, np.inf, -1.0])
def test_scores_that_cannot_be_are_refused_with_their_box(score):
    values = np.zeros((4, 5))
    values[2, 3] = score
    with pytest.raises(InvalidInput, match=r"score of box \(2, 3\)"):
        GridView(GridPlan(CENTRE, 5, 4, 20.0), values, np.zeros((4, 5), dtype=np.int64))
    with pytest.raises(InvalidInput, match="one value per box"):
        GridView(GridPlan(CENTRE, 5, 4, 20.0), np.zeros((5, 4)), np.zeros((5, 4), dtype=np.int64))


def test_crystals_behind_each_other_ask_for_a_third_view_which_tells_them_apart():
    rng = np.random.default_rng(6)
    # Equal crystals at one x: which heights of the two views belong together?
    truths = [at((0.0, 0.08, 0.08)), at((0.0, -0.08, -0.08))]
    two = views(truths, rng)
    third_deg = ambiguous(two)
    assert third_deg == CENTRE.omega_deg + 45.0
    unsure = locate_crystals(two, beam_size_um=20)
    assert unsure.candidates == () and len(unsure.unpaired) == 4
    assert "belong together" in unsure.reason
    third = counts(GridPlan(turned(45.0), 20, 16, 20.0), truths, rng)
    found = locate_crystals([*two, third], beam_size_um=20)
    assert len(found.candidates) == 2 and found.unpaired == ()
    for candidate in found.candidates:
        assert min(error_um(candidate, truth) for truth in truths) < 5
        assert candidate.n_views == 3
        assert candidate.isolation_um == pytest.approx(226, abs=8)


@pytest.mark.parametrize(("apart_deg", "third_deg"), [(90, 45), (-90, 45), (120, 60), (60, -60), (30, -75), (270, 45)])
def test_the_third_view_is_in_the_wider_gap(apart_deg, third_deg):
    grids = [GridPlan(turned(degrees), 9, 9, 20.0) for degrees in (0.0, apart_deg)]
    both = [lit(grid, (1, 4), (7, 5)) for grid in grids]
    found = ambiguous(both) - CENTRE.omega_deg
    planes = [0.0, apart_deg, found]
    gaps = np.diff([*sorted(np.mod(planes, 180)), min(np.mod(planes, 180)) + 180])
    assert found == pytest.approx(third_deg) or (found - third_deg) % 180 == pytest.approx(0)
    assert gaps.max() <= max(apart_deg % 180, 180 - apart_deg % 180)


def test_crystals_apart_need_no_third_view():
    rng = np.random.default_rng(6)
    assert ambiguous(views([at((0.1, 0.05, 0.0)), at((-0.1, -0.05, 0.03))], rng)) is None
    assert ambiguous(views([], rng)) is None
    with pytest.raises(InvalidInput, match="second one first"):
        ambiguous(views([], rng)[:1])


@pytest.mark.parametrize(("offset_mm", "sides"), [((0.2, 0, 0), "left"), ((-0.2, 0, 0), "right")])
def test_a_crystal_on_the_edge_says_so_and_a_grid_around_it_has_it_in_the_middle(offset_mm, sides):
    rng = np.random.default_rng(9)
    truth = at(np.array(offset_mm) * -1)
    both = views([truth], rng)
    (found,) = locate_crystals(both, beam_size_um=20).candidates
    assert {(edge.view, edge.side) for edge in found.truncated} == {(0, sides), (1, sides)}
    assert error_um(found, truth) < 4 * max(found.sigma_um)
    there = [found.pose.model_copy(update={"omega_deg": view.grid.centre.omega_deg}) for view in both]
    again = [counts(GridPlan(pose, 11, 11, 20.0), [truth], rng) for pose in there]
    (better,) = locate_crystals(again, beam_size_um=20).candidates
    assert better.truncated == ()
    assert error_um(better, truth) < 3


def test_a_crystal_outside_of_one_grid_is_seen_in_the_other_and_the_reason_says_it():
    rng = np.random.default_rng(9)
    # 0.3 mm off in depth: the first grid looks along it, the second one does not reach so far.
    deep = np.array([0.0, -np.sin(np.radians(-30)) * 0.3, np.cos(np.radians(-30)) * 0.3])
    truth = at(deep)
    flat, side = views([truth], rng)
    dark = GridView(side.grid, rng.poisson(1.0, side.score.shape).astype(float), side.n_spots)
    found = locate_crystals([flat, dark], beam_size_um=20)
    assert found.candidates == ()
    assert len(found.unpaired) == 1 and found.unpaired[0].view == 0
    assert "outside of the other" in found.reason
    assert found.evidence["blobs_a"] == 1 and found.evidence["blobs_b"] == 0
    keys = Record(found.unpaired[0].values(), "xray centring").describe()
    assert keys["xrc_line_sigma_depth_um"]["units"] == "um" and keys["xrc_line_omega_deg"]["units"] == "deg"


@pytest.mark.parametrize("coarse_um", [50.0, 80.0])
def test_coarse_to_fine_comes_down_to_the_fine_error(coarse_um):
    rng = np.random.default_rng(12)
    truth = crystal(rng)
    coarse = [counts(GridPlan(turned(degrees), 8, 6, coarse_um), [truth], rng, fwhm_um=50.0) for degrees in (0.0, 90.0)]
    (rough,) = locate_crystals(coarse, beam_size_um=50).candidates
    plans = [refinement(view, rough, beam_size_um=10.0) for view in coarse]
    assert all(plan.step_um == 10.0 and plan.rows * plan.columns < 600 for plan in plans)
    fine = [counts(plan, [truth], rng, fwhm_um=10.0) for plan in plans]
    (found,) = locate_crystals(fine, beam_size_um=10).candidates
    assert error_um(found, truth) < 1.5
    assert refinement(fine[0], found, beam_size_um=20.0) is None  # a beam that wide shows nothing new


def test_a_grid_that_is_lit_all_over_is_no_diffraction_that_says_what_it_looks_like():
    rng = np.random.default_rng(12)
    grids = [GridPlan(turned(degrees), 12, 9, 20.0) for degrees in (0.0, 90.0)]
    both = [GridView(grid, rng.poisson(400.0, (9, 12)).astype(float), np.full((9, 12), 20)) for grid in grids]
    found = locate_crystals(both, beam_size_um=20)
    assert found.candidates == ()
    assert found.evidence["background_a"] == pytest.approx(400, abs=15)
    assert "scan a larger one" in found.reason
