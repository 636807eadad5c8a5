import asyncio

import numpy as np
import pytest
from sim_bench import LATE_S, Bench, on_bench

from mxplans_sim.servers.epics.channels import Refused

GRID = {
    "START_X": -0.1,
    "START_Y": -0.05,
    "START_OMEGA": 30.0,
    "STEP_X": 0.02,
    "ROW_Y": 0.02,
    "NUM_IMAGES": 10,
    "NUM_ROWS": 4,
    "SNAKE": 1,
    "EXPOSURE": 0.05,
}
SWEEP = {"START_OMEGA": 0.0, "STEP_OMEGA": 0.5, "NUM_IMAGES": 100, "EXPOSURE": 0.02}


async def setup(bench: Bench, parameters: dict[str, float]) -> None:
    for name, value in parameters.items():
        await bench.put(f"SCAN:{name}", value)


async def run(bench: Bench) -> None:
    await bench.put("SCAN:RUN", 1)
    assert bench.get("SCAN:STATUS") == 1
    await bench.until(lambda: bench.get("SCAN:STATUS") == 0)


def test_a_grid_announces_a_burst_per_row_with_the_poses_of_its_frames():
    async def work(bench: Bench):
        await setup(bench, GRID)
        await run(bench)
        assert (bench.get("SCAN:POINTS"), bench.get("SCAN:ERROR")) == (40, 0)
        assert [len(burst) for burst in bench.bursts] == [10] * 4
        forth, back = bench.bursts[:2]
        assert forth.spindle_mm[:, 0] == pytest.approx(-0.09 + 0.02 * np.arange(10))
        assert back.spindle_mm[:, 0] == pytest.approx(forth.spindle_mm[::-1, 0])
        assert back.spindle_mm[:, 1] == pytest.approx(-0.03)
        assert forth.omega_start_deg == pytest.approx(30.0)
        assert forth.omega_width_deg == 0.0
        gaps = np.diff([burst.ends_at_s for burst in bench.bursts])
        assert gaps == pytest.approx(10 * 0.05 + 0.05, abs=LATE_S)

    on_bench(work)


def test_a_sweep_turns_omega_and_ends_at_rest_behind_its_last_image():
    async def work(bench: Bench):
        await setup(bench, SWEEP)
        taken = await bench.seconds(run(bench))
        first, second = bench.bursts  # of a second each
        omega_deg = np.concatenate([first.omega_start_deg, second.omega_start_deg])
        assert omega_deg == pytest.approx(0.5 * np.arange(100))
        assert first.omega_width_deg == second.omega_width_deg == 0.5
        assert second.begins_at_s == pytest.approx(first.ends_at_s)
        # 25 deg/s: run-up of 11.25 deg in 0.6 s after the way there, 2 s of images, 0.3 s of run-down
        assert 3.2 < taken < 3.6 + LATE_S
        assert bench.get("OMEGA.RBV") == pytest.approx(50 + 3.75)
        assert bench.get("OMEGA") == pytest.approx(bench.get("OMEGA.RBV"))

    on_bench(work)


def test_the_shutter_is_open_for_the_images_only():
    async def work(bench: Bench):
        await setup(bench, SWEEP)
        await bench.put("SCAN:RUN", 1)
        await bench.until(lambda: bool(bench.bursts))
        assert (bench.get("SHUTTER_RBV"), bench.bursts[0].flux_hz.min() > 1e11) == ("Open", True)
        await bench.until(lambda: bench.get("SCAN:STATUS") == 0)
        assert bench.get("SHUTTER_RBV") == "Closed"

    on_bench(work)


def test_the_backlight_shadows_the_detector_and_the_filters_weaken_the_beam():
    async def work(bench: Bench):
        await setup(bench, SWEEP | {"NUM_IMAGES": 5})
        await bench.put("ATTEN:TRANSMISSION", 0.1)
        await bench.put("APERTURE", "Small")
        await run(bench)
        await bench.put("BACKLIGHT", "In")
        await run(bench)
        through, shadowed = bench.bursts
        assert through.flux_hz == pytest.approx(1e12 * 0.1 * 0.07, rel=1e-3)
        assert through.beam_fwhm_um == (20.0, 20.0)
        assert not shadowed.flux_hz.any()

    on_bench(work)


def test_validity_is_told_while_parameters_change_and_an_invalid_scan_is_refused():
    async def work(bench: Bench):
        await setup(bench, GRID)
        assert (bench.get("SCAN:VALID"), bench.get("SCAN:MESSAGE")) == (1, "")
        await bench.put("SCAN:EXPOSURE", 0.001)
        assert bench.get("SCAN:VALID") == 0
        await bench.put("SCAN:RUN", 1)
        assert (bench.get("SCAN:STATUS"), bench.get("SCAN:ERROR")) == (0, 1)
        assert "x would run at 20 mm/s" in bench.get("SCAN:MESSAGE")
        assert not bench.bursts

    on_bench(work)


def test_stop_aborts_with_the_shutter_closed_and_the_images_counted():
    async def work(bench: Bench):
        await setup(bench, SWEEP | {"NUM_IMAGES": 2000})
        await bench.put("SCAN:RUN", 1)
        await bench.until(lambda: bench.get("SCAN:POINTS") > 100)
        await bench.put("SCAN:STOP", 1)
        assert (bench.get("SCAN:STATUS"), bench.get("SCAN:ERROR")) == (0, 2)
        assert bench.get("SHUTTER_RBV") == "Closed"
        assert bench.world.shutter.state == "Closed"
        assert bench.get("SCAN:POINTS") < 2000
        assert all(axis.remaining_s <= 0 for axis in bench.world.axes.values())
        await setup(bench, {"NUM_IMAGES": 5})
        await run(bench)  # and it can run again
        assert bench.get("SCAN:ERROR") == 0

    on_bench(work)


def test_stops_from_all_sides_are_one_and_it_can_run_again():
    async def work(bench: Bench):
        await setup(bench, SWEEP | {"NUM_IMAGES": 2000})
        await bench.put("SCAN:RUN", 1)
        await bench.until(lambda: bench.get("SCAN:POINTS") > 10)
        stops = [asyncio.create_task(bench.put("OMEGA.STOP", 1))]
        for name in ("SCAN:STOP", "X.STOP", "SCAN:STOP", "Y.STOP"):
            await bench.clock.sleep(0.05)  # each finds the one before still coming to rest
            stops.append(asyncio.create_task(bench.put(name, 1)))
        await asyncio.gather(*stops)
        assert (bench.get("SCAN:STATUS"), bench.get("SCAN:ERROR")) == (0, 2)
        assert all(axis.remaining_s <= 0 for axis in bench.world.axes.values())
        await setup(bench, {"NUM_IMAGES": 5})
        await run(bench)
        assert bench.get("SCAN:ERROR") == 0

    on_bench(work)


def test_nobody_moves_an_axis_during_a_scan_but_its_stop_aborts_it():
    async def work(bench: Bench):
        await setup(bench, SWEEP | {"NUM_IMAGES": 2000})
        await bench.put("SCAN:RUN", 1)
        await bench.until(lambda: bench.get("SCAN:POINTS") > 10)
        with pytest.raises(Refused, match="motion program runs"):
            await bench.put("X", 1.0)
        await bench.put("SCAN:RUN", 1)
        assert bench.get("SCAN:ERROR") == 1
        await bench.put("OMEGA.STOP", 1)
        assert (bench.get("SCAN:STATUS"), bench.get("SCAN:ERROR")) == (0, 2)

    on_bench(work)


def test_a_scan_is_refused_while_an_axis_moves():
    async def work(bench: Bench):
        await setup(bench, SWEEP)
        move = asyncio.create_task(bench.put("OMEGA", 600.0))
        await bench.until(lambda: bench.get("OMEGA.DMOV") == 0)
        await bench.put("SCAN:RUN", 1)
        assert (bench.get("SCAN:STATUS"), bench.get("SCAN:ERROR")) == (0, 1)
        assert "omega still moves" in bench.get("SCAN:MESSAGE")
        await move

    on_bench(work)


def test_the_truth_knows_how_far_the_crystal_was_from_the_beam():
    async def work(bench: Bench):
        bench.world.robot.mounted = (1, 1)
        centre = bench.world.specimen.crystals[0].centre_mm
        start = dict(zip(("START_X", "START_Y", "START_Z"), (-c for c in centre), strict=True))
        await setup(bench, SWEEP | start)
        await bench.put("SCAN:START_X", start["START_X"] + 0.02)
        await run(bench)
        (event,) = bench.truth.events
        assert (event["kind"], event["scan"], event["sample"], event["images"]) == ("scan", "rotation", "one", 100)
        dx, dy, dz = event["crystal_offset_um"]
        assert dx == pytest.approx(20.0, abs=1e-3)
        assert np.hypot(dy, dz) == pytest.approx(abs(bench.world.beam.axis_offset_mm) * 1000, abs=1e-2)
        assert bench.truth.totals["one"]["exposure_s"] == pytest.approx(2.0)

    on_bench(work)
