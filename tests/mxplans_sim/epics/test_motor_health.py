"""What a motor record tells when something is wrong: limit switches, status bits, alarm; and what clients make of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import epics
import pytest
from caproto import AlarmSeverity, AlarmStatus
from caproto.sync import client
from ophyd import EpicsMotor
from sim_bench import DEWAR, Bench, on_bench

from mxplans_sim.clock import RealClock
from mxplans_sim.faults import Faults, Rule
from mxplans_sim.servers.epics.channels import Refused
from mxplans_sim.servers.epics.motor_health import AT_HIGH, AT_LOW, DONE, FORWARD, HOMED, MOVING, PROBLEM, STALLED
from mxplans_sim.servers.epics.records import PREFIX, Records
from mxplans_sim.servers.epics.server import EpicsServer
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.kinematics import SWITCH_BEYOND
from mxplans_sim.world.state import World

HARD_MM = 3.0 + SWITCH_BEYOND * 6.0
HARMLESS = FORWARD | DONE | HOMED


def with_fault(work: Callable[[Bench], Awaitable[None]], kind: str, **parameters: Any) -> None:
    """Run a test on a bench whose x axis has a fault at its next move."""
    on_bench(work, rules=[Rule(kind=kind, parameters=parameters, where={"axis": "x"})])


def told(bench: Bench, axis: str = "X") -> Mapping[str, Any]:
    names = ("HLS", "LLS", "SEVR", "STAT", "MSTA")
    severity = AlarmSeverity(bench.channels[f"{axis}.RBV"].alarm.severity).name
    return {name: bench.get(f"{axis}.{name}") for name in names} | {"RBV": severity}


def test_a_healthy_motor_has_no_alarm_even_at_its_limit() -> None:
    async def work(bench: Bench) -> None:
        await bench.put("X", 3.0)
        healthy = {"HLS": 0, "LLS": 0, "SEVR": "NO_ALARM", "STAT": "NO_ALARM", "MSTA": HARMLESS, "RBV": "NO_ALARM"}
        assert told(bench) == healthy

    on_bench(work)


def test_the_status_tells_that_it_moves() -> None:
    async def work(bench: Bench) -> None:
        seen: list[int] = []
        state = bench.channels["X.MSTA"]
        state.shown.subscribe(lambda: seen.append(int(state.value)))
        await bench.put("X", -1.0)
        assert seen == [HOMED | MOVING, HOMED | DONE]

    on_bench(work)


def test_a_stall_is_a_problem_until_the_motor_moves_again() -> None:
    async def work(bench: Bench) -> None:
        await bench.put("X", 1.0)
        assert bench.get("X.RBV") == pytest.approx(0.5)
        assert (bench.get("X.SEVR"), bench.get("X.STAT")) == ("MAJOR", "STATE")
        assert told(bench)["RBV"] == "MAJOR_ALARM"
        assert bench.get("X.MSTA") == HARMLESS | STALLED | PROBLEM
        await bench.put("X", 1.0)
        assert (bench.get("X.SEVR"), bench.get("X.MSTA"), bench.get("X.RBV")) == ("NO_ALARM", HARMLESS, 1.0)

    with_fault(work, "motor_stall")


@pytest.mark.parametrize(("sign", "switch", "bit", "status"), [(1, "HLS", AT_HIGH, "HIGH"), (-1, "LLS", AT_LOW, "LOW")])
def test_a_limit_switch_stops_the_way_on_and_lets_go_on_the_way_back(
    sign: int, switch: str, bit: int, status: str
) -> None:
    async def work(bench: Bench) -> None:
        await bench.put("X", sign * 1.0)
        assert (bench.get(f"X.{switch}"), bench.get("X.STAT"), bench.get("X.SEVR")) == (1, status, "MAJOR")
        assert bench.get("X.MSTA") & bit
        stood = bench.get("X.RBV")
        await bench.put("X", sign * 2.0)
        assert (bench.get("X.RBV"), bench.get(f"X.{switch}")) == (stood, 1)
        await bench.put("X", 0.0)
        assert (bench.get("X.RBV"), bench.get(f"X.{switch}"), bench.get("X.SEVR")) == (0.0, 0, "NO_ALARM")

    with_fault(work, "limit_switch_met", at_frac=0.3)


def test_an_axis_that_has_lost_its_home_runs_into_its_switch() -> None:
    async def work(bench: Bench) -> None:
        axis = bench.world.axes["x"]
        axis.nudge(0.5)
        await bench.put("X", 3.0)
        # The switch stands where it stands, whatever the encoder says.
        assert bench.get("X.RBV") == pytest.approx(HARD_MM - 0.5)
        assert bench.get("X.HLS") == 1
        assert not bench.get("X.MSTA") & HOMED
        await bench.put("X", -3.0)
        assert (bench.get("X.RBV"), bench.get("X.HLS"), bench.get("X.LLS")) == (-3.0, 0, 0)

    on_bench(work)


def test_a_refused_target_is_a_violation_of_the_limits_until_the_next_that_is_not() -> None:
    async def work(bench: Bench) -> None:
        with pytest.raises(Refused):
            await bench.put("X", 3.1)
        assert bench.get("X.LVIO") == 1
        await bench.put("X", 0.1)
        assert bench.get("X.LVIO") == 0

    on_bench(work)


def test_the_fields_are_there_over_channel_access(virtual_beamline: Any) -> None:
    motor = EpicsMotor(f"{virtual_beamline.ca_prefix}GON:X", name="x")
    motor.wait_for_connection(timeout=10)
    motor.move(0.01, wait=True, timeout=10)
    motor.move(0.0, wait=True, timeout=10)
    names = ("HLS", "LLS", "LVIO", "MSTA", "SEVR", "STAT")
    values = [epics.caget(f"{virtual_beamline.ca_prefix}GON:X.{name}", timeout=10) for name in names]
    assert values == [0, 0, 0, DONE | HOMED, 0, 0]
    assert motor.user_readback.alarm_severity == 0
    motor.destroy()


def test_a_stall_is_an_alarm_for_a_client_on_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(address: str) -> tuple[float, int, int]:
        monkeypatch.setenv("EPICS_CA_ADDR_LIST", address)
        monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
        client.write(f"{PREFIX}GON:X", 1.0, notify=True, timeout=20, repeater=False)
        answer = client.read(f"{PREFIX}GON:X.RBV", data_type="time", timeout=20, repeater=False)
        return answer.data[0], int(answer.metadata.status), int(answer.metadata.severity)

    async def main() -> tuple[float, int, int]:
        clock = RealClock(50.0)
        truth = Truth(None, clock)
        faults = Faults(clock, 1, truth, [Rule(kind="motor_stall", where={"axis": "x"})])
        records = Records(World(WorldSettings.model_validate({}), DEWAR, clock, truth, faults))
        server = EpicsServer(records)
        address = (await server.start())["ca_addr"]
        try:
            return await asyncio.to_thread(ask, address)
        finally:
            await server.stop()
            await records.stop()

    assert asyncio.run(main()) == (pytest.approx(0.5), AlarmStatus.STATE, AlarmSeverity.MAJOR_ALARM)
