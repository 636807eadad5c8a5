"""A goniometer that was pushed: its encoders do not know, what is exposed and what is written down as true does."""

import numpy as np
import pytest
from sim_bench import Bench, on_bench

from mxplans_sim.world.program import Scan

PUSH_MM = {"x": 0.2, "y": -0.1, "z": 0.05}


def sweep(start_mm):
    return Scan((*start_mm, 0.0), (0.0, 0.0, 0.0, 0.5), (0.0,) * 4, 20, 1, False, 0.02)


def test_the_truth_of_a_scan_is_where_the_crystal_was_and_not_where_the_encoders_say():
    offsets_mm = []

    async def work(bench: Bench):
        bench.world.robot.mounted = (1, 1)
        centre = bench.world.specimen.crystals[0].centre_mm
        for push in (False, True):
            for name, by in PUSH_MM.items():
                bench.world.axes[name].nudge(by if push else 0.0)
            await bench.until(lambda: not any(axis.moving for axis in bench.world.axes.values()))
            await bench.world.scanner.run(sweep([-c for c in centre]))
        offsets_mm.extend(np.array(event["crystal_offset_um"]) / 1000 for event in bench.truth.events)

    on_bench(work)
    before, after = offsets_mm
    # In the frame of the spindle, whatever the senses of the motors: by as much as was pushed.
    assert np.linalg.norm(after - before) == pytest.approx(np.linalg.norm(list(PUSH_MM.values())), abs=1e-4)
    assert abs(after - before)[0] == pytest.approx(abs(PUSH_MM["x"]), abs=1e-4)
