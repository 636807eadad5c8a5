"""The whole virtual beamline in this process: its servers, scenarios, and what has no place in virtual time."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import pytest
from bluesky import FailedStatus, RunEngine
from ophyd import EpicsMotor

from mxplans.app.session import running_engine
from mxplans_sim.faults import Rule
from mxplans_sim.settings import SettingsError, WorldSettings
from mxplans_sim.site import require_no_network
from mxplans_sim.virtual_time import VirtualBeamline

SHIPMENT = Path(__file__).parents[3] / "profiles/sim/shipment.json"


def beamline(folder: Path, world: dict[str, Any], **options: Any) -> VirtualBeamline:
    path = folder / "world.yaml"
    path.write_text(json.dumps({"servers": ["epics"], **world}))
    return VirtualBeamline(path, SHIPMENT, folder / "data", folder / "truth.json", **options)


@contextlib.contextmanager
def running(virtual: VirtualBeamline) -> Iterator[RunEngine]:
    """Its servers, and an engine: time passes while that runs a plan."""
    with virtual, running_engine(virtual.loop) as engine:
        virtual.attend(engine)
        yield engine
        virtual.stop()


def test_faults_of_a_scenario_act_in_virtual_time(tmp_path: Path) -> None:
    scenario = tmp_path / "bad-day.yaml"
    scenario.write_text("faults:\n- {kind: beam_dump, at_s: 100, parameters: {duration_s: 30}}\n")
    virtual = beamline(tmp_path, {}, scenario=scenario)
    with running(virtual) as engine:
        virtual.start()
        engine(bps.sleep(300.0))
    (event,) = json.loads((tmp_path / "truth.json").read_text())["events"]
    assert (event["fault"], event["time_s"]) == ("beam_dump", pytest.approx(100.0))


def test_a_stalled_motor_is_in_alarm_in_virtual_time(tmp_path: Path) -> None:
    virtual = beamline(tmp_path, {"faults": [{"kind": "motor_stall", "where": {"axis": "x"}}]})
    with running(virtual) as engine:
        prefix = virtual.start()["ca_prefix"]
        virtual.take_over((), ())
        motor = EpicsMotor(f"{prefix}GON:X", name="x")
        motor.wait_for_connection()
        with pytest.raises(FailedStatus):
            engine(bps.mv(motor, 1.0))
        assert (motor.user_readback.alarm_severity, motor.position) == (2, pytest.approx(0.5))
        engine(bps.mv(motor, 1.0))
        assert (motor.user_readback.alarm_severity, motor.position) == (0, pytest.approx(1.0))
        motor.destroy()


def test_a_wrong_scenario_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        beamline(tmp_path, {}, scenario=tmp_path / "absent.yaml")


@pytest.mark.parametrize(
    "world",
    [
        {"proxies": {"lims": "127.0.0.1:9"}},
        {"faults": [{"kind": "network", "parameters": {"mode": "refuse"}}]},
    ],
)
def test_what_needs_a_network_is_refused_with_what_to_do(tmp_path: Path, world: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="need a network, and virtual time has none; leave them out, or run"):
        beamline(tmp_path, world)


def test_the_work_source_answers_in_this_process(tmp_path: Path) -> None:
    virtual = beamline(tmp_path, {"servers": ["work_source"], "work": [{"wait": 7}]})
    with running(virtual):
        url = virtual.start()["work_source_url"]
        with virtual._network.modules()["httpx"].Client(base_url=url, timeout=20) as client:
            assert client.get("/getnextcollect/i03").json() == {"wait": 7}
            assert client.get("/getnextcollect/i03").json() == {}


def test_a_world_without_faults_of_the_network_needs_none() -> None:
    require_no_network(WorldSettings.model_validate({"faults": [{"kind": "camera_dim"}]}), [Rule(kind="beam_dump")])
