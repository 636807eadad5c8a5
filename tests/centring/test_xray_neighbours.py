"""Neighbours in one view: told apart where there is a valley, their photons taken into account where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from xray_support import CENTRE, counts, crystal, turned, views

from mxplans.centring import find_blobs, locate_crystals
from mxplans.centring.maxima import kept_variance
from mxplans.centring.sights import freed
from mxplans.geometry import GridPlan

EYE = np.eye(3)


def at(offset_mm, half_um=12):
    return -np.array(CENTRE.xyz_mm) + offset_mm, np.array([half_um] * 3) / 1000, EYE


def test_neighbours_two_and_a_half_boxes_apart_are_two_blobs_at_their_places():
    rng = np.random.default_rng(1)
    grid = GridPlan(CENTRE, 20, 14, 20.0)
    view = counts(grid, [at((-0.025, 0, 0)), at((0.025, 0, 0))], rng, fwhm_um=15.0)
    columns = sorted(blob.column for blob in find_blobs(view.score))
    assert columns == pytest.approx([9.5 - 1.25, 9.5 + 1.25], abs=0.1)


def test_noise_does_not_break_a_long_crystal():
    rng = np.random.default_rng(21)
    numbers = []
    for _ in range(20):
        truth = crystal(rng, half_um=(100, 30, 20), spread_mm=(0.06, 0.03, 0.03))
        numbers += [len(find_blobs(view.score)) for view in views([truth], rng, columns=25, rows=15)]
    assert np.mean(np.array(numbers) != 1) <= 0.05


def test_the_variance_that_a_smoothing_keeps_is_that_of_smoothed_noise():
    noise = np.random.default_rng(2).normal(size=(300, 300))
    for boxes in (0.3, 0.7):
        assert ndimage.gaussian_filter(noise, boxes).var() == pytest.approx(kept_variance(boxes), rel=0.05)


def test_a_blob_that_holds_a_neighbour_is_believed_less_and_a_pure_one_as_before():
    rng = np.random.default_rng(3)
    both = views([at((0.0, 0.03, 0.02))], rng)
    blobs = {k: find_blobs(view.score)[0] for k, view in enumerate(both)}
    assert freed(both, blobs) == blobs
    stronger = {**blobs, 1: replace(blobs[1], total=3 * blobs[1].total)}
    told = freed(both, stronger)
    assert told[0] == blobs[0]
    # Of three parts of light 1.35 may be its own: half of the width times the rest.
    assert told[1].row_error == pytest.approx(0.5 * blobs[1].row_sigma * (1 - 1.35 / 3), rel=0.1)


def test_a_third_view_without_the_crystal_takes_it_back():
    rng = np.random.default_rng(4)
    truth = at((0.0, 0.04, 0.03))
    both = views([truth], rng)
    assert len(locate_crystals(both, 20.0).candidates) == 1
    elsewhere = counts(GridPlan(turned(45.0), 20, 14, 20.0), [at((0.0, -0.04, 0.08))], rng)
    found = locate_crystals([*both, elsewhere], 20.0)
    assert found.candidates == () and len(found.unpaired) == 3
