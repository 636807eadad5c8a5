"""Fast grid scans: both kinds in this process, and over Channel Access as a client of a beamline runs them."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import epics
import numpy as np
import pytest
from sim_bench import LATE_S, Bench, on_bench

from mxplans_sim.servers.epics.fast_grid_scan import FastGridScan, MotionStatus, PandaGridScan, ZebraGridScan

GRIDS = {"X_NUM_STEPS": 6, "X_STEP_SIZE": 0.02, "X_START": -0.06, "DWELL_TIME": 50}
GRIDS |= {"Y_NUM_STEPS": 4, "Y_STEP_SIZE": 0.02, "Y_START": -0.04, "Z_START": 0.1}
GRIDS |= {"Z_NUM_STEPS": 3, "Z_STEP_SIZE": 0.02, "Y2_START": 0.0, "Z2_START": 0.07}
PANDA = {name: value for name, value in GRIDS.items() if name != "DWELL_TIME"}
PANDA |= {"TIME_BETWEEN_X_STEPS": 50.0, "RUNUP_DISTANCE": 0.18}


def with_grids(bench: Bench) -> FastGridScan:
    grids = ZebraGridScan("FGS:", bench.world)
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
        for name, value in (GRIDS | {"DWELL_TIME": 2000}).items():
            await bench.put(f"FGS:{name}", value)
        await bench.put("FGS:RUN.PROC", 1)
        await bench.until(lambda: bench.get("FGS:POS_COUNTER") > 0)
        await bench.put("FGS:STOP.PROC", 1)
        assert bench.get("FGS:SCAN_STATUS") == 0
        assert bench.world.shutter.state == "Closed"
        assert not bench.world.scanner.running

    on_bench(work)


def with_panda(bench: Bench) -> FastGridScan:
    grids = PandaGridScan("PGS:", bench.world)
    bench.channels |= grids.channels | MotionStatus("", bench.world, {12: grids}).channels
    return grids


async def set_up(bench: Bench, prefix: str, parameters: dict[str, Any]) -> None:
    for name, value in parameters.items():
        await bench.put(prefix + name, value)


def test_the_zebra_kind_stops_in_the_middle_of_each_box():
    async def work(bench: Bench):
        with_grids(bench)
        await set_up(bench, "FGS:", GRIDS | {"DWELL_TIME": 100, "Z_NUM_STEPS": 0})
        taken_s = await bench.seconds(run(bench, "FGS:"))
        # 24 boxes of 100 ms; 20 um at 20 mm/s2 take 63 ms
        assert taken_s > 24 * 0.163
        burst = bench.bursts[0]
        assert (burst.exposure_s, burst.pause_s) == (pytest.approx(0.1), pytest.approx(2 * (0.02 / 20) ** 0.5))
        assert burst.spindle_mm[:, 0] == pytest.approx(-0.05 + 0.02 * np.arange(6))
        assert bench.get("FGS:POS_COUNTER") == 24

    on_bench(work)


async def run(bench: Bench, prefix: str) -> None:
    await bench.put(f"{prefix}RUN.PROC", 0)  # any value processes the record
    assert bench.get(f"{prefix}SCAN_STATUS") == 1
    await bench.until(lambda: bench.get(f"{prefix}SCAN_STATUS") == 0)


def test_the_panda_kind_runs_through_the_boxes_at_one_speed():
    async def work(bench: Bench):
        with_panda(bench)
        await set_up(bench, "PGS:", PANDA)
        assert bench.get("PGS:SCAN_INVALID") == 0
        await run(bench, "PGS:")
        assert bench.get("PGS:POS_COUNTER") == 6 * 4 + 6 * 3
        assert (bench.get("CS1:PROG_NUM"), bench.get("PROGBITS")) == (12, 0)
        first, second = bench.bursts[0], bench.bursts[1]
        assert (first.exposure_s, first.pause_s) == (pytest.approx(0.05), 0.0)
        assert second.begins_at_s - first.ends_at_s < 0.05 + LATE_S
        assert first.spindle_mm[:, 0] == pytest.approx(second.spindle_mm[::-1, 0])  # it comes back

    on_bench(work)


def test_the_controller_tells_which_program_runs():
    async def work(bench: Bench):
        with_panda(bench)
        await set_up(bench, "PGS:", PANDA | {"TIME_BETWEEN_X_STEPS": 500.0})
        await bench.put("PGS:RUN.PROC", 1)
        await bench.until(lambda: bench.get("PROGBITS") == 1)
        assert bench.get("CS1:PROG_NUM") == 12
        await bench.put("PGS:STOP.PROC", 1)
        assert bench.get("PROGBITS") == 0
        await bench.put("SCAN:RUN", 1)
        await bench.until(lambda: bench.get("SCAN:STATUS") == 0)
        assert bench.get("CS1:PROG_NUM") == 10

    on_bench(work)


@pytest.mark.parametrize(
    ("changes", "valid"),
    [
        ({}, [1, 1, 1]),
        ({"Y_NUM_STEPS": 3}, [1, 0, 1]),  # would end on the wrong side for the second grid
        ({"Y_NUM_STEPS": 3, "Z_NUM_STEPS": 0}, [1, 1, 1]),  # there is no second grid
        ({"TIME_BETWEEN_X_STEPS": 9.0}, [0, 1, 1]),  # 2.2 mm/s, at most 2 mm/s
        ({"TIME_BETWEEN_X_STEPS": 12.0, "RUNUP_DISTANCE": 0.08}, [0, 1, 1]),  # 1.67 mm/s needs 0.083 mm of ramp
        ({"TIME_BETWEEN_X_STEPS": 12.0, "RUNUP_DISTANCE": 0.09}, [1, 1, 1]),
        ({"X_START": -2.9, "RUNUP_DISTANCE": 0.18}, [0, 1, 1]),  # the run-up begins beyond -3 mm
    ],
)
def test_the_panda_kind_says_what_it_cannot_do(changes, valid):
    async def work(bench: Bench):
        with_panda(bench)
        await set_up(bench, "PGS:", PANDA | changes)
        assert [bench.get(f"PGS:{axis}_SCAN_VALID") for axis in "XYZ"] == valid
        assert bench.get("PGS:SCAN_INVALID") == int(0 in valid)
        await bench.put("PGS:RUN.PROC", 1)
        assert bench.get("PGS:SCAN_STATUS") == int(0 not in valid)
        await bench.put("PGS:STOP.PROC", 1)

    on_bench(work)


class Client:
    """A client of the beamline's Channel Access server, in the way of a fast grid scan."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._known: dict[str, epics.PV] = {}

    def pv(self, name: str) -> epics.PV:
        if name not in self._known:
            self._known[name] = epics.PV(self._prefix + name)
            assert self._known[name].wait_for_connection(10), name
        return self._known[name]

    def put(self, name: str, value: Any) -> None:
        assert self.pv(name).put(value, wait=True, timeout=20) is not None, name

    def get(self, name: str) -> Any:
        return self.pv(name).get(use_monitor=False, timeout=10)

    def until(self, condition: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)

    def close(self) -> None:
        for pv in self._known.values():
            pv.disconnect()


@pytest.fixture
def client(virtual_beamline: Any) -> Iterator[Client]:
    client = Client(virtual_beamline.ca_prefix)
    yield client
    for axis in ("X", "Y", "Z", "OMEGA"):
        client.put(f"GON:{axis}", 0.0)
    client.close()


@pytest.mark.parametrize(("prefix", "parameters"), [("FGS:", GRIDS), ("PGS:", PANDA)])
def test_a_client_runs_both_grids_over_channel_access(client, prefix, parameters):
    for name, value in parameters.items():
        client.put(prefix + name, value)
    client.until(lambda: all(client.get(f"{prefix}{axis}_SCAN_VALID") for axis in "XYZ"), 0.5)
    assert client.get(f"{prefix}SCAN_INVALID") == 0
    client.put(f"{prefix}RUN.PROC", 1)
    client.until(lambda: client.get(f"{prefix}SCAN_STATUS") == 1, 5)
    client.until(lambda: client.get(f"{prefix}SCAN_STATUS") == 0, 60)
    assert client.get(f"{prefix}POS_COUNTER") == 6 * 4 + 6 * 3
    assert client.get("CS1:PROG_NUM") == {"FGS:": 11, "PGS:": 12}[prefix]
    assert client.get("PROGBITS") == 0


def test_a_grid_beyond_the_limits_is_refused_over_channel_access(client):
    for name, value in (GRIDS | {"Z2_START": 5.0}).items():
        client.put(f"FGS:{name}", value)
    client.until(lambda: client.get("FGS:Z_SCAN_VALID") == 0, 0.5)
    assert [client.get(f"FGS:{axis}_SCAN_VALID") for axis in "XY"] == [1, 1]
    assert client.get("FGS:SCAN_INVALID") == 1
    client.put("FGS:RUN.PROC", 1)
    assert client.get("FGS:SCAN_STATUS") == 0
    client.put("FGS:Z2_START", 0.07)
    assert client.get("FGS:SCAN_INVALID") == 0
