"""Where bodies stand in the picture, and the masks that are made of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from viewer_support import at_motors, specimen, tip_mm

from mxplans_sim.settings.camera import CameraSettings, ZoomLevel, side_camera
from mxplans_sim.world.optics import ON_AXIS, Viewer
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.shadow import cast_shadow, masks
from mxplans_sim.world.specimen import Drop, Pin, Rim, Specimen
from mxplans_sim.world.thickness import View

COARSE, FINE = ON_AXIS.zooms
WIDTH, HEIGHT = 680, 512
BEAM_Y_MM = 0.004
VIEWER = Viewer(1)

poses = st.tuples(*[st.floats(-0.1, 0.1)] * 3, st.floats(-360, 360))


def on_screen(point, placement, zoom):
    """Column and row of a point of the specimen, written out: x right, y down, the beam at its mark."""
    x, y, _ = placement.rotation @ point + placement.shift_mm
    return zoom.beam_x_px + x * 1000 / zoom.um_per_px, zoom.beam_y_px + (y - BEAM_Y_MM) * 1000 / zoom.um_per_px


def shadow_of(sample, placement, zoom=COARSE):
    return VIEWER.shadow(sample, placement, zoom, BEAM_Y_MM)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), poses, st.sampled_from([COARSE, FINE]), st.sampled_from(["box", "prism", "bipyramid"]))
def test_the_crystal_shows_where_its_centre_is(seed, pose, zoom, shape):
    sample, placement = specimen(seed, shape=shape), at_motors(*pose)
    column, row = on_screen(sample.crystals[0].centre_mm, placement, zoom)
    if not (60 < column < WIDTH - 60 and 60 < row < HEIGHT - 60):
        return  # partly out of the picture
    crystal = shadow_of(sample, placement, zoom).of("crystal")
    rows, columns = np.indices(crystal.shape)
    found = (crystal * columns).sum() / crystal.sum(), (crystal * rows).sum() / crystal.sum()
    assert found == pytest.approx((column, row), abs=0.3)
    volume_um3 = crystal.sum() * 1000 * zoom.um_per_px**2
    part_of_box = {"box": 1.0, "prism": 3 / 4, "bipyramid": 1 / 3}[shape]
    assert volume_um3 == pytest.approx(8e9 * part_of_box * np.prod(sample.crystals[0].half_size_mm), rel=0.05)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 10_000))
def test_any_rotation_will_do(seed, turned):
    """Chi or kappa lean the specimen out of the plane of the picture."""
    sample = specimen(seed)
    lean = Rotation.from_rotvec(np.random.default_rng(turned).normal(0.0, 0.4, 3)).as_matrix()
    placement = Placement(lean, -lean @ np.array(sample.crystals[0].centre_mm) + [0.05, -0.03, 0.2])
    crystal = shadow_of(sample, placement).of("crystal")
    rows, columns = np.indices(crystal.shape)
    found = (crystal * columns).sum() / crystal.sum(), (crystal * rows).sum() / crystal.sum()
    assert found == pytest.approx(on_screen(sample.crystals[0].centre_mm, placement, COARSE), abs=0.3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), poses)
def test_the_tip_of_the_silhouette_is_the_tip_of_the_loop(seed, pose):
    sample, placement = specimen(seed), at_motors(*pose)
    column, row = on_screen(tip_mm(sample.loop), placement, COARSE)
    fibre = shadow_of(sample, placement).of("loop")
    leftmost = np.flatnonzero(fibre.any(axis=0))[0]
    rows = np.flatnonzero(fibre[:, leftmost : leftmost + 3].any(axis=1))
    if not 20 < row < HEIGHT - 20:
        return
    assert leftmost == pytest.approx(column - 10 / COARSE.um_per_px, abs=4)  # the fibre's radius is 10 um
    # a bent loop that is seen flat-on turns its leftmost point away from its tip
    assert rows.mean() == pytest.approx(row, abs=0.18 * sample.loop.width_mm * 1000 / COARSE.um_per_px + 5)


def test_half_a_turn_mirrors_the_picture_at_the_axis():
    sample = specimen()
    view = View(WIDTH, HEIGHT, 0.0024, 340.0, (HEIGHT - 1) / 2, 0.0)
    front, back = (cast_shadow(sample, at_motors(0, 0, 0, omega), view) for omega in (0.0, 180.0))
    for kind in ("liquid", "crystal"):
        assert np.allclose(front.of(kind), back.of(kind)[::-1], atol=1e-4)


def test_a_bare_pin_is_out_of_sight_until_it_is_pulled_in():
    sample = specimen(empty=True)
    begins = sample.pin.path_mm[0][0]
    assert not masks(shadow_of(sample, at_motors(0, 0, 0, 30)))["foreground"].any()
    placement = at_motors(-0.5, 0, 0, 30)
    pulled = masks(shadow_of(sample, placement))["pin"]
    columns = np.flatnonzero(pulled.any(axis=0))
    assert columns[0] == pytest.approx(on_screen((begins, 0, 0), placement, COARSE)[0], abs=1)
    assert columns[-1] == WIDTH - 1  # it enters from the right
    assert pulled[:, -1].sum() == pytest.approx(2 * 325 / COARSE.um_per_px, abs=2)


def test_a_pin_along_the_beam_is_a_disc():
    on_end = Placement(Rotation.from_euler("y", 90, degrees=True).as_matrix(), np.zeros(3))
    pin = masks(shadow_of(Specimen("bare", None), on_end))["pin"]
    assert pin.sum() * COARSE.um_per_px**2 == pytest.approx(np.pi * 325**2, rel=0.02)


def test_a_bent_pin_bends_what_is_seen_of_it():
    """Its outline follows the two straight parts, radius 0.325 mm, and there is no gap at the knee."""
    settings = side_camera()
    viewer, zoom = Viewer(1, settings), settings.zooms[0]
    knee, end = np.array([2.0, 0.0, 0.0]), np.array([0.5, 0.0, 0.6])
    sample = Specimen("bent", None, pin=Pin((tuple(end), tuple(knee), (15.0, 0.0, 0.0))))
    pin = masks(viewer.shadow(sample, Placement(), zoom, 0.0))["pin"]
    rows, columns = np.indices(pin.shape)
    # The side camera has the beam's axis pointing up in its rows.
    points = np.stack([(columns - zoom.beam_x_px) * 0.012, -(rows - zoom.beam_y_px) * 0.012], axis=-1)
    for begin, finish in ((end, knee), (knee, np.array([15.0, 0.0, 0.0]))):
        start, stop = begin[[0, 2]], finish[[0, 2]]
        along = (stop - start) / np.linalg.norm(stop - start)
        part = (points - start) @ along
        beside = np.abs((points - start) @ [-along[1], along[0]])
        middle = (part > 0.1) & (part < np.linalg.norm(stop - start) - 0.1)
        assert pin[middle & (beside < 0.31)].all()
    assert not pin[(np.abs(points[..., 1]) > 0.34) & (points[..., 0] > 2.1)].any()


def test_fine_zoom_shows_twice_the_size():
    sample = specimen()
    centre = sample.crystals[0].centre_mm
    placement = at_motors(-centre[0], -centre[1], -centre[2], 20.0)
    areas = [masks(shadow_of(sample, placement, zoom))["crystal"].sum() for zoom in (COARSE, FINE)]
    assert areas[1] / areas[0] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("size", [(680, 512), (320, 256), (1360, 1024)])
def test_masks_say_what_is_where(seed, size):
    viewer = Viewer(1, CameraSettings.model_validate({"width_px": size[0], "height_px": size[1]}))
    sample = specimen(seed)
    flat = Rotation.from_matrix(sample.loop.rotation).inv().as_matrix()
    placement = Placement(flat, -flat @ np.array(sample.loop.neck_mm) + [0.1, 0.0, 0.0])
    found = masks(viewer.shadow(sample, placement, viewer.settings.zooms[0], 0.0))
    assert set(found) == {"crystal", "loop_inside", "loop", "stem", "pin", "foreground"}
    assert all(mask.shape == size[::-1] and mask.dtype == bool for mask in found.values())
    assert not (found["loop_inside"] & ~found["loop"]).any()
    assert all((mask & ~found["foreground"]).sum() == 0 for mask in found.values())
    # The whole crystal is in the loop, seen flat-on: the loop's inside is where its fibre is not.
    assert (found["crystal"] & found["loop"]).sum() > 0.9 * found["crystal"].sum() > 0
    loop = sample.loop
    # Area of the teardrop: half its length times the integral of 0.47 width (1 - 0.35 cos t) sin^2 t over a turn.
    outline_um2 = 0.5e6 * loop.length_mm * 0.47 * loop.width_mm * np.pi
    um_per_px = viewer.settings.zooms[0].um_per_px
    fibre_px = (found["loop"] & ~found["loop_inside"]).sum()
    assert (found["loop_inside"].sum() + fibre_px / 2) * um_per_px**2 == pytest.approx(outline_um2, rel=0.05)


def test_what_is_out_of_the_picture_is_in_no_mask():
    far = at_motors(5.0, 5.0, 0.0, 0.0)
    assert not any(mask.any() for mask in masks(shadow_of(specimen(), far)).values())
    assert shadow_of(specimen(), far).bodies == ()


def test_drops_and_rims_are_foreground_only():
    sample = Specimen("well", None, pin=None, drops=(Drop((0, 0, 0), (0.2, 0.2, 0.1)),), rims=(Rim((0, 0, 0), 0.4),))
    found = masks(shadow_of(sample, Placement()))
    assert found["foreground"].sum() * COARSE.um_per_px**2 == pytest.approx(
        np.pi * 200**2 + np.pi * (430**2 - 370**2), rel=0.03
    )
    assert not any(mask.any() for name, mask in found.items() if name != "foreground")


def test_a_leaning_fibre_is_in_pieces_of_one_depth_each():
    sample = specimen()
    leaning = Placement(Rotation.from_euler("y", 40, degrees=True).as_matrix(), np.zeros(3))
    depths = sorted(body.depth_mm for body in shadow_of(sample, leaning).bodies if body.kind == "stem")
    assert len(depths) > 4
    assert np.ptp(depths) > 0.2
    whole = shadow_of(replace(sample, crystals=()), leaning).of("stem")
    assert np.flatnonzero(whole.any(axis=0)).size > 100  # and no gap between them
    assert np.diff(np.flatnonzero(whole.any(axis=0))).max() == 1


def test_the_beam_mark_is_where_the_beam_is():
    zoom = ZoomLevel(name="odd", um_per_px=2.0, beam_x_px=100.0, beam_y_px=50.0)
    view = VIEWER.view(zoom, beam_y_mm=0.1)
    assert view.pixels(np.array([[0.0, 0.1, 7.0]])) == pytest.approx(np.array([[100.0, 50.0]]))
