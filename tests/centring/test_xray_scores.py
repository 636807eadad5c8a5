"""Scores of frames, the background of any grid, blobs and their fit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xray_support import CENTRE

from mxplans.centring import find_blobs, score_frames, significance
from mxplans.centring.background import background
from mxplans.centring.crystals import size_um
from mxplans.centring.scores import ICE_RINGS_A, score_frame
from mxplans.errors import InvalidInput
from mxplans.geometry import GridPlan
from mxplans.model import FrameSpots, Spot


def spot(intensity=50.0, d_a=4.5, sigma=7.0):
    return Spot(x_px=1, y_px=1, intensity=intensity, sigma=sigma, d_a=d_a)


def frame(*spots):
    return FrameSpots(image=1, spots=spots)


def test_a_frame_is_scored_without_ice_and_without_what_is_out_of_range():
    ice = [spot(900, d_a) for d_a in ICE_RINGS_A]
    found = score_frame(frame(*[spot(d_a=d) for d in (8.0, 4.5, 2.0)], *ice, spot(500, 1.2), spot(500, 80.0)))
    assert (found.photons, found.n_spots) == (150.0, 3)
    assert found.quality == pytest.approx(3 * 50 / 7)
    assert 2.0 <= found.d_est_a < 2.3


def test_one_monster_does_not_make_a_crystal_and_the_cap_is_the_same_for_half_of_it():
    spots = [spot(40.0, d) for d in np.linspace(2, 8, 20)]
    calm, salty = score_frame(frame(*spots)), score_frame(frame(*spots, spot(1e6, 3.0, 1e3)))
    assert salty.photons == calm.photons + 30 * 40
    assert salty.quality <= calm.quality + 30
    half = score_frame(frame(*[spot(each.intensity / 2, each.d_a) for each in (*spots, spot(1e6, 3.0))]))
    assert half.photons == salty.photons / 2


@pytest.mark.parametrize("intensity", [np.nan, np.inf, -3.0])
def test_intensities_that_cannot_be_are_refused(intensity):
    with pytest.raises(InvalidInput, match="image 1 has a spot"):
        score_frame(frame(spot(), spot(intensity), spot()))


def test_a_grid_has_quality_and_resolution_of_each_box():
    grid = GridPlan(CENTRE, 3, 1, 20.0)
    frames = [FrameSpots(image=image, spots=(spot(),) * n) for image, n in ((1, 0), (2, 4), (3, 2))]
    view = score_frames(grid, frames)
    assert view.score.tolist() == [[0.0, 200.0, 0.0]]
    assert view.n_spots.tolist() == [[0, 4, 2]]
    assert view.d_est_a.tolist() == [[np.inf, pytest.approx(4.5), np.inf]]
    with pytest.raises(ValueError, match="outside a grid of 3 boxes"):
        score_frames(grid, [FrameSpots(image=4)])


@pytest.mark.parametrize("shape", [(1, 30), (30, 1), (2, 30), (30, 2), (12, 20), (4, 4)])
def test_background_is_the_same_whatever_the_shape_of_the_grid(shape):
    rng = np.random.default_rng(1)
    levels = []
    for _ in range(40):
        score = rng.poisson(20.0, shape).astype(float)
        score[shape[0] // 2, shape[1] // 2] += 300
        level, spread = background(score)
        levels.append(level)
        assert spread < 4 * np.sqrt(20)
        assert significance(score) > 10
    assert np.mean(levels) == pytest.approx(20.0, abs=4)


def test_a_line_with_a_crystal_over_its_end_takes_the_other_end():
    score = np.array([[200.0, 180.0, 90.0, 20.0, 5.0, 4.0, 6.0, 5.0, 5.0, 4.0]])
    assert background(score)[0] == 4.5
    assert significance(score) > 10


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 3), (3, 5)])
def test_a_few_boxes_are_no_background_of_their_own(shape):
    assert background(np.full(shape, 300.0)) == (0.0, 0.0)
    assert significance(np.full(shape, 300.0)) > 15


def hill(shape, row, column, sigmas=(1.0, 1.0), height=300.0):
    rows, columns = np.indices(shape)
    return height * np.exp(-0.5 * (((rows - row) / sigmas[0]) ** 2 + ((columns - column) / sigmas[1]) ** 2))


@given(st.floats(3, 8), st.floats(3, 12), st.floats(0.6, 1.6), st.floats(0.6, 1.6), st.integers(0, 999))
@settings(max_examples=50, deadline=None)
def test_the_fit_finds_a_compact_hill_within_its_error(row, column, row_sigma, column_sigma, seed):
    score = (
        np.random.default_rng(seed).poisson(hill((12, 16), row, column, (row_sigma, column_sigma)) + 1.0).astype(float)
    )
    blob = find_blobs(score)[0]
    assert blob.fitted
    assert abs(blob.row - row) < 6 * blob.row_error and abs(blob.column - column) < 6 * blob.column_error
    assert blob.row_error < 0.1
    assert blob.row_sigma == pytest.approx(row_sigma, rel=0.25)


def test_two_hills_that_touch_are_told_apart_with_their_own_photons():
    rng = np.random.default_rng(2)
    score = rng.poisson(hill((12, 20), 6, 7, height=300) + hill((12, 20), 6, 11, height=150) + 1.0).astype(float)
    left, right = find_blobs(score)
    assert (left.column, right.column) == pytest.approx((7, 11), abs=0.2)
    assert left.total / right.total == pytest.approx(2.0, rel=0.15)


def test_a_bar_is_no_gaussian_and_keeps_its_centre_of_mass():
    score = np.zeros((15, 30))
    score[6:9, 4:24] = 200.0
    (blob,) = find_blobs(score)
    assert not blob.fitted
    assert (blob.row, blob.column) == pytest.approx((7, 13.5))
    assert size_um(blob.column_sigma * 20.0, 20.0) == pytest.approx(20 * 20.0, rel=0.03)


@pytest.mark.parametrize(("size", "beam"), [(30.0, 20.0), (100.0, 20.0), (10.0, 20.0)])
def test_sizes_are_free_of_the_beam(size, beam):
    seen = np.sqrt(size**2 / 12 + (beam / 2.3548) ** 2)
    assert size_um(seen, beam) == pytest.approx(size)
    assert size_um(beam / 2.5, beam) == 0.0


def test_noise_alone_has_no_blobs():
    rng = np.random.default_rng(4)
    blobs = [find_blobs(rng.poisson(1.0, (15, 25)).astype(float)) for _ in range(50)]
    assert sum(map(len, blobs)) <= 1
