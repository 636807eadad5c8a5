"""Where a sample stands when its scans begin: where it was centred or was found, not where the last scan stopped."""

import pytest
from udc_support import CENTRE, Bench

from mxplans.model import Centring, Position, kinds

COMMON = {"sample_name": "s", "exposure_s": 0.1}
ELSEWHERE_MM = 0.05
HOME = (0.0, 0.0, 0.0)


def mesh(**more):
    return kinds.mesh(**COMMON, columns=4, rows=3, step_um=10, **more)


def rotation(**more):
    return kinds.rotation(**COMMON, number_images=4, image_width_deg=0.1, wedge_images=2, **more)


@pytest.fixture
def bench(bl, run_engine):
    return Bench(bl, run_engine)


def test_a_grid_without_a_centre_lies_around_the_loop_each_time(bench):
    for _ in range(2):
        assert bench.run(mesh(location=(1, 1))).collected
    first, second = bench.starts_mm
    assert second == first
    centres = [start["grid"]["centre"] for start in bench.scanned("grid")]
    assert [centre["x_mm"] for centre in centres] == [CENTRE.pose.x_mm] * 2


def test_a_rotation_that_wants_its_loop_centred_begins_there_after_another_scan(bench):
    bench.run(mesh(location=(1, 1)))
    bench.run(rotation(location=(1, 1), centring=Centring.OPTICAL))
    assert bench.starts_mm[1:] == [CENTRE.pose.xyz_mm] * 2


@pytest.mark.parametrize("make", [mesh, rotation])
def test_without_centring_the_next_item_begins_where_the_sample_was(bench, make):
    for _ in range(2):
        bench.run(make(centring=Centring.NONE))
    half = len(bench.starts_mm) // 2
    assert bench.starts_mm[half:] == bench.starts_mm[:half]
    assert bench.told.reads["goniometer_x"] == HOME[0]


def test_without_centring_an_item_that_was_interrupted_goes_on_where_it_began(bl, run_engine):
    item = rotation(centring=Centring.NONE)
    bench = Bench(bl, run_engine, lambda message: message.command == "complete" and len(bench.starts_mm) == 2)
    bench.told.reach(bench.plan(item))
    run_engine.abort("enough")
    bench.told.reads["goniometer_x"] = ELSEWHERE_MM  # somebody has moved it since
    assert bench.told.reads["goniometer_x"] == pytest.approx(ELSEWHERE_MM)
    bench.run(item, attempt=2)
    assert bench.starts_mm == [HOME] * 3


def test_a_sweep_with_a_place_of_its_own_keeps_it(bench):
    there = Position(x_mm=-0.3, y_mm=0.1, z_mm=0.05)
    bench.run(rotation(position=there))
    assert bench.starts_mm == [there.xyz_mm] * 2
