"""Images in their order, whatever was taken in between, again, or not at all."""

import lims_records
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lims_record_parts import asked, frame_files, scan

from mxplans_lims.executed import executed_sweeps
from mxplans_lims.nxmx.images import angles_deg, in_order

EXACT_DEG = 1e-9
"""Roundings of sums of doubles below 360."""


def places(images):
    """(file, index in it) of each image, None where there is none."""
    found = [None] * images.number
    for source in images.sources:
        for step in range(source.number):
            assert found[source.first + step] is None
            found[source.first + step] = (source.path, source.begin + step)
    return found


def wedge(sweep, first, images, start_s, ordinal, out=lims_records.OUT, **changes):
    return scan("A", sweep, start_s, out, first=first, images=images, ordinal=ordinal, **changes)


@given(st.permutations([0, 1, 2, 3]), st.integers(1, 5))
def test_wedges_come_in_image_order_in_whatever_order_they_were_taken(order, images):
    sweep = asked("a", number_images=4 * images, image_width_deg=0.25, omega_start_deg=30.0)
    scans = [
        wedge(sweep, wedge_number * images + 1, images, 10.0 * at, ordinal=at)
        for at, wedge_number in enumerate(order, start=1)
    ]
    found = in_order(scans)
    taken_as = {wedge_number: at for at, wedge_number in enumerate(order)}
    expected = [(scans[taken_as[n // images]].files[0].path, n % images) for n in range(4 * images)]
    assert places(found) == expected
    begins, ends = angles_deg(found.ramps)
    assert begins == pytest.approx(30.0 + 0.25 * np.arange(4 * images), abs=EXACT_DEG)
    assert ends == pytest.approx(begins + 0.25, abs=EXACT_DEG)


def test_interleaved_energies_do_not_mix():
    record = lims_records.mad(wedges=3, wedge_images=4)
    for sweep in executed_sweeps(record):
        found = in_order(sweep.scans)
        assert [source.path for source in found.sources] == [each.files[0].path for each in sweep.scans]
        assert (found.number, found.taken) == (12, 12)


def test_files_of_one_scan_follow_each_other():
    sweep = asked("a", number_images=2500)
    (files,) = [in_order([wedge(sweep, 1, 2500, 0.0, 1)]).sources]
    assert [(source.first, source.number, source.begin) for source in files] == [
        (0, 1000, 0),
        (1000, 1000, 0),
        (2000, 500, 0),
    ]


def test_an_image_that_was_taken_again_is_the_later_one():
    sweep = asked("a", number_images=10, image_width_deg=0.5)
    broken = wedge(sweep, 1, 10, 0.0, 1, files=frame_files(lims_records.OUT, "broken", 6), exit_status="fail")
    again = wedge(sweep, 4, 7, 50.0, 2, files=frame_files(lims_records.OUT, "again", 7))
    found = in_order([broken, again])
    names = [path.rsplit("/", 1)[1].split("_")[0] for path, _ in places(found)]
    assert names == ["broken"] * 3 + ["again"] * 7
    assert [index for _, index in places(found)] == [0, 1, 2, *range(7)]


def test_a_missing_wedge_keeps_its_place_and_its_angles():
    sweep = asked("a", number_images=12, image_width_deg=0.5, omega_start_deg=100.0)
    found = in_order([wedge(sweep, 1, 4, 0.0, 1), wedge(sweep, 9, 4, 20.0, 3)])
    assert [place is None for place in places(found)] == [False] * 4 + [True] * 4 + [False] * 4
    assert (found.number, found.taken) == (12, 8)
    assert angles_deg(found.ramps)[0] == pytest.approx(100.0 + 0.5 * np.arange(12), abs=EXACT_DEG)


def test_a_sweep_begins_at_its_first_image_that_was_taken():
    sweep = asked("a", number_images=12, image_width_deg=0.5, omega_start_deg=100.0)
    found = in_order([wedge(sweep, 5, 4, 0.0, 1)])
    assert found.number == 4
    assert angles_deg(found.ramps)[0][0] == pytest.approx(102.0, abs=EXACT_DEG)


def test_the_step_is_the_one_that_the_detector_says():
    sweep = asked("a", number_images=4, image_width_deg=0.5)
    one = wedge(sweep, 1, 4, 0.0, 1)
    backwards = one.model_copy(update={"detector": one.detector.model_copy(update={"omega_increment_deg": -0.5})})
    silent = one.model_copy(update={"detector": one.detector.model_copy(update={"omega_increment_deg": None})})
    assert angles_deg(in_order([backwards]).ramps)[0].tolist() == [0.0, -0.5, -1.0, -1.5]
    assert angles_deg(in_order([silent]).ramps)[0].tolist() == [0.0, 0.5, 1.0, 1.5]


def test_a_grid_stands_at_its_angle():
    (grid, _) = lims_records.rotation().grids
    assert set(angles_deg(in_order([grid]).ramps)[0].tolist()) == {grid.centre["omega_deg"]}
