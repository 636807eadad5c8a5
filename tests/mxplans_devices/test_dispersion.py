"""The built-in spot finder on frames of the virtual detector, whose spots are known."""

import numpy as np
import pytest
from frames_support import lysozyme, panel, take

from mxplans_devices.dispersion import DispersionSettings, DispersionTest, SpotGeometry, as_spots


def compare(taken, test):
    """Of all frames: strong true spots, how many of them are found, what is found, how much of it is no spot."""
    strong = seen = found = false = 0
    for index, frame in enumerate(taken.frames):
        x, y, photons, under = taken.truth(index)
        at_x, at_y, _, _ = test.find(frame)
        apart = np.hypot(at_x[:, None] - x, at_y[:, None] - y)
        whole = taken.good[np.rint(y).astype(int), np.rint(x).astype(int)]
        # Seven standard errors of a spot in 5 x 5 pixels.
        sure = whole & (photons > 7 * np.sqrt(photons + 25 * under)) & (photons > 25)
        strong, seen = strong + sure.sum(), seen + (apart.min(axis=0, initial=9.0)[sure] < 1.5).sum()
        found, false = found + len(at_x), false + (apart[:, photons > 3].min(axis=1, initial=9.0) > 2.5).sum()
    return strong, seen, found, false


@pytest.mark.parametrize("flux_hz", [1e12, 1e11, 1e10])
def test_strong_spots_are_found_and_nothing_is_invented(flux_hz):
    taken = take((lysozyme(),), flux_hz=flux_hz)
    strong, seen, found, false = compare(taken, DispersionTest(taken.good))
    assert strong > 20 and found > 50
    assert seen >= 0.97 * strong
    assert false <= 0.01 * found


def test_places_and_photons_are_right():
    taken = take((lysozyme(),))
    x, y, photons, _ = taken.truth(0)
    at_x, at_y, counted, sigma = DispersionTest(taken.good).find(taken.frames[0])
    apart = np.hypot(at_x[:, None] - x, at_y[:, None] - y)
    nearest, alone = apart.argmin(axis=1), (apart < 6).sum(axis=1) == 1
    near = alone & (apart.min(axis=1) < 1) & (photons[nearest] > 200)
    assert near.sum() > 10
    assert np.median(np.hypot(at_x - x[nearest], at_y - y[nearest])[near]) < 0.15
    pulls = (counted - photons[nearest])[near] / sigma[near]
    assert np.abs(np.median(pulls)) < 1 and np.std(pulls) < 2
    assert (np.diff(counted) <= 0).all()


def test_an_empty_beam_has_no_spots():
    taken = take(None, number=5, flux_hz=1e12)
    assert sum(len(DispersionTest(taken.good).find(frame)[0]) for frame in taken.frames) <= 1


def test_gaps_dead_and_hot_pixels_make_no_spots_even_where_the_mask_does_not_know_them():
    taken = take(None, number=1, flux_hz=1e12)
    frame = taken.frames[0].copy()
    frame[20:230:35, 20:230:35] = 5000  # one pixel each, not in the mask
    assert (frame[~taken.good] == np.iinfo(frame.dtype).max).all()
    assert len(DispersionTest(taken.good).find(frame)[0]) == 0


def blot(frame, x, y, photons, psf=0.9):
    rows, columns = np.indices(frame.shape)
    return frame + photons / (2 * np.pi * psf**2) * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * psf**2))


def test_an_overloaded_spot_is_a_spot_with_the_counts_that_there_are():
    rng = np.random.default_rng(1)
    frame = np.minimum(rng.poisson(blot(np.full((100, 100), 2.0), 40.0, 60.0, 5e6)), 60_000).astype(np.uint32)
    good = np.ones(frame.shape, dtype=bool)
    x, y, photons, _ = DispersionTest(good, overload=50_000).find(frame)
    assert (x[0], y[0]) == pytest.approx((40.0, 60.0), abs=0.3)
    assert 5e5 < photons[0] < 25 * 50_000


def test_a_spot_beside_a_gap_is_left_out_only_when_it_is_cut():
    rng = np.random.default_rng(1)
    frame = rng.poisson(blot(blot(np.full((100, 100), 2.0), 20.0, 50.0, 900), 60.0, 54.0, 900)).astype(np.uint32)
    good = np.ones(frame.shape, dtype=bool)
    good[45:50] = False
    x, _, _, _ = DispersionTest(good).find(frame)
    assert x.tolist() == [pytest.approx(60.0, abs=0.2)]


def test_what_is_too_large_for_a_spot_is_none():
    rng = np.random.default_rng(1)
    rows, columns = np.indices((200, 200))
    ring = np.abs(np.hypot(rows - 100, columns - 100) - 60) < 1.5
    frame = rng.poisson(2.0 + 60.0 * ring).astype(np.uint32)
    assert len(DispersionTest(np.ones(frame.shape, dtype=bool)).find(frame)[0]) <= 2


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32, np.int32])
def test_empty_and_black_frames_have_no_spots(dtype):
    good = np.ones((64, 64), dtype=bool)
    assert [len(part) for part in DispersionTest(good).find(np.zeros((64, 64), dtype))] == [0, 0, 0, 0]
    assert len(DispersionTest(~good).find(np.full((64, 64), 7, dtype))[0]) == 0
    top = np.full((64, 64), np.iinfo(dtype).max, dtype)
    assert len(DispersionTest(good).find(top)[0]) == 0
    with pytest.raises(ValueError, match="same shape"):
        DispersionTest(good).find(np.zeros((64, 65), dtype))


def test_spacings_are_those_of_the_truth():
    taken = take((lysozyme(),), number=1)
    x_px, y_px = panel().beam_px
    geometry = SpotGeometry(12398.42 / 12658.0, 100.0, x_px, y_px, 150.0, 150.0)
    spots = taken.scene.spots
    assert geometry.spacing_a(spots.x_px, spots.y_px) == pytest.approx(spots.d_a, rel=0.01)
    listed = as_spots(
        DispersionTest(taken.good, DispersionSettings(significance_min=8.0)).find(taken.frames[0]), geometry
    )
    assert all(spot.intensity > 8 * spot.sigma and 1.9 < spot.d_a < 60 for spot in listed)
