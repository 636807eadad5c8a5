"""Requests and answers over bare sockets."""

import socket
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from md3_bench import Site, Wire


def test_what_is_listed_can_be_read(wire: Wire) -> None:
    assert wire.ask("NAME") == "RET:MD3"
    listed = wire.ask("PLST").removeprefix("RET:").rstrip("\t").split("\t")
    assert "double OmegaPosition READ_WRITE" in listed
    assert "String[] MotorStates READ_ONLY" in listed
    for entry in listed:
        _, name, _ = entry.split()
        assert wire.ask(f"READ {name}").startswith("RET:") or name == "LastTaskInfo"
    methods = wire.ask("LIST").removeprefix("RET:").rstrip("\t").split("\t")
    assert "int startSetPhase(String phase)" in methods


def test_arguments_of_the_scans_stand_in_the_order_of_public_clients(wire: Wire) -> None:
    methods = wire.ask("LIST")
    for name, parameters in {
        "startScanEx2": "frame_number number_of_images start_angle scan_range exposure_time number_of_passes",
        "startScan4DEx": "start_angle scan_range exposure_time start_y start_z start_cx start_cy stop_y stop_z stop_cx stop_cy",
        "startRasterScanEx": "omega_range line_range total_uturn_range start_omega start_y start_z start_cx start_cy "
        "number_of_lines frames_per_line exposure_time invert_direction use_centring_table shutterless",
    }.items():
        signature = methods.split(f"int {name}(")[1].split(")")[0]
        assert " ".join(part.split()[1] for part in signature.split(",")) == parameters


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ("", "unknown command ''"),
        ("read State", "unknown command 'read'"),
        ("READ", "no property ''"),
        ("READ state", "no property 'state'"),
        ("WRTE State Ready", "State is read only"),
        ("WRTE OmegaPosition fast", "'fast' is not of type double"),
        ("WRTE OmegaPosition", "'' is not of type double"),
        ("WRTE CentringXPosition 3.5", "3.5 is outside of its limits -3 to 3"),
        ("WRTE AlignmentZPosition 0.1", "AlignmentZ is disabled"),
        ("WRTE BackLightIsOn maybe", "'maybe' is not a boolean"),
        ("WRTE BeamstopPosition ASIDE", "Beamstop has no position 'ASIDE'"),
        ("WRTE CurrentApertureDiameterIndex 99", "no aperture 99"),
        ("WRTE CoaxialCameraZoomValue 0", "no zoom 0"),
        ("EXEC launch ", "no method 'launch'"),
        ("EXEC getMotorState ", "takes 1 parameters, 0 are given"),
        ("EXEC getMotorState Omega\tKappa\t", "takes 1 parameters, 2 are given"),
        ("EXEC getMotorState Theta\t", "no motor 'Theta'"),
        ("EXEC setMotorPosition CentringX\tinf\t", "is not finite"),
        ("EXEC startSetPhase Lunch\t", "no phase 'Lunch'"),
        ("EXEC getTaskInfo 77\t", "no task 77"),
        ("EXEC startSimultaneousMoveMotors Omega=1,Kappa\t", "'Kappa' is not a position"),
        ("EXEC startSimultaneousMoveMotors Omega=1,CentringX=9\t", "9 is outside of its limits"),
        ("EXEC startSimultaneousMoveMotors ,\t", "no positions are given"),
        ("EXEC startScanEx2 1\t0\t0\t10\t1\t1\t", "number_of_images is 0, it must be positive"),
        ("EXEC startScanEx2 1\t10\t0\t10\t0\t1\t", "exposure_time is 0, it must be positive"),
        ("EXEC startScanEx2 1\t10\t0\t1000\t1\t1\t", "omega would run at 1000 deg/s"),
        ("EXEC startRasterScanEx 0\t1\t1\t0\t0\t0\t0\t0\t5\t10\t1\ttrue\tfalse\ttrue\t", "use_centring_table = true"),
        ("EXEC startScan4DEx 0\t10\t1\t0\t0\t0\t0\t0\t0.5\t0\t0\t", "AlignmentZ is disabled"),
    ],
)
def test_what_cannot_be_done_is_answered_with_an_error_and_the_server_goes_on(
    wire: Wire, request_: str, reason: str
) -> None:
    answer = wire.ask(request_)
    assert answer.startswith("ERR:"), answer
    assert reason in answer
    assert wire.ask("READ State") == "RET:Ready", "nothing has begun"


def test_names_of_motors_may_have_spaces_and_parameters_several_tabs_behind(wire: Wire) -> None:
    assert wire.ask("EXEC getMotorPosition Centring X\t\t") == "RET:0.0"


def test_an_asynchronous_call_has_no_answer(wire: Wire) -> None:
    wire.send("ASNC setMotorPosition Omega\t0.5\t")
    wire.send("ASNC launch ")
    assert wire.ask("NAME") == "RET:MD3"
    wire.until("READ OmegaPosition", "RET:0.5")


def test_events_go_to_all_clients_and_carry_name_value_and_milliseconds(site: Site) -> None:
    with site.wire() as first, site.wire() as second:
        assert second.ask("NAME") == "RET:MD3"
        first.call("setMotorPosition", "Omega", 10.0)
        first.until("READ State", "RET:Ready")
        second.ask("NAME")
        for wire in (first, second):
            names = [name for name, _, _ in wire.events]
            assert {"State", "MotorStates", "OmegaPosition"} <= set(names)
            states = [value for name, value, _ in wire.events if name == "State"]
            assert states == ["Moving", "Ready"]
            (*_, last) = [value for name, value, _ in wire.events if name == "OmegaPosition"]
            assert last == "10.0"
            moving = next(value for name, value, _ in wire.events if name == "MotorStates")
            assert moving.startswith("\x1fOmega=Moving\x1fKappa=Ready\x1f")
            assert abs(wire.events[-1][2] / 1000 - time.time()) < 60


def test_ten_thousand_requests_in_a_burst_are_answered_in_order(site: Site) -> None:
    with site.wire() as wire, site.wire() as other:
        for number in range(5000):
            wire.send(f"WRTE ScanNumberOfFrames {number}")
            wire.send("READ ScanNumberOfFrames")
        assert other.ask("NAME") == "RET:MD3"
        for number in range(5000):
            assert wire.reply() == "NULL"
            assert wire.reply() == f"RET:{number}"


@pytest.mark.parametrize("data", [b"x" * 70_000, b"\x02" + b"x" * 70_000, b"\x02" + b"\xff" * 70_000 + b"\x03"])
def test_who_sends_endless_garbage_is_disconnected_and_nobody_else(site: Site, wire: Wire, data: bytes) -> None:
    with site.connection("exporter_addr") as babbler:
        babbler.sendall(data)
        assert _is_closed(babbler)
    assert wire.ask("NAME") == "RET:MD3"


def test_a_request_that_is_not_text_is_an_error(wire: Wire) -> None:
    wire.socket.sendall(b"\x02READ \xff\xfe\x03")
    assert wire.reply() == "ERR:the request is not UTF-8"


def test_clients_that_vanish_half_way_do_no_harm(site: Site, wire: Wire) -> None:
    for data in (b"", b"\x02READ Sta", b"\x02EXEC getState \x03" * 1000):
        connection = site.connection("exporter_addr")
        connection.sendall(data)
        connection.close()
    assert wire.ask("READ State") == "RET:Ready"


def _is_closed(connection: socket.socket) -> bool:
    try:
        while connection.recv(65536):
            continue
    except ConnectionError:
        pass
    return True


WORDS = st.sampled_from(
    ["READ", "WRTE", "EXEC", "LIST", "PLST", "NAME", "State", "OmegaPosition", "getTaskInfo", "startScanEx2", "abort"]
    + [
        "startRasterScanEx",
        "startSimultaneousMoveMotors",
        "Omega=1",
        "\t",
        " ",
        "1",
        "-1",
        "nan",
        "true",
        "\x1f",
        "ä",
        "",
    ]
)
REQUESTS = st.one_of(
    st.text(st.characters(exclude_characters="\x02\x03", codec="utf-8"), max_size=60),
    st.lists(WORDS, max_size=20).map(" ".join),
    st.lists(WORDS, max_size=20).map("".join),
)


@pytest.fixture(scope="module")
def fuzzed() -> Site:
    with Site() as site:
        yield site  # type: ignore[misc]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(request_=REQUESTS.filter(lambda text: not text.startswith("ASNC")))
def test_whatever_is_asked_there_is_one_answer(fuzzed: Site, request_: str) -> None:
    with fuzzed.wire() as wire:
        answer = wire.ask(request_)
        assert answer.startswith(("RET:", "ERR:")) or answer == "NULL"
        assert wire.ask("NAME") == "RET:MD3"


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300))
def test_no_bytes_stop_the_server(fuzzed: Site, data: bytes) -> None:
    with fuzzed.wire() as wire:
        wire.socket.sendall(data + b"\x03")
        wire.send("READ HeadType")
        while wire.reply() != "RET:MiniKappa":
            continue
