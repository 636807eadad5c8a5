"""Modules, bad pixels, regions, and what the electronics do to many photons."""

from dataclasses import replace

import numpy as np
import pytest
from burst_support import make_burst
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mxplans_sim.diffraction.panel import DEAD, GAP, HOT, Panel
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.specimen import Crystal

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
CRYSTAL = Crystal((0.0, 0.0, 0.0), (0.025,) * 3, EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", EYE)


def panel(region=False, /, **settings):
    return Panel(DetectorSettings.model_validate({"background": 60.0} | settings), 3, region)


def shoot(panel, burst, index=0):
    frame = np.empty((panel.ny, panel.nx), np.uint32)
    return frame, Scene.of(burst, panel, 1).render(index, 1, frame)


def test_a_detector_of_four_megapixels_has_the_gaps_of_its_modules():
    # 2 x 4 modules of 1030 x 514 pixels, 10 columns and 37 rows between them: an EIGER2 4M.
    mask = panel(nx=2070, ny=2167, modules_x=2, modules_y=4, pixel_um=75.0).mask
    columns, rows = np.flatnonzero((mask == GAP).all(axis=0)), np.flatnonzero((mask == GAP).all(axis=1))
    assert columns.tolist() == list(range(1030, 1040))
    assert rows.tolist() == [*range(514, 551), *range(1065, 1102), *range(1616, 1653)]
    assert np.count_nonzero(mask == 0) == 8 * 1030 * 514


@given(st.integers(1, 4), st.integers(1, 4), st.integers(8, 40), st.integers(0, 12))
def test_modules_and_gaps_fill_any_detector(modules_x, modules_y, size, gap):
    shape = {"nx": modules_x * size + (modules_x - 1) * gap, "ny": modules_y * size + (modules_y - 1) * gap}
    some = panel(modules_x=modules_x, modules_y=modules_y, gap_x_px=gap, gap_y_px=gap, **shape)
    assert np.count_nonzero(some.mask == 0) == modules_x * modules_y * size**2


@pytest.mark.parametrize(
    "wrong",
    [
        {"nx": 512, "modules_x": 2, "gap_x_px": 9},
        {"dead_px": 512 * 512},
        {"roi": {"nx": 513, "ny": 10, "frame_time_min_s": 0.001}},
        {"bit_depth": 8},
    ],
)
def test_a_detector_that_cannot_be_built_is_refused(wrong):
    with pytest.raises(ValidationError, match="modules|bad pixels|must fit|bit_depth"):
        panel(**wrong)


def test_bad_pixels_are_in_the_mask_and_have_the_largest_value():
    bad = panel(nx=256, ny=276, modules_y=2, gap_y_px=20, dead_px=30, hot_px=12, pixel_um=300.0)
    assert [np.count_nonzero(bad.mask == bit) for bit in (DEAD, HOT, GAP)] == [30, 12, 256 * 20]
    frame, _ = shoot(bad, make_burst((CRYSTAL,), 3))
    assert (frame[bad.mask > 0] == 2**32 - 1).all()
    assert frame[bad.mask == 0].max() < 10_000
    again = panel(nx=256, ny=276, modules_y=2, gap_y_px=20, dead_px=30, hot_px=12, pixel_um=300.0)
    np.testing.assert_array_equal(bad.mask, again.mask)
    assert (Panel(bad.settings, 4).mask != bad.mask).any()


def test_no_spot_is_found_on_a_gap():
    gap = panel(modules_x=2, modules_y=2, gap_x_px=100, gap_y_px=100)
    _, found = shoot(gap, make_burst((CRYSTAL,), 1, flux_hz=1e14))
    assert len(found) > 5
    for x_px, y_px in found[:, :2]:
        box = np.s_[round(y_px) - 2 : round(y_px) + 3, round(x_px) - 2 : round(x_px) + 3]
        assert not gap.mask[box].any()


@pytest.mark.parametrize("bit_depth", [16, 32])
def test_counts_saturate_one_below_the_value_of_the_mask(bit_depth):
    deep = panel(bit_depth=bit_depth, background=0.0)
    frame, found = shoot(deep, make_burst((CRYSTAL,), 1, flux_hz=1e17))
    if bit_depth == 16:
        assert frame.max() == 65_534
        assert found[0, 2] == pytest.approx(25 * 65_534, rel=0.5)
    else:
        assert frame.max() > 65_536
    assert deep.dtype == np.dtype(f"<u{bit_depth // 8}")


def test_dead_time_follows_the_rate_of_each_pixel():
    # 1 us, 0.02 s: a pixel that is hit n times shows n / (1 + n / 20000).
    burst = make_burst((CRYSTAL,), 1, flux_hz=1e16)
    frame, _ = shoot(panel(), burst)
    slow, _ = shoot(panel(dead_time_s=1e-6), burst)
    np.testing.assert_allclose(slow, frame / (1 + frame / 20_000.0), atol=0.5)
    assert frame.max() > 20_000 > slow.max()


def test_a_region_shows_the_middle_of_the_whole_with_the_beam_where_it_is():
    roi = {"nx": 256, "ny": 128, "frame_time_min_s": 0.001}
    whole, region = panel(roi=roi), panel(True, roi=roi)
    assert (region.nx, region.ny, region.origin_px, region.frame_time_min_s) == (256, 128, (128, 192), 0.001)
    burst = make_burst((CRYSTAL,), 1, flux_hz=1e14)
    every, some = (Scene.of(burst, one, 1).spots for one in (whole, region))
    shifted = set(zip((every.x_px - 128).round(6), (every.y_px - 192).round(6), strict=True))
    assert len(some.x_px) > 20
    assert set(zip(some.x_px.round(6), some.y_px.round(6), strict=True)) <= shifted


def test_thin_frames_hold_the_spots_of_full_ones_without_background():
    burst = make_burst((CRYSTAL,), 5, flux_hz=5e12)
    thin, thin_found = shoot(panel(frames="thin"), burst, 2)
    full, full_found = shoot(panel(), burst, 2)
    assert np.count_nonzero(thin) < 0.03 * thin.size < np.count_nonzero(full)
    assert len(thin_found) == pytest.approx(len(full_found), rel=0.15)
    strong = {tuple(spot) for spot in full_found[:10, :2]}
    assert len(strong & {tuple(spot) for spot in thin_found[:14, :2]}) >= 8
    empty, nothing = shoot(panel(frames="thin"), replace(burst, specimen=None), 2)
    assert not empty.any()
    assert not len(nothing)
