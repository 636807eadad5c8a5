"""Orders and questions over bare sockets."""

import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from md3_bench import Line, Site

from mxplans_sim.servers.isara.server import OCCUPIED


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def orders(site: Site) -> Iterator[Line]:
    with site.connection("isara_operate_addr") as connection:
        yield Line(connection)


@pytest.fixture
def questions(site: Site) -> Iterator[Line]:
    with site.connection("isara_monitor_addr") as connection:
        yield Line(connection)


def settle(questions: Line) -> list[str]:
    """Wait for the end of the path; returns the state."""
    for _ in range(2000):
        state = questions.values()
        if state[17] == "0":
            return state
        threading.Event().wait(0.005)
    raise TimeoutError(state)


@pytest.fixture
def soaked(orders: Line, questions: Line) -> Line:
    assert orders.ask("traj(soak,3)") == "soak"
    assert settle(questions)[4] == "SOAK"
    return orders


def test_the_state_has_sixty_values_that_public_clients_know_by_their_places(questions: Line) -> None:
    state = questions.values()
    assert len(state) == 60
    assert state[:6] == ["1", "1", "0", "DoubleGripper", "HOME", ""]
    assert state[8:14] == ["-1"] * 6
    assert (state[17], state[28]) == ("0", "System OK for operation")
    outputs = questions.values("do")
    assert len(outputs) == 112
    assert (outputs[24], outputs[43]) == ("0", "1"), "no pin sensed, the arm is parked"
    assert outputs[56:59] == ["1", "1", "0"], "pucks 1 and 2 are there"
    assert len(questions.values("di")) == 111
    assert len(questions.values("position")) == 6
    assert questions.ask("message") == "System OK for operation"
    assert questions.ask("weather") == "Unknown command: 'weather'"


def test_a_pin_goes_to_the_goniometer_and_back(site: Site, soaked: Line, questions: Line) -> None:
    assert soaked.ask("traj(put,3,1,1,1)") == "put"
    state = questions.values()
    assert (state[4], state[5], state[17]) == ("UNDEFINED", "put", "1")
    assert soaked.ask("traj(home,3)") == "Path already running"
    assert soaked.ask("clearmemory") == "Disabled when path is running"
    assert soaked.ask("off") == "Disabled when path is running"
    state = settle(questions)
    assert (state[4], state[12:14], state[16]) == ("SOAK", ["1", "1"], "BC-1")
    assert questions.values("do")[24] == "1"
    assert site.world.robot.mounted == (1, 1)
    assert soaked.ask("traj(put,3,2,5)") == "Rejected - Sample already on diffractometer"
    assert soaked.ask("traj(getput,3,2,5)") == "getput"
    assert settle(questions)[12:14] == ["2", "5"]
    assert site.world.robot.mounted == (2, 5)
    assert soaked.ask("traj(get,3)") == "get"
    assert settle(questions)[12:14] == ["-1", "-1"]
    assert site.world.robot.mounted is None
    assert soaked.ask("traj(get,3)") == "Rejected - No sample on diffractometer"


def test_a_place_without_a_pin_is_an_error_to_be_acknowledged(site: Site, soaked: Line, questions: Line) -> None:
    assert soaked.ask("traj(put,3,1,2)") == "put"
    state = settle(questions)
    assert state[28] == "ERROR 2130 - User acknowledgement required"
    assert (state[4], state[12:14]) == ("SOAK", ["-1", "-1"])
    assert soaked.ask("reset") == "reset"
    assert questions.ask("message") == "System OK for operation"
    soaked.ask("traj(put,3,1,1)")
    settle(questions)
    soaked.ask("traj(getput,3,1,2)")
    assert settle(questions)[28] == "ERROR 4130 - User acknowledgement required"
    assert site.world.robot.mounted is None


@pytest.mark.parametrize(
    ("order", "reply"),
    [
        ("traj(put,3,1,1)", "Rejected - Trajectory must start at position: SOAK"),
        ("traj(put,3,30,1)", "Rejected - Trajectory must start at position: SOAK"),
        ("traj(soak,1)", "Inconsistent parameters"),
        ("traj(soak)", "Inconsistent parameters"),
        ("traj(soak,x)", "Inconsistent parameters"),
        ("traj()", "Inconsistent parameters"),
        ("traj(put" + ",1" * 20 + ")", "Inconsistent parameters"),
        ("traj(dance,3)", "Unknown path: 'dance'"),
        ("setdiffr(1)", "Inconsistent parameters"),
        ("on(1)", "Inconsistent parameters"),
        ("explode", "Unknown command: 'explode'"),
        ("state", "Unknown command: 'state'"),
        ("", "Syntax error"),
        ("traj(soak,3", "Syntax error"),
        ("traj((soak,3))", "Syntax error"),
    ],
)
def test_what_cannot_be_done_is_refused_in_the_protocols_words(
    orders: Line, questions: Line, order: str, reply: str
) -> None:
    assert orders.ask(order) == reply
    assert questions.values()[17] == "0"


@pytest.mark.parametrize("place", ["0,1", "30,1", "1,0", "1,17", "-1,1"])
def test_places_outside_of_the_dewar_are_refused(soaked: Line, place: str) -> None:
    assert soaked.ask(f"traj(put,3,{place})") == "Inconsistent parameters"


def test_the_diffractometer_must_be_ready_for_the_robot(site: Site, soaked: Line) -> None:
    with site.wire() as wire:
        wire.task("startSetPhase", "Centring")
    reply = soaked.ask("traj(put,3,1,1)")
    assert reply == "Rejected - Diffractometer not ready: its phase is Centring, Transfer is needed"


def test_a_goniometer_away_from_its_place_is_refused(site: Site, soaked: Line) -> None:
    with site.wire() as wire:
        wire.task("startSimultaneousMoveMotors", "AlignmentY=0.5")
    assert soaked.ask("traj(put,3,1,1)").startswith("Rejected - goniometer at 0.500, 0.000, 0.000 mm")


def test_without_power_nothing_moves(orders: Line, questions: Line) -> None:
    assert orders.ask("off") == "off"
    assert questions.values()[0] == "0"
    assert orders.ask("traj(soak,3)") == "Robot power disabled"
    assert orders.ask("on") == "on"
    assert orders.ask("traj(soak,3)") == "soak"


def test_abort_leaves_the_arm_where_it_is(site: Site, soaked: Line, questions: Line) -> None:
    soaked.ask("traj(put,3,1,1)")
    assert soaked.ask("abort") == "abort"
    state = settle(questions)
    assert (state[4], state[5], state[12:14]) == ("UNDEFINED", "", ["-1", "-1"])
    assert state[28].startswith("ERROR 1040 - the program was aborted")
    assert site.world.robot.program == ""
    soaked.ask("reset")
    soaked.ask("traj(soak,3)")
    assert soaked.ask("panic") == "panic"
    state = settle(questions)
    assert (state[0], state[4], state[28]) == ("0", "UNDEFINED", "ERROR 1040 - Trajectory aborted")


def test_memory_can_be_corrected_and_what_is_remembered_is_fetched_in_vain(
    site: Site, soaked: Line, questions: Line
) -> None:
    assert soaked.ask("setdiffr(1,7,0)") == "setdiffr"
    assert questions.values()[12:14] == ["1", "7"]
    begin_s = site.clock.now_s()
    soaked.ask("traj(get,3)")
    assert settle(questions)[12:14] == ["-1", "-1"]
    assert site.clock.now_s() - begin_s >= 10.0, "it takes the time of an unload"
    soaked.ask("setdiffr(1,7,0)")
    assert soaked.ask("clearmemory") == "clearmemory"
    assert questions.values()[12:14] == ["-1", "-1"]


class LightCurtain:
    """Broken until somebody clears the hutch."""

    broken = True

    def take(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return None

    def active(self, kind: str, **context: Any) -> Mapping[str, Any] | None:
        return {} if self.broken and kind == "robot_light_curtain" else None


def test_a_broken_light_curtain_is_a_fault_until_the_reset() -> None:
    curtain = LightCurtain()
    with Site(faults=curtain) as site, site.connection("isara_operate_addr") as first:
        orders = Line(first)
        with site.connection("isara_monitor_addr") as second:
            questions = Line(second)
            orders.ask("traj(soak,3)")
            settle(questions)
            assert orders.ask("traj(put,3,1,1)") == "put"
            state = settle(questions)
            assert state[2] == "1"
            assert state[28].startswith("ERROR 1010 - the light curtain is broken")
            assert orders.ask("traj(put,3,1,1)") == "Fault must be reset"
            assert orders.ask("on") == "Fault must be reset"
            curtain.broken = False
            orders.ask("reset")
            assert orders.ask("traj(put,3,1,1)") == "put"
            assert settle(questions)[12:14] == ["1", "1"]


def test_drying_takes_its_time_and_ends_at_home(site: Site, orders: Line, questions: Line) -> None:
    begin_s = site.clock.now_s()
    assert orders.ask("traj(dry,3)") == "dry"
    assert questions.values()[26] == "1"
    assert settle(questions)[4] == "HOME"
    assert site.clock.now_s() - begin_s >= site.world.settings.timing.dry_s


def test_only_one_client_gives_orders_and_the_next_may_when_it_has_gone(site: Site, orders: Line) -> None:
    assert orders.ask("on") == "on"
    with site.connection("isara_operate_addr") as connection:
        second = Line(connection)
        assert second.receive() == "Rejected - Another client is connected"
        assert connection.recv(1) == b""
    assert orders.ask("on") == "on"
    orders.socket.close()
    for _ in range(500):
        with site.connection("isara_operate_addr") as connection:
            if Line(connection).ask("on") == "on":
                break
        threading.Event().wait(0.005)
    else:
        pytest.fail("the place was not given free")


def test_a_client_that_has_fallen_silent_makes_room_for_the_next() -> None:
    with Site(isara={"idle_s": 20.0}) as site, site.connection("isara_operate_addr") as silent:
        assert Line(silent).ask("on") == "on"
        begin_s = site.clock.now_s()
        while True:
            with site.connection("isara_operate_addr") as connection:
                reply = Line(connection).ask("on")
                if reply == "on":
                    break
            assert reply == "Rejected - Another client is connected"
            assert site.clock.now_s() - begin_s < 200.0
            threading.Event().wait(0.02)
        assert site.clock.now_s() - begin_s >= 20.0
        assert silent.recv(1) == b""


def test_a_client_whose_path_runs_keeps_its_place() -> None:
    with Site(isara={"idle_s": 1.0, "travel_s": 3000.0}) as site, site.connection("isara_operate_addr") as waiting:
        orders = Line(waiting)
        begin_s = site.clock.now_s()
        assert orders.ask("traj(soak,3)") == "soak"
        while site.clock.now_s() - begin_s < 5.0:
            threading.Event().wait(0.01)
        with site.connection("isara_operate_addr") as connection:
            assert Line(connection).receive() == OCCUPIED


def test_connections_are_watched_by_the_system(site: Site, orders: Line) -> None:
    assert orders.ask("on") == "on"
    server_end = site.do(lambda: site.isara._operator.get_extra_info("socket"))
    assert server_end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1


def test_the_gripper_tells_its_temperature(site: Site, soaked: Line, questions: Line) -> None:
    assert questions.values("gripper") == ["100.0"]
    soaked.ask("traj(put,3,1,1)")
    settle(questions)
    assert float(questions.values("gripper")[0]) > 100.0


def test_several_clients_may_ask(site: Site, questions: Line) -> None:
    with site.connection("isara_monitor_addr") as connection:
        assert Line(connection).values() == questions.values()


def test_ten_thousand_questions_in_a_burst(questions: Line) -> None:
    questions.socket.sendall(b"message\r" * 10_000)
    assert {questions.receive() for _ in range(10_000)} == {"System OK for operation"}


def test_who_sends_endless_garbage_is_disconnected(site: Site, questions: Line) -> None:
    with site.connection("isara_monitor_addr") as babbler:
        babbler.sendall(b"x" * 5000)
        assert babbler.recv(1) == b""
    assert questions.ask("message") == "System OK for operation"


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Site]:
    with Site() as site:
        yield site


TEXT = st.one_of(
    st.text(st.characters(exclude_characters="\r", codec="utf-8"), max_size=60),
    st.lists(st.sampled_from(["traj", "(", ")", ",", "put", "soak", "3", "-1", "abort", "setdiffr", "state", " "])).map(
        "".join
    ),
)


@settings(max_examples=150, deadline=None)
@given(texts=st.lists(TEXT, min_size=1, max_size=5), fact=st.sampled_from(["isara_operate_addr", "isara_monitor_addr"]))
def test_whatever_is_said_there_is_one_reply(fuzzed: Site, texts: list[str], fact: str) -> None:
    with fuzzed.connection(fact) as connection:
        line = Line(connection)
        for text in texts:
            reply = line.ask(text)
            if reply == "Rejected - Another client is connected":
                return
            assert "\n" not in reply
    with fuzzed.connection("isara_monitor_addr") as connection:
        assert len(Line(connection).values()) == 60
