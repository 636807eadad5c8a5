"""Hulls of boxes seen by the virtual beamline's geometry: where they are, how large, what is seen of them elsewhere."""

import json
import time
from functools import cache

import cv2
import hull_support as seen
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mxplans.centring.hull import Hull, HullNotFound
from mxplans.centring.hull_carve import HullView, carve
from mxplans.centring.hull_rays import chord, distance_mm, thickness_um
from mxplans.centring.hull_record import hull_record, read_hull
from mxplans.errors import InvalidInput, LimitExceeded
from mxplans.geometry import REST, AxisLimits, Camera, GoniometerGeometry, Orientation
from mxplans.model import Pose

POSE = Pose(x_mm=0, y_mm=0, z_mm=0, omega_deg=0)
SINGLE = GoniometerGeometry()


def block(counts=(10, 6, 3), step_mm=0.004, origin=(0.0, 0.0, 0.0)):
    """A hull made of whole cells."""
    cells = np.argwhere(np.ones(counts, dtype=bool)).astype(np.int32)
    return Hull(cells, np.array(origin), step_mm, 12, 1)


@pytest.mark.parametrize(
    ("number", "tolerance", "median_um", "p90_um", "ratio"),
    [
        # Median and p90 of the centroid's error for 20 boxes: what was measured once, with room for other boxes.
        (2, 0, 2.0, 3.0, (1.1, 3.7)),
        (3, 0, 2.0, 3.0, (1.1, 2.2)),
        (4, 0, 2.0, 3.0, (1.1, 2.0)),
        (6, 0, 2.0, 3.0, (1.0, 1.6)),
        (8, 1, 1.5, 2.5, (1.3, 2.1)),
        (12, 1, 1.5, 2.0, (1.0, 1.6)),
        (18, 1, 1.5, 2.0, (1.0, 1.5)),
        (36, 2, 1.2, 1.8, (1.0, 1.3)),
    ],
)
def test_centroid_and_volume_of_boxes(number, tolerance, median_um, p90_um, ratio):
    errors, ratios = [], []
    for seed in range(20):
        rng = np.random.default_rng([seed, number])
        corners, middle, volume = seen.random_box(rng)
        hull = carve(seen.views_of(corners, seen.half_turn(number), rng), seen.GEOMETRY, step_um=4.0)
        assert hull.tolerance == tolerance
        errors.append(np.linalg.norm(hull.centroid_mm * 1000 - middle))
        ratios.append(hull.volume_um3 / volume)
    assert np.median(errors) <= median_um
    assert np.percentile(errors, 90) <= p90_um
    assert ratio[0] <= np.median(ratios) <= ratio[1]


def test_views_at_several_kappa_belong_to_one_hull():
    errors, ratios = [], []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        corners, middle, volume = seen.random_box(rng)
        places = [(w + 15 * bool(kappa), Orientation(kappa_deg=kappa)) for kappa in (0, 40) for w in (0, 60, 120)]
        hull = carve(seen.views_of(corners, places, rng), seen.GEOMETRY, step_um=4.0)
        errors.append(np.linalg.norm(hull.centroid_mm * 1000 - middle))
        ratios.append(hull.volume_um3 / volume)
    assert np.median(errors) <= 2.0
    assert 1.1 <= np.median(ratios) <= 1.6


def test_coarse_to_fine_leaves_what_every_cell_of_its_own_would():
    rng = np.random.default_rng(3)
    corners, _, _ = seen.random_box(rng)
    views = seen.views_of(corners, [(0, REST), (50, Orientation(kappa_deg=30)), (100, REST), (140, REST)], rng)
    for tolerance, edge_px in ((0, 0.0), (1, 0.0), (0, 1.5)):
        hull = carve(views, seen.GEOMETRY, step_um=5.0, tolerance=tolerance, edge_px=edge_px)
        low = hull.cells.min(axis=0) - 4
        wide = np.argwhere(np.ones(np.ptp(hull.cells, axis=0) + 9, dtype=bool)) + low
        missed = np.zeros(len(wide))
        for view in views:
            shade = view.mask.astype(float)
            if edge_px:
                shade = cv2.GaussianBlur(shade, (0, 0), edge_px, borderType=cv2.BORDER_CONSTANT)
            stand = seen.GEOMETRY.lab_mm(hull.origin_mm + wide * hull.step_mm, view.pose, view.orientation)
            columns = np.rint(seen.CAMERA.beam_x_px + stand[:, 0] / 0.0015).astype(int)
            rows = np.rint(seen.CAMERA.beam_y_px + stand[:, 1] / 0.0015).astype(int)
            missed += 1 - shade[rows, columns]
        expected = {tuple(cell) for cell in wide[missed <= max(tolerance, 0.5)]}
        # Single precision may round a pixel otherwise here and there.
        assert len(expected ^ {tuple(cell) for cell in hull.cells}) <= 0.003 * len(expected)


@cache
def from_all_around(seed):
    corners, _, _ = seen.random_box(np.random.default_rng(seed))
    places = [(omega, Orientation(kappa_deg=kappa)) for omega, _ in seen.half_turn(18) for kappa in (0, 60)]
    # Exact silhouettes: all of the sample is in the hull, but for half a pixel and half a cell.
    return corners, carve(seen.views_of(corners, places), seen.GEOMETRY, step_um=3.0, tolerance=0, edge_px=0.0)


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(0, 240), st.floats(-180, 180), st.integers(0, 4))
@example(0.0, 0.5, 0.0, 0)
def test_the_box_around_it_is_what_a_camera_would_see_anywhere(omega, kappa, phi, seed):
    corners, hull = from_all_around(seed)
    at = Orientation(kappa_deg=kappa, phi_deg=phi)
    grid = hull.grid_extent(seen.GEOMETRY, omega, at)
    mask = seen.silhouette(corners, grid.centre, at)
    rows, columns = np.nonzero(mask)
    width_um, height_um = (np.ptp(columns) + 1) * 1.5, (np.ptp(rows) + 1) * 1.5
    assert -6 < grid.width_um - width_um < 20
    assert -6 < grid.height_um - height_um < 20
    assert abs((columns.max() + columns.min()) / 2 - seen.CAMERA.beam_x_px) * 1.5 < 10
    assert abs((rows.max() + rows.min()) / 2 - seen.CAMERA.beam_y_px) * 1.5 < 10
    again = hull.silhouette(mask.shape, seen.GEOMETRY, seen.CAMERA, grid.centre, at)
    # Half a pixel (0.75 um) and half a cell (1.5 um) may be lost all around, which is 1.5 pixels.
    rim = mask & ~cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    assert (mask & ~again).sum() <= 1.5 * rim.sum()


def test_a_block_of_cells_measured_by_hand():
    hull = block()  # 40 x 24 x 12 um, from -2 um on
    assert hull.volume_um3 == pytest.approx(40 * 24 * 12)
    np.testing.assert_allclose(hull.centroid_mm, [0.018, 0.010, 0.004])
    axes = hull.principal_axes()
    np.testing.assert_allclose(np.abs(axes.directions), np.eye(3), atol=1e-12)
    np.testing.assert_allclose(axes.lengths_um, [40, 24, 12])
    flat, edge = hull.extent(SINGLE, 0.0), hull.extent(SINGLE, 90.0)
    assert (flat.width_um, flat.height_um, flat.depth_um) == pytest.approx((40, 24, 12))
    assert (edge.width_um, edge.height_um, edge.depth_um) == pytest.approx((40, 12, 24))
    assert hull.flat_omega_deg(SINGLE) == pytest.approx(0.0, abs=1e-6)
    # Turned by -30 deg about the spindle the plate lies flat where omega makes up for it.
    assert hull.flat_omega_deg(GoniometerGeometry(kind="smargon"), Orientation(phi_deg=-30)) == pytest.approx(30.0)
    centre = hull.grid_extent(SINGLE, 90.0, margin_um=10).centre
    assert centre.xyz_mm == pytest.approx((-0.018, -0.010, -0.004))
    plan = hull.grid_extent(SINGLE, 90.0, margin_um=10).grid(20.0)
    assert (plan.columns, plan.rows) == (3, 2)  # 60 x 32 um
    # A smargon's motors are turned with the sample: its grids are laid in the frame of omega.
    smargon = GoniometerGeometry(kind="smargon")
    turned = hull.grid_extent(smargon, 0.0, Orientation(chi_deg=90))
    assert (turned.width_um, turned.height_um) == pytest.approx((24, 40))
    assert turned.centre.xyz_mm == pytest.approx((-0.018, -0.010, -0.004))
    assert turned.grid(20.0).centre.xyz_mm == pytest.approx((0.010, -0.018, -0.004))
    with pytest.raises(LimitExceeded, match="the middle of the grid needs x = "):
        hull.grid_extent(SINGLE, 0.0, limits=AxisLimits(x_range_mm=(0, 1)))


def test_a_ray_crosses_what_it_crosses():
    hull = block()
    across = chord(hull, [0.018, 0.010, -1.0], [0, 0, 2.0])
    assert (across.piece_um, across.thickness_um) == pytest.approx((12, 12))
    np.testing.assert_allclose(across.enter_mm, [0.018, 0.010, -0.002])
    np.testing.assert_allclose(across.middle_mm, [0.018, 0.010, 0.004])
    slanted = chord(hull, hull.centroid_mm, [0, 1, 1])  # 12 um deep at 45 deg
    assert slanted.thickness_um == pytest.approx(12 * np.sqrt(2))
    assert chord(hull, [0.018, 0.2, 0.0], [0, 0, 1]) is None
    assert distance_mm(hull, [0.016, 0.05, 0.0], [0, 0, 1]) == pytest.approx(0.030)
    assert thickness_um(hull, SINGLE, 90.0) == pytest.approx(24)
    assert thickness_um(hull, SINGLE, 0.0, point_mm=[0.018, 0.2, 0]) == 0


def test_a_ray_through_two_pieces_stops_in_the_longer_one():
    cells = np.array([[0, 0, z] for z in (0, 5, 6, 7)], dtype=np.int32)
    crossed = chord(Hull(cells, np.zeros(3), 0.01, 2, 0), [0, 0, 0], [0, 0, 1])
    assert (crossed.piece_um, crossed.thickness_um) == pytest.approx((30, 40))
    np.testing.assert_allclose(crossed.middle_mm, [0, 0, 0.06])
    np.testing.assert_allclose((crossed.enter_mm[2], crossed.leave_mm[2]), [-0.005, 0.075])


@given(st.integers(0, 100), st.floats(-180, 180), st.floats(-180, 180))
def test_cells_crossed_agree_with_a_walk_along_the_ray(seed, omega, kappa):
    rng = np.random.default_rng(seed)
    cells = np.argwhere(rng.random((6, 5, 4)) < 0.7).astype(np.int32)
    hull = Hull(cells, np.zeros(3), 0.004, 2, 0)
    along = np.array([np.cos(omega), np.sin(omega) * np.cos(kappa), np.sin(omega) * np.sin(kappa)])
    start = hull.centroid_mm + rng.normal(0, 0.003, 3)
    walk = start + np.linspace(-0.05, 0.05, 20001)[:, None] * along
    within = {tuple(cell) for cell in cells}
    crossed_um = sum(tuple(cell) in within for cell in np.rint(walk / 0.004).astype(int)) * 0.005
    found = chord(hull, start, along)
    assert (0 if found is None else found.thickness_um) == pytest.approx(crossed_um, abs=0.1)


def test_a_record_is_small_plain_json_and_gives_the_hull_back():
    rng = np.random.default_rng(1)
    corners, _, _ = seen.random_box(rng)
    hull = carve(seen.views_of(corners, seen.half_turn(12), rng), seen.GEOMETRY, step_um=4.0)
    text = json.dumps(hull_record(hull))
    assert len(text) < 5000
    again = read_hull(json.loads(text))
    assert again.values() == pytest.approx(hull.values())
    mine, others = (points[np.lexsort(np.round(points, 5).T)] for points in (hull.points_mm, again.points_mm))
    np.testing.assert_allclose(mine, others, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cells": "###"}, "not compressed bits"),
        ({"cells": "QUJD"}, "not compressed bits"),
        ({"shape": [10, 6, 4]}, "allowed are 30"),
        ({"shape": [1, 1, 1]}, "allowed are 1"),
        ({"shape": [4000, 4000, 4000]}, "carve it with a larger step"),
        ({"shape": [0, 6, 3]}, "this is no hull: .'shape', 0"),
        ({"step_mm": float("nan")}, "this is no hull: .'step_mm'"),
        ({"more": 1}, "this is no hull"),
    ],
)
def test_a_wrong_record_is_refused(change, said):
    with pytest.raises(InvalidInput, match=said):
        read_hull(hull_record(block()) | change)


def test_silhouettes_at_one_angle_only_are_told_apart_from_a_hull():
    corners, _, _ = seen.random_box(np.random.default_rng(1))
    for places in ([(0, REST)] * 3, [(0, REST), (180, REST)], [(20, REST), (22, REST)]):
        found = carve(seen.views_of(corners, places), seen.GEOMETRY)
        assert isinstance(found, HullNotFound)
        assert "a quarter turn of omega away" in found.reason
    one = carve(seen.views_of(corners, [(0, REST)]), seen.GEOMETRY)
    assert isinstance(one, HullNotFound)
    assert "1 of 1 silhouettes" in one.reason


def test_a_blank_silhouette_counts_as_a_miss():
    corners, middle, _ = seen.random_box(np.random.default_rng(1))
    views = seen.views_of(corners, seen.half_turn(8))
    views[3] = HullView(np.zeros_like(views[3].mask), seen.CAMERA, views[3].pose)
    hull = carve(views, seen.GEOMETRY)
    assert np.linalg.norm(hull.centroid_mm * 1000 - middle) < 4
    views[5] = HullView(np.zeros_like(views[3].mask), seen.CAMERA, views[5].pose)
    found = carve(views, seen.GEOMETRY)
    assert isinstance(found, HullNotFound)
    assert "6 of 8 silhouettes" in found.reason


def test_silhouettes_of_different_samples_leave_nothing():
    mask = np.zeros((100, 100), dtype=bool)
    mask[10:20, 10:20] = True
    other = np.zeros((100, 100), dtype=bool)
    other[70:80, 70:80] = True
    camera = Camera(1.0, 50, 50)
    views = [HullView(mask, camera, POSE), HullView(other, camera, POSE.model_copy(update={"omega_deg": 90.0}))]
    found = carve(views, SINGLE)
    assert isinstance(found, HullNotFound)
    assert "calibration of axis and kappa" in found.reason


@pytest.mark.parametrize(
    ("mask", "more", "said"),
    [
        (np.zeros((4, 4, 3), dtype=bool), {}, r"mask 0 is bool of shape \(4, 4, 3\)"),
        (np.zeros((0, 4), dtype=bool), {}, "mask 0 is bool of shape"),
        (np.zeros((4, 4)), {}, "mask 0 is float64"),
        (np.ones((4, 4), dtype=bool), {"step_um": 0.0}, "step is 0.0 um"),
        (np.ones((4, 4), dtype=bool), {"step_um": float("nan")}, "step is nan um"),
        (np.ones((4, 4), dtype=bool), {"tolerance": 1}, "tolerance is 1 of 2"),
        (np.ones((4, 4), dtype=bool), {"edge_px": -1.0}, "uncertain by -1.0 px"),
        (np.ones((400, 400), dtype=bool), {"step_um": 1.0}, "more than 4000000 cells"),
    ],
)
def test_what_cannot_be_carved_is_refused(mask, more, said):
    camera = Camera(1.0, 50, 50)
    views = [HullView(mask, camera, POSE), HullView(mask, camera, POSE.model_copy(update={"omega_deg": 90.0}))]
    with pytest.raises(InvalidInput, match=said):
        carve(views, SINGLE, **more)


def test_twelve_views_take_less_than_the_time_allowed():
    rng = np.random.default_rng(1)
    corners, _, _ = seen.random_box(rng)
    views = seen.views_of(corners, seen.half_turn(12), rng)
    begin = time.process_time()
    carve(views, seen.GEOMETRY, step_um=4.0)
    assert time.process_time() - begin < 0.7
