"""Combined moves."""

import asyncio

from sim_bench import Bench, on_bench

from mxplans_sim.servers.epics.deferral import Deferral
from mxplans_sim.servers.epics.motor import MotorRecord


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
