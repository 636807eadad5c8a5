import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans_sim.settings import SampleTruth
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.optics import HEIGHT, WIDTH, ZOOMS, Viewer, cast_shadow
from mxplans_sim.world.seeding import make_specimen

COARSE, FINE = ZOOMS
BEAM_Y_MM = 0.004


def specimen(seed=1, **truth):
    pin = PinInDewar(1, 1, "", (Sample("one", "Lyso"),))
    return make_specimen(seed, pin, SampleTruth(**truth))


def on_screen(point, pose, zoom):
    """Column and row of a point of the specimen, written out: R_x(omega) (s + m), x right, y down."""
    x, y, z = (s + m for s, m in zip(point, pose[:3], strict=True))
    w = math.radians(pose[3])
    height = y * math.cos(w) - z * math.sin(w)
    return zoom.beam_x_px + x * 1000 / zoom.um_per_px, zoom.beam_y_px + (height - BEAM_Y_MM) * 1000 / zoom.um_per_px


poses = st.tuples(*[st.floats(-0.1, 0.1)] * 3, st.floats(-360, 360))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), poses, st.sampled_from(ZOOMS))
def test_the_crystal_shows_where_its_centre_is(seed, pose, zoom):
    sample = specimen(seed)
    column, row = on_screen(sample.crystals[0].centre_mm, pose, zoom)
    if not (60 < column < WIDTH - 60 and 60 < row < HEIGHT - 60):
        return  # partly out of the picture
    crystal = cast_shadow(sample, pose, zoom.view(BEAM_Y_MM)).crystal
    rows, columns = np.indices(crystal.shape)
    found = (crystal * columns).sum() / crystal.sum(), (crystal * rows).sum() / crystal.sum()
    assert found == pytest.approx((column, row), abs=0.3)
    volume_um3 = crystal.sum() * 1000 * zoom.um_per_px**2
    assert volume_um3 == pytest.approx(8e9 * np.prod(sample.crystals[0].half_size_mm), rel=0.05)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), poses)
def test_the_tip_of_the_silhouette_is_the_tip_of_the_loop(seed, pose):
    sample = specimen(seed)
    loop = sample.loop
    tip = [neck - loop.length_mm * row[0] for neck, row in zip(loop.neck_mm, loop.rotation, strict=True)]
    column, row = on_screen(tip, pose, COARSE)
    fibre = cast_shadow(sample, pose, COARSE.view(BEAM_Y_MM)).fibre
    leftmost = np.flatnonzero(fibre.any(axis=0))[0]
    rows = np.flatnonzero(fibre[:, leftmost : leftmost + 3].any(axis=1))
    if not 20 < row < HEIGHT - 20:
        return
    assert leftmost == pytest.approx(column - 10 / COARSE.um_per_px, abs=4)  # the fibre's radius is 10 um
    # a bent loop that is seen flat-on turns its leftmost point away from its tip
    assert rows.mean() == pytest.approx(row, abs=0.18 * loop.width_mm * 1000 / COARSE.um_per_px + 5)


def test_half_a_turn_mirrors_the_picture_at_the_axis():
    sample = specimen()
    view = replace(COARSE, beam_y_px=(HEIGHT - 1) / 2).view(0.0)
    front, back = (cast_shadow(sample, (0, 0, 0, omega), view) for omega in (0.0, 180.0))
    assert np.allclose(front.liquid, back.liquid[::-1], atol=1e-4)
    assert np.allclose(front.crystal, back.crystal[::-1], atol=1e-4)


def test_a_bare_pin_is_out_of_sight_until_it_is_pulled_in():
    sample = specimen(empty=True)
    view = COARSE.view(0.0)
    assert not any(part.any() for part in vars(cast_shadow(sample, (0, 0, 0, 30), view)).values())
    pulled = cast_shadow(sample, (-0.5, 0, 0, 30), view).pin
    columns = np.flatnonzero(pulled.any(axis=0))
    assert columns[0] == pytest.approx(on_screen((sample.pin_begins_mm - 0.5, 0, 0), (0, 0, 0, 0), COARSE)[0], abs=1)
    assert columns[-1] == WIDTH - 1  # it enters from the right
    assert pulled[:, -1].sum() == pytest.approx(2 * 325 / COARSE.um_per_px, abs=2)


def test_pictures_of_the_same_pose_differ_only_by_noise():
    viewer, sample, pose = Viewer(1), specimen(), (0.1, 0.0, 0.0, 45.0)
    first, second = (viewer.expose(sample, pose, COARSE, 0.0, True).astype(float) for _ in range(2))
    assert 0.5 < (first - second).std() < 6
    other = viewer.expose(sample, (0.1, 0.05, 0.0, 45.0), COARSE, 0.0, True).astype(float)
    assert (first - other).std() > 10


def test_the_specimen_is_dark_on_a_bright_field_and_nothing_shows_without_backlight():
    viewer, sample = Viewer(1), specimen()
    empty = viewer.expose(None, (0, 0, 0, 0), COARSE, 0.0, True).astype(float)
    mounted = viewer.expose(sample, (0, 0, 0, 0), COARSE, 0.0, True).astype(float)
    fibre = cast_shadow(sample, (0, 0, 0, 0), COARSE.view(0.0)).fibre > 0.008
    assert empty.mean() > 120
    assert mounted[fibre].mean() < 0.5 * empty[fibre].mean()
    assert (mounted - empty)[:40, :40].mean() == pytest.approx(0.0, abs=1.0)
    assert viewer.expose(sample, (0, 0, 0, 0), COARSE, 0.0, False).mean() < 12


def test_fine_zoom_shows_twice_the_size():
    sample = specimen()
    centre = sample.crystals[0].centre_mm
    pose = (-centre[0], -centre[1], -centre[2], 20.0)
    areas = [(cast_shadow(sample, pose, zoom.view(0.0)).crystal > 0).sum() for zoom in ZOOMS]
    assert areas[1] / areas[0] == pytest.approx(4.0, rel=0.1)
