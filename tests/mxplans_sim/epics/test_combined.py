"""Combined moves and the fast grid scan."""

import asyncio

import numpy as np
import pytest
from sim_bench import Bench, on_bench

from mxplans_sim.servers.epics.deferral import Deferral
from mxplans_sim.servers.epics.fast_grid_scan import FastGridScan
from mxplans_sim.servers.epics.motor import MotorRecord

GRIDS = {"X_NUM_STEPS": 6, "X_STEP_SIZE": 0.02, "X_START": -0.06, "DWELL_TIME": 50.0}
GRIDS |= {"Y_NUM_STEPS": 4, "Y_STEP_SIZE": 0.02, "Y_START": -0.04, "Z_START": 0.1}
GRIDS |= {"Z_NUM_STEPS": 3, "Z_STEP_SIZE": 0.02, "Y2_START": 0.0, "Z2_START": 0.07}


def test_deferred_motors_start_together():
    async def work(bench: Bench):
        deferral = Deferral("DEFER")
        bench.channels |= deferral.channels
        for name in ("x", "y"):
            axis = bench.world.axes[name]
            bench.channels |= MotorRecord(name.upper(), axis, bench.clock, "mm", deferral=deferral).channels
        await bench.put("DEFER", 1)
        moves = [asyncio.create_task(bench.put(name, 1.0)) for name in ("X", "Y")]
        await asyncio.sleep(0.05)
        assert (bench.get("X"), bench.get("X.DMOV"), bench.get("X.RBV")) == (1.0, 1, 0.0)
        assert not any(move.done() for move in moves)
        taken_s = await bench.seconds(asyncio.gather(bench.put("DEFER", 0), *moves))
        assert (bench.get("X.RBV"), bench.get("Y.RBV")) == (1.0, 1.0)
        # 1 mm at 2 mm/s with ramps of 0.1 s: together, not one after the other
        assert 0.6 <= taken_s < 1.2

    on_bench(work)


def with_grids(bench: Bench) -> FastGridScan:
    grids = FastGridScan("FGS:", bench.world)
    bench.channels |= grids.channels
    return grids


def test_one_program_runs_both_grids_at_right_angles():
    async def work(bench: Bench):
        with_grids(bench)
        for name, value in GRIDS.items():
            await bench.put(f"FGS:{name}", value)
        assert [bench.get(f"FGS:{axis}_SCAN_VALID") for axis in "XYZ"] == [1, 1, 1]
        assert bench.get("FGS:SCAN_INVALID") == 0
        await bench.put("FGS:RUN.PROC", 1)
        await bench.until(lambda: bench.get("FGS:SCAN_STATUS") == 0)
        assert bench.get("FGS:POS_COUNTER") == 6 * 4 + 6 * 3
        assert [len(burst) for burst in bench.bursts] == [6] * 7
        first, second = bench.bursts[0], bench.bursts[4]
        assert first.spindle_mm[0] == pytest.approx([-0.06 + 0.01, -0.04, 0.1])
        assert second.spindle_mm[0] == pytest.approx([-0.06 + 0.01, 0.0, 0.07])
        assert second.omega_start_deg - first.omega_start_deg == pytest.approx(np.full(6, 90.0))

    on_bench(work)


def test_an_axis_that_cannot_do_it_says_so_and_nothing_runs():
    async def work(bench: Bench):
        with_grids(bench)
        for name, value in (GRIDS | {"Z2_START": 5.0}).items():
            await bench.put(f"FGS:{name}", value)
        assert [bench.get(f"FGS:{axis}_SCAN_VALID") for axis in "XYZ"] == [1, 1, 0]
        assert bench.get("FGS:SCAN_INVALID") == 1
        await bench.put("FGS:RUN.PROC", 1)
        assert bench.get("FGS:SCAN_STATUS") == 0
        assert bench.bursts == []

    on_bench(work)


def test_stop_ends_the_program():
    async def work(bench: Bench):
        with_grids(bench)
        for name, value in (GRIDS | {"DWELL_TIME": 2000.0}).items():
            await bench.put(f"FGS:{name}", value)
        await bench.put("FGS:RUN.PROC", 1)
        await bench.until(lambda: bench.get("FGS:POS_COUNTER") > 0)
        await bench.put("FGS:STOP.PROC", 1)
        assert bench.get("FGS:SCAN_STATUS") == 0
        assert bench.world.shutter.state == "Closed"
        assert not bench.world.scanner.running

    on_bench(work)
