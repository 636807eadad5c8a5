"""The ISARA sample changer against the virtual one, over TCP."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from beamline_support import value, wait, wait_until
from md3_bench import Line, Site

from mxplans.errors import DeviceFault, RobotFault, SampleProblem
from mxplans.model.acquisition import SampleLocation
from mxplans.roles import ROLES
from mxplans_devices.isara import IsaraSampleChanger
from mxplans_devices.md3 import MD3Backlight

pytestmark = pytest.mark.usefixtures("no_new_threads")
FIRST, GONE, SECOND = SampleLocation(puck=1, pin=1), SampleLocation(puck=1, pin=2), SampleLocation(puck=2, pin=5)


class Faults:
    """What strikes, by kind: taken once, or lasting."""

    def __init__(self) -> None:
        self.once: dict[str, Mapping[str, Any]] = {}
        self.lasting: dict[str, Mapping[str, Any]] = {}

    def take(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return self.once.pop(kind, None)

    def active(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return self.lasting.get(kind)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def site(faults: Faults) -> Iterator[Site]:
    with Site(faults=faults) as site:
        yield site


@contextmanager
def connected(site: Site, **changes: Any) -> Iterator[Any]:
    facts = site.facts
    settings = {
        "operate": facts["isara_operate_addr"],
        "monitor": facts["isara_monitor_addr"],
        "md3_address": facts["exporter_addr"],
        "sensor_timeout_s": 0.3,
        "watch_s": 0.1,
    }
    changer = IsaraSampleChanger(name="sample_changer", **(settings | changes))
    try:
        changer.wait_for_connection(timeout=5)
        yield changer
    finally:
        changer.destroy()


@pytest.fixture
def changer(site: Site) -> Iterator[Any]:
    with connected(site) as changer:
        yield changer


def readings(changer: Any) -> tuple[int, int, int]:
    return value(changer.pin_mounted), value(changer.current_puck), value(changer.current_pin)


def test_it_fulfils_its_role(changer: Any) -> None:
    assert isinstance(changer, ROLES["sample_changer"])
    assert list(changer.read()) == [
        "sample_changer_pin_mounted",
        "sample_changer_current_puck",
        "sample_changer_current_pin",
        "sample_changer_barcode",
    ]


def test_it_mounts_and_puts_back(site: Site, changer: Any) -> None:
    wait(changer.load.set(FIRST))
    assert readings(changer) == (1, 1, 1)
    assert value(changer.barcode) == "BC-1"
    assert site.world.robot.mounted == (1, 1)
    with pytest.raises(RobotFault, match="puck 1 pin 1 is mounted; unload it first"):
        wait(changer.load.set(SECOND))
    wait(changer.unload.trigger())
    assert readings(changer) == (0, 0, 0)
    assert site.world.robot.mounted is None


def test_a_missing_pin_is_a_sample_problem_and_the_robot_goes_on(changer: Any) -> None:
    with pytest.raises(SampleProblem, match="load of puck 1 pin 2 found no pin: ERROR 2130"):
        wait(changer.load.set(GONE))
    wait(changer.load.set(SECOND))
    assert readings(changer) == (1, 2, 5)


def test_the_diffractometer_is_made_ready_before_the_robot_comes(site: Site, changer: Any) -> None:
    backlight = MD3Backlight(name="backlight", address=site.facts["exporter_addr"])
    backlight.wait_for_connection()
    wait(backlight.set("In"))
    wait(changer.load.set(FIRST))
    assert site.do(lambda: site.exporter.diffractometer.phase) == "Transfer"
    backlight.destroy()


def test_a_diffractometer_that_is_not_made_ready_keeps_the_robot_away(site: Site) -> None:
    with site.wire() as wire:
        wire.task("startSetPhase", "Centring")
    with connected(site, md3_address="") as changer:
        with pytest.raises(RobotFault, match="Rejected - Diffractometer not ready: its phase is Centring"):
            wait(changer.load.set(FIRST))
        assert site.world.robot.mounted is None


def test_it_switches_on_what_is_off_and_resets_what_is_wrong(site: Site, changer: Any, faults: Faults) -> None:
    site.do(lambda: site.isara.arm.switch(False))
    faults.lasting["robot_light_curtain"] = {}
    with pytest.raises(RobotFault, match="ERROR 1010 - the light curtain is broken") as refused:
        wait(changer.load.set(FIRST))
    assert refused.value.code == 1010
    faults.lasting.clear()
    wait(changer.load.set(FIRST))
    assert readings(changer) == (1, 1, 1)


def test_a_pin_that_is_lost_on_the_way_is_a_sample_problem_and_the_next_load_first_fetches_it(
    site: Site, changer: Any, faults: Faults
) -> None:
    faults.once["pin_lost"] = {}
    with pytest.raises(SampleProblem, match="the goniometer's sensor sees no pin"):
        wait(changer.load.set(FIRST))
    assert readings(changer) == (0, 1, 1), "the robot believes that it has put it there"
    wait(changer.load.set(SECOND))
    assert readings(changer) == (1, 2, 5)


def test_a_sensor_that_lies_does_not_lead_to_a_collision(site: Site, changer: Any, faults: Faults) -> None:
    faults.lasting["pin_sensor"] = {"sensed": 0}
    with pytest.raises(SampleProblem, match="sensor sees no pin"):
        wait(changer.load.set(FIRST))
    assert site.world.robot.mounted == (1, 1)
    faults.lasting.clear()
    site.do(lambda: None)
    with pytest.raises(RobotFault, match="is mounted; unload it first"):
        wait(changer.load.set(SECOND))
    faults.lasting["pin_sensor"] = {"sensed": 1}
    with pytest.raises(RobotFault, match="the sensor still sees a pin"):
        wait(changer.unload.trigger())
    with pytest.raises(RobotFault, match="a pin on the goniometer that the robot knows nothing of"):
        wait(changer.load.set(SECOND))


def test_what_others_do_is_seen_without_asking(site: Site, changer: Any) -> None:
    site.do(lambda: setattr(site.isara.arm, "on_diffractometer", (2, 7)))
    assert wait_until(lambda: readings(changer) == (0, 2, 7))


def test_a_path_of_somebody_else_is_waited_for(site: Site, changer: Any) -> None:
    site.do(lambda: site.isara.arm.run("dry", 3, 0, 0, False))
    wait(changer.load.set(FIRST))
    assert readings(changer) == (1, 1, 1)


def test_stop_aborts_the_path(site: Site, changer: Any) -> None:
    status = changer.load.set(FIRST)
    assert wait_until(lambda: site.world.robot.program == "load")
    changer.stop()
    with pytest.raises(RobotFault, match="was stopped before its end|aborted"):
        wait(status)
    assert wait_until(lambda: not site.isara.arm.path)
    assert site.world.robot.program == ""
    wait(changer.load.set(FIRST))
    assert readings(changer) == (1, 1, 1)


def test_a_second_client_is_told_that_it_may_not(site: Site, changer: Any) -> None:
    wait(changer.load.set(FIRST))
    with (
        connected(site) as second,
        pytest.raises(DeviceFault, match="Another client is connected"),
    ):
        wait(second.unload.trigger())
    assert readings(changer) == (1, 1, 1)


def test_a_load_that_never_ends_is_a_fault_in_time(site: Site, changer: Any, faults: Faults) -> None:
    changer._timeout_s = 0.5
    faults.once["robot_busy"] = {"duration_s": 1000.0}
    with pytest.raises(RobotFault, match="load of puck 1 pin 1 failed: running True, on the goniometer None"):
        wait(changer.load.set(FIRST))


def test_nobody_there() -> None:
    changer = IsaraSampleChanger(name="sample_changer", operate="127.0.0.1:9", monitor="127.0.0.1:9")
    with pytest.raises(DeviceFault, match="127.0.0.1:9 does not answer"):
        changer.wait_for_connection()
    changer.destroy()


def test_replies_that_are_none_are_faults(site: Site, changer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for reply in ("state(1,1)", "state(" + "x," * 59 + "x)", "sunshine"):
        monkeypatch.setattr("mxplans_sim.servers.isara.replies.state", lambda arm, reply=reply: reply)
        with pytest.raises(DeviceFault, match="state"):
            changer._client.state()
    monkeypatch.setattr("mxplans_sim.servers.isara.replies.outputs", lambda arm: "do(0)")
    with pytest.raises(DeviceFault, match="1 outputs are told"):
        changer._client.sensed()
    with site.connection("isara_monitor_addr") as connection:
        assert Line(connection).ask("message") == "System OK for operation"
