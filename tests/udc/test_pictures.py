"""Pictures are taken for every kind of experiment that asks for them, before it is called done."""

import pytest
from udc_support import CENTRE, Bench

from mxplans.model import kinds
from mxplans.udc import Verdict

PIN = {"sample_name": "s", "location": (1, 1)}


@pytest.fixture
def bench(bl, run_engine):
    return Bench(bl, run_engine)


def test_a_loop_that_is_centred_is_pictured_and_stands_on_its_flat_face_again(bench):
    assert bench.run(kinds.optical_centring(**PIN, snapshot_count=2)).verdict is Verdict.DONE
    assert bench.pictures_deg == [30, 120]
    assert bench.told.reads["goniometer_omega"] == CENTRE.pose.omega_deg
    assert [bench.told.reads[f"goniometer_{axis}"] for axis in "xyz"] == list(CENTRE.pose.xyz_mm)


def test_a_loop_is_back_in_the_beam_when_its_centring_is_asked_for_again(bench):
    bench.run(kinds.mesh(**PIN, columns=4, rows=3, step_um=10, exposure_s=0.1))
    assert bench.told.reads["goniometer_x"] != CENTRE.pose.x_mm
    bench.run(kinds.optical_centring(**PIN))
    assert bench.told.reads["goniometer_x"] == CENTRE.pose.x_mm
    assert bench.pictures_deg == []


def test_a_loaded_pin_is_pictured_as_it_hangs(bench):
    bench.told.reads["goniometer_omega"] = 10.0
    assert bench.run(kinds.load(**PIN, snapshot_count=4)).verdict is Verdict.DONE
    assert bench.pictures_deg == [10, 100, 190, 280]
    assert bench.told.reads["goniometer_omega"] == 10


def test_scans_are_preceded_by_pictures_from_where_they_begin_once(bench):
    item = kinds.rotation(
        **PIN,
        number_images=4,
        image_width_deg=0.1,
        exposure_s=0.1,
        omega_start_deg=50,
        snapshot_count=1,
        centring="optical",
    )
    for attempt in (1, 2):
        assert bench.run(item, attempt=attempt).collected
    assert bench.pictures_deg == [50]
