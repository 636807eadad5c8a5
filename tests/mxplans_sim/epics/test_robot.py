import asyncio
import json

import pytest
from sim_bench import LATE_S, Bench, on_bench

from mxplans_sim.faults import Rule


async def command(bench: Bench, name: str, puck: int = 1, pin: int = 1) -> None:
    await bench.put("ROBOT:NEXT_PUCK", puck)
    await bench.put("ROBOT:NEXT_PIN", pin)
    await bench.put(f"ROBOT:{name}", 1)
    await bench.until(lambda: bench.get("ROBOT:PROGRAM_RUNNING") == 0)


def state(bench: Bench) -> tuple[int, ...]:
    names = ("PIN_MOUNTED", "CURRENT_PUCK_RBV", "CURRENT_PIN_RBV", "PRG_ERR_CODE")
    return tuple(bench.get(f"ROBOT:{name}") for name in names)


def test_load_and_unload_take_their_time_and_leave_a_trace(tmp_path):
    path = tmp_path / "truth.json"

    async def work(bench: Bench):
        taken = await bench.seconds(command(bench, "LOAD"))
        assert taken == pytest.approx(25.0, abs=LATE_S)
        assert state(bench) == (1, 1, 1, 0)
        assert bench.get("ROBOT:BARCODE") == "BC-1"
        assert bench.world.specimen.name == "one"
        await command(bench, "UNLD")
        assert state(bench) == (0, 0, 0, 0)
        assert bench.get("ROBOT:BARCODE") == ""
        truth = json.loads(path.read_text())
        assert [event["kind"] for event in truth["events"]] == ["mount", "unmount"]
        assert truth["totals"]["one"]["robot_s"] == 35.0
        assert (truth["samples"]["gone"]["missing"], truth["samples"]["one"]["diffracts"]) == (True, True)
        assert truth["simulated_s"] >= 35.0

    on_bench(work, path)


def test_the_program_runs_when_load_returns():
    async def work(bench: Bench):
        taken = await bench.seconds(bench.put("ROBOT:LOAD", 1))
        assert bench.get("ROBOT:PROGRAM_RUNNING") == 1
        assert taken < 25.0 / 2
        await bench.until(lambda: bench.get("ROBOT:PROGRAM_RUNNING") == 0)

    on_bench(work)


def test_load_is_refused_with_a_pin_mounted_or_the_goniometer_away_from_home():
    async def work(bench: Bench):
        await bench.put("Y", 0.021)
        await command(bench, "LOAD")
        assert state(bench) == (0, 0, 0, 9)
        assert "0.021" in bench.get("ROBOT:PRG_ERR_MSG")
        await bench.put("Y", 0.019)
        await bench.put("OMEGA", 77.0)  # any omega will do
        await command(bench, "LOAD")
        assert state(bench) == (1, 1, 1, 0)
        await command(bench, "LOAD")
        assert state(bench) == (1, 1, 1, 9)
        await bench.put("ROBOT:RESET", 1)
        assert (bench.get("ROBOT:PRG_ERR_CODE"), bench.get("ROBOT:PRG_ERR_MSG")) == (0, "")

    on_bench(work)


@pytest.mark.parametrize(("puck", "pin"), [(1, 2), (1, 3), (9, 1)])  # missing by truth, not in the shipment, no puck
def test_a_place_without_a_pin_gives_code_25_after_the_motion(puck, pin):
    async def work(bench: Bench):
        taken = await bench.seconds(command(bench, "LOAD", puck, pin))
        assert taken >= 25.0
        assert state(bench) == (0, 0, 0, 25)
        assert f"position {pin} of puck {puck}" in bench.get("ROBOT:PRG_ERR_MSG")
        assert bench.truth.events[0]["kind"] == "no_pin"
        await command(bench, "LOAD")  # the next one goes on
        assert state(bench) == (1, 1, 1, 0)

    on_bench(work)


def test_abort_ends_a_program_and_commands_during_one_are_refused():
    async def work(bench: Bench):
        await bench.put("ROBOT:NEXT_PUCK", 1)
        await bench.put("ROBOT:NEXT_PIN", 1)
        await bench.put("ROBOT:LOAD", 1)
        await bench.put("ROBOT:LOAD", 1)
        assert (bench.get("ROBOT:PRG_ERR_CODE"), bench.get("ROBOT:PROGRAM_RUNNING")) == (11, 1)
        await bench.put("ROBOT:ABORT", 1)
        await asyncio.sleep(0)
        assert bench.get("ROBOT:PROGRAM_RUNNING") == 0
        assert state(bench) == (0, 0, 0, 24)

    on_bench(work)


def test_unload_of_nothing_is_refused():
    async def work(bench: Bench):
        await command(bench, "UNLD")
        assert state(bench) == (0, 0, 0, 9)

    on_bench(work)


def test_the_id_that_was_given_is_that_of_the_mounted_pin():
    async def work(bench: Bench):
        await bench.put("ROBOT:NEXT_ID", 4711)
        await command(bench, "LOAD.PROC")
        assert [bench.get(f"ROBOT:NEXT_{name}_RBV") for name in ("PUCK", "PIN", "ID")] == [1, 1, 4711]
        await bench.put("ROBOT:NEXT_ID", 4712)
        assert bench.get("ROBOT:CURRENT_ID_RBV") == 4711
        await command(bench, "UNLD.PROC")
        assert (state(bench), bench.get("ROBOT:CURRENT_ID_RBV")) == ((0, 0, 0, 0), 0)

    on_bench(work)


def test_a_field_that_processes_does_so_at_any_value():
    async def work(bench: Bench):
        await bench.put("ROBOT:LOAD", 0)
        assert bench.get("ROBOT:PROGRAM_RUNNING") == 0
        await bench.put("ROBOT:UNLD.PROC", 0)
        assert bench.get("ROBOT:PRG_ERR_CODE") == 9
        await bench.put("ROBOT:RESET.PROC", 0)
        assert bench.get("ROBOT:PRG_ERR_CODE") == 0

    on_bench(work)


@pytest.mark.parametrize(("program", "duration_s"), [("DRY", 30.0), ("SOAK", 10.0)])
def test_drying_and_soaking_cool_the_gripper(program, duration_s):
    async def work(bench: Bench):
        await command(bench, "LOAD")
        warm_k = bench.get("ROBOT:GRIPPER_TEMP")
        begin_s = bench.clock.now_s()
        await bench.put(f"ROBOT:{program}", 1)
        assert (bench.get("ROBOT:PROGRAM_NAME"), bench.get("ROBOT:CRYO_MODE_RBV")) == (program.lower(), 1)
        await bench.until(lambda: bench.get("ROBOT:PROGRAM_RUNNING") == 0)
        assert bench.clock.now_s() - begin_s == pytest.approx(duration_s, abs=LATE_S)
        assert bench.get("ROBOT:GRIPPER_TEMP") == 100.0 < warm_k
        assert state(bench) == (1, 1, 1, 0)

    on_bench(work)


def test_a_busy_robot_says_that_its_program_runs_and_keeps_its_arm_at_home():
    async def work(bench: Bench):
        await bench.put("ROBOT:NEXT_PUCK", 1)
        await bench.put("ROBOT:NEXT_PIN", 1)
        await bench.put("ROBOT:LOAD.PROC", 1)
        begin_s = bench.clock.now_s()
        while bench.clock.now_s() < begin_s + 50.0:
            assert bench.get("ROBOT:PROGRAM_RUNNING") == 1
            assert bench.get("ROBOT:ROBOT_OP_16_BITS.B8") == 0
            await bench.clock.sleep(1.0)
        await bench.until(lambda: bench.get("ROBOT:PROGRAM_RUNNING") == 0)
        assert bench.clock.now_s() - begin_s == pytest.approx(60.0 + 25.0, abs=LATE_S)
        assert state(bench) == (1, 1, 1, 0)

    on_bench(work, rules=[Rule(kind="robot_busy", parameters={"duration_s": 60.0})])
