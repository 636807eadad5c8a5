import asyncio

import pytest
from sim_bench import LATE_S, Bench, on_bench

from mxplans_sim.servers.epics.channels import Refused


def test_a_put_completes_at_the_end_of_the_motion():
    async def work(bench: Bench):
        taken = await bench.seconds(bench.put("X", 1.0))
        assert taken == pytest.approx(0.6, abs=LATE_S)  # 1 mm at 2 mm/s, 0.1 s of ramp
        assert (bench.get("X.RBV"), bench.get("X.DMOV"), bench.get("X.MOVN")) == (1.0, 1, 0)

    on_bench(work)


def test_several_motors_move_at_once():
    async def work(bench: Bench):
        puts = asyncio.gather(bench.put("X", 2.0), bench.put("Y", -2.0), bench.put("OMEGA", 120.0))
        taken = await bench.seconds(puts)
        assert taken == pytest.approx(1.3, abs=LATE_S)  # omega: 120/120 + 0.3; the others 1.1 s
        assert [bench.get(f"{name}.RBV") for name in ("X", "Y", "OMEGA")] == pytest.approx([2.0, -2.0, 120.0])

    on_bench(work)


def test_the_readback_evolves_while_the_record_says_that_it_moves():
    async def work(bench: Bench):
        move = asyncio.create_task(bench.put("OMEGA", 1200.0))
        await bench.until(lambda: bench.get("OMEGA.DMOV") == 0)
        seen = []
        while not move.done():
            seen.append(bench.get("OMEGA.RBV"))
            await bench.clock.sleep(0.2)
        assert len(set(seen)) > 5
        assert seen == sorted(seen)

    on_bench(work)


def test_a_move_of_nothing_still_says_that_it_moved():
    async def work(bench: Bench):
        seen = []
        done = bench.channels["X.DMOV"]
        show = done.show

        async def watched(value):
            seen.append(value)
            await show(value)

        done.show = watched
        await bench.put("X", 0.0)
        assert seen == [0, 1]

    on_bench(work)


def test_stop_ends_the_motion_and_the_setpoint_follows():
    async def work(bench: Bench):
        move = asyncio.create_task(bench.put("OMEGA", 3000.0))
        await bench.clock.sleep(2.0)
        await bench.put("OMEGA.STOP", 1)
        await move
        position = bench.get("OMEGA.RBV")
        assert 100 < position < 1500
        assert bench.get("OMEGA") == pytest.approx(position)
        assert bench.world.axes["OMEGA".lower()].remaining_s <= 0

    on_bench(work)


def test_a_second_put_redirects_the_motion_and_both_complete_at_its_end():
    async def work(bench: Bench):
        first = asyncio.create_task(bench.put("OMEGA", 3000.0))
        await bench.clock.sleep(1.0)
        await bench.put("OMEGA", 0.0)
        assert bench.get("OMEGA.RBV") == pytest.approx(0.0)
        await first

    on_bench(work)


@pytest.mark.parametrize("value", [3.01, -3.01, float("nan"), float("inf")])
def test_positions_outside_of_the_limits_are_refused(value):
    async def work(bench: Bench):
        with pytest.raises(Refused, match="outside of -3 to 3"):
            await bench.put("X", value)
        assert (bench.get("X"), bench.get("X.RBV")) == (0.0, 0.0)

    on_bench(work)


def test_velocity_sets_the_duration_and_has_a_limit():
    async def work(bench: Bench):
        await bench.put("X.VELO", 0.5)
        taken = await bench.seconds(bench.put("X", 1.0))
        assert taken == pytest.approx(2.1, abs=LATE_S)
        with pytest.raises(Refused, match="VELO"):
            await bench.put("X.VELO", 5.0)

    on_bench(work)
