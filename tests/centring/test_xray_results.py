"""What is done with crystals once they are found: positions of a pin, MXLIMS's clouds and volumes, events."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xray_support import CENTRE, lit, turned, views

from mxplans.centring import CrystalsFound, XrayCandidate, locate_crystals
from mxplans.centring.pins import PinLayout, pin_position_of
from mxplans.centring.volume import result_volume, volume_scan
from mxplans.errors import InvalidInput
from mxplans.geometry import GridPlan
from mxplans.model import Pose
from mxplans.plans.record import Record

UUID = "00000000-0000-4000-8000-00000000000a"
PIN = PinLayout(first_x_mm=-0.8, spacing_mm=0.4, number_positions=5)


def found_at(x_mm, peak=10.0):
    return XrayCandidate(
        pose=Pose(x_mm=x_mm, y_mm=0, z_mm=0, omega_deg=0),
        sigma_um=(1, 1, 1),
        size_um=(30, 20, 15),
        total=100.0,
        significance=10.0,
        covariance_um2=((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        peak=peak,
    )


@given(st.integers(1, 5), st.floats(-0.199, 0.199))
def test_a_crystal_belongs_to_the_nearest_position(position, off_mm):
    assert pin_position_of(found_at(PIN.x_mm(position) + off_mm), PIN) == position


@pytest.mark.parametrize("x_mm", [-1.05, 1.05, 30.0])
def test_a_crystal_beyond_the_positions_is_on_none(x_mm):
    assert pin_position_of(found_at(x_mm), PIN) is None


def test_a_crystal_between_wells_is_on_none_where_they_are_small():
    small = PinLayout(-0.8, 0.4, 5, reach_mm=0.1)
    assert pin_position_of(found_at(-0.71), small) == 1
    assert pin_position_of(found_at(-0.6), small) is None


@pytest.mark.parametrize(
    ("spacing_mm", "count", "reach_mm"), [(0.0, 3, None), (math.nan, 3, None), (0.4, 0, None), (0.4, 3, -1.0)]
)
def test_a_layout_that_cannot_be_is_refused(spacing_mm, count, reach_mm):
    with pytest.raises(InvalidInput, match="allowed are 1 position or more"):
        PinLayout(0.0, spacing_mm, count, reach_mm)


def test_a_volume_scan_says_where_it_looked_and_where_the_crystals_are():
    rng = np.random.default_rng(5)
    truths = [
        (-np.array(CENTRE.xyz_mm) + offset, np.array([half] * 3) / 1000, np.eye(3))
        for offset, half in (([-0.1, 0.08, -0.06], 12), ([0.1, -0.08, 0.07], 18))
    ]
    both = views(truths, rng)
    found = locate_crystals(both, beam_size_um=20)
    job = volume_scan(UUID, both, found)
    assert (job.experiment_type, job.uuid) == ("Xray.centring", UUID)
    assert job.rotation_angles == (0.0, 90.0)
    assert job.bounding_box_size == pytest.approx((0.4, 0.28, 0.28))
    assert job.search_volume.position == {"omega": 30.0, "sampleX": 0.1, "sampleY": -0.2, "sampleZ": 0.05}
    cloud = job.result_volume
    assert cloud.grouping == (1, 2)
    assert len(cloud.coordinates) == len(cloud.intensities) == len(cloud.reflection_counts) == 2
    assert cloud.coordinates[0] == (0.0, 0.0, 0.0) and cloud.resolutions is None
    # Position and coordinates together are motors that put a crystal into the beam.
    start = [cloud.position[axis] for axis in ("sampleX", "sampleY", "sampleZ")]
    for travel, (centre, _, _) in zip(cloud.coordinates, truths[::-1], strict=True):
        assert np.add(start, travel) == pytest.approx(-centre, abs=0.005)
    assert job.to_json()["resultVolume"]["reflectionCounts"] == [0, 0]


def test_reflections_and_resolution_are_those_of_the_box_under_the_crystal():
    grids = [GridPlan(turned(degrees), 5, 5, 20.0) for degrees in (0.0, 90.0)]
    both = [lit(grid, (2, 3), photons=photons) for grid, photons in zip(grids, (100.0, 120.0), strict=True)]
    for view in both:
        object.__setattr__(view, "d_est_a", np.where(view.score > 0, 2.1, np.inf))
    cloud = result_volume(locate_crystals(both, beam_size_um=20), both)
    assert (cloud.reflection_counts, cloud.resolutions) == ((12,), (2.1,))


def test_nothing_found_is_a_job_without_a_result():
    both = [lit(GridPlan(turned(degrees), 5, 5, 20.0)) for degrees in (0.0, 90.0)]
    found = locate_crystals(both, beam_size_um=20)
    assert found.candidates == found.unpaired == ()
    assert volume_scan(UUID, both, found).result_volume is None
    assert volume_scan(UUID, both[:1], found).bounding_box_size[2] == 0.0
    with pytest.raises(InvalidInput, match="one or more"):
        volume_scan(UUID, [], CrystalsFound((), ""))


def test_a_crystals_event_has_its_covariance_and_units():
    values = found_at(0.5).values()
    keys = Record(values, "xray centring").describe()
    assert keys["xrc_covariance_um2"]["shape"] == [9] and keys["xrc_covariance_um2"]["units"] == "um2"
    assert keys["xrc_size_along_um"]["units"] == "um"
    assert (values["xrc_n_views"], values["xrc_merged"], values["xrc_n_truncated"]) == (2, 0, 0)


def test_the_best_is_the_brightest_then_the_larger_then_the_lonelier():
    grids = [GridPlan(turned(degrees), 21, 21, 20.0) for degrees in (0.0, 90.0)]
    both = [lit(grid, (3, 3), (10, 17), photons=400.0) for grid in grids]
    for view in both:
        view.score[16, 9] = view.score[16, 10] = 400.0  # as bright, and larger
        view.score[10, 14] = 200.0
    ranked = locate_crystals(both, beam_size_um=10).candidates
    boxes = [tuple(np.round(grids[0].box(candidate.pose), 1).tolist()) for candidate in ranked]
    assert boxes == [(16.0, 9.5), (3.0, 3.0), (10.0, 17.0), (10.0, 14.0)]
