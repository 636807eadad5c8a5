"""The client of the exporter protocol against a server that behaves, and one that does not."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from beamline_support import wait_until
from hypothesis import given
from hypothesis import strategies as st
from md3_bench import Site

from mxplans.errors import DeviceFault
from mxplans_devices.protocols.exporter import ExporterClient, _Messages, parse
from mxplans_sim.servers.exporter.framing import frame
from mxplans_sim.servers.exporter.values import encode

pytestmark = pytest.mark.usefixtures("no_new_threads")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@contextmanager
def connected(site: Site, timeout_s: float = 5.0) -> Iterator[ExporterClient]:
    client = ExporterClient(site.facts["exporter_addr"], timeout_s=timeout_s)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def peer(behave: Callable[[socket.socket, int], None]) -> Iterator[str]:
    """A server that does with each of its connections what it is told."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    over = threading.Event()

    def serve() -> None:
        number = 0
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            number += 1
            with connection:
                connection.settimeout(5.0)
                behave(connection, number)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def test_values_have_their_types(site: Site) -> None:
    with connected(site) as client:
        assert client.read("State") == "Ready"
        assert client.read("FastShutterIsOpen") is False
        assert client.number("OmegaPosition") == 0.0
        assert client.read("ApertureDiameters") == (20, 50, 100)
        assert client.execute("getMotorLimits", "Kappa") == (-8.0, 256.0)
        client.write("ScanNumberOfFrames", 12)
        assert client.read("ScanNumberOfFrames") == 12
        assert client.execute("abort") is None


def test_a_refusal_names_the_request_and_the_reason(site: Site) -> None:
    with connected(site) as client:
        with pytest.raises(DeviceFault, match=r"'EXEC setMotorPosition CentringX 9\.0' was refused: .*outside"):
            client.execute("setMotorPosition", "CentringX", 9.0)
        with pytest.raises(DeviceFault, match="'READ Nothing' was refused"):
            client.read("Nothing")
        with pytest.raises(DeviceFault, match="HeadType reads 'MiniKappa', a number was expected"):
            client.number("HeadType")
        assert client.read("State") == "Ready"


def test_events_are_told_from_answers(site: Site) -> None:
    heard: list[tuple[str, object]] = []
    with connected(site) as client:
        client.listen(lambda name, value: heard.append((name, value)))
        client.listen(lambda name, value: 1 // 0)
        client.execute("setMotorPosition", "Omega", 30.0)
        assert wait_until(lambda: ("State", "Ready") in heard)
        assert heard.index(("State", "Moving")) < heard.index(("State", "Ready"))
        assert client.latest("OmegaPosition") == 30.0
        assert client.latest("HeadType") is None


def test_a_task_without_exception_and_one_with(site: Site) -> None:
    with connected(site) as client:
        number = client.start_task("startSetPhase", "Centring")
        while not client.task(number).ended:
            continue
        assert client.task(number).failure == ""
        client.start_task("startSimultaneousMoveMotors", "Omega=3000")
        client.execute("abort")
        while not client.task(number + 1).ended:
            continue
        assert client.task(number + 1).failure == "aborted by a client"
        site.replace("getTaskInfo", lambda number: ["Scan", "8", "a", "b", "null", "null", "-1"])
        assert client.task(1).failure == "it ended with result -1 and without an exception"
        site.replace("getTaskInfo", lambda number: ["Scan"])
        with pytest.raises(DeviceFault, match="seven values were expected"):
            client.task(1)
        site.replace("startSetPhase", lambda phase: None)
        with pytest.raises(DeviceFault, match="the id of a task was expected"):
            client.start_task("startSetPhase", "Centring")


def test_a_missing_answer_is_a_fault_and_the_next_request_gets_its_own(site: Site) -> None:
    site.replace("getHeadType", lambda: asyncio.sleep(0.5, "Late"))
    with connected(site, timeout_s=0.2) as client:
        with pytest.raises(DeviceFault, match="no answer to 'EXEC getHeadType' within 0.2 s"):
            client.execute("getHeadType")
        assert client.execute("getState") == "Ready"
        assert client.connections == 2


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    client = ExporterClient(address)
    with pytest.raises(DeviceFault, match=f"{address} does not answer"):
        client.connect()
    assert not client.connected


def test_it_connects_again_when_the_server_has_hung_up_between_two_requests(site: Site) -> None:
    with connected(site) as client:
        assert client.read("State") == "Ready"
        site.do(site.hang_up)
        for _ in range(1000):
            if not client.connected:
                break
            threading.Event().wait(0.002)
        assert client.execute("getState") == "Ready"
        assert client.connections == 2


def test_a_call_that_may_have_been_carried_out_is_not_sent_again_but_a_question_is() -> None:
    asked: list[bytes] = []

    def behave(connection: socket.socket, number: int) -> None:
        asked.append(connection.recv(1000))
        if number == 3:
            connection.sendall(frame("RET:Ready"))
            connection.recv(1000)

    with peer(behave) as address:
        client = ExporterClient(address)
        with pytest.raises(
            DeviceFault, match="was lost during 'EXEC startSetPhase Transfer', which may have been carried"
        ):
            client.execute("startSetPhase", "Transfer")
        assert asked == [b"\x02EXEC startSetPhase Transfer\t\x03"]
        assert client.read("State") == "Ready"
        assert asked[1:] == [b"\x02READ State\x03"] * 2
        client.close()


@pytest.mark.parametrize("garbage", [b"\x02HELLO\x03", frame("") + b"x"])
def test_an_answer_that_is_none_is_a_fault(garbage: bytes) -> None:
    def behave(connection: socket.socket, number: int) -> None:
        connection.recv(1000)
        connection.sendall(garbage)
        connection.recv(1000)

    with peer(behave) as address:
        client = ExporterClient(address)
        with pytest.raises(DeviceFault, match="which is no answer"):
            client.execute("getState")
        client.close()


def test_endless_garbage_ends_the_connection_and_not_the_memory() -> None:
    def behave(connection: socket.socket, number: int) -> None:
        try:
            while True:
                connection.sendall(b"x" * 2**18)
        except OSError:
            return

    with peer(behave) as address:
        client = ExporterClient(address, timeout_s=20.0)
        with pytest.raises(DeviceFault, match="the connection was lost"):
            client.execute("getState")
        client.close()


def test_several_threads_share_a_connection(site: Site) -> None:
    wrong: list[object] = []
    with connected(site) as client:

        def ask(motor: str, limits: tuple[float, float]) -> None:
            for _ in range(200):
                if (found := client.execute("getMotorLimits", motor)) != limits:
                    wrong.append(found)

        pairs = {"Kappa": (-8.0, 256.0), "AlignmentY": (-3.0, 3.0), "AlignmentX": (0.0, 0.0)}
        threads = [threading.Thread(target=ask, args=pair) for pair in pairs.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert client.connections == 1


@given(st.lists(st.text(st.characters(exclude_characters="\x02\x03", codec="utf-8"), max_size=20)), st.integers(1, 9))
def test_messages_come_out_whole_wherever_the_stream_is_cut(payloads: list[str], size: int) -> None:
    stream = b"junk" + b"".join(map(frame, payloads))
    messages = _Messages()
    found = [text for at in range(0, len(stream), size) for text in messages.feed(stream[at : at + size])]
    assert found == payloads


@given(st.one_of(st.booleans(), st.integers(-(10**6), 10**6), st.lists(st.integers(0, 99), min_size=1).map(tuple)))
def test_what_the_server_encodes_is_understood(value: bool | int | tuple[int, ...]) -> None:
    assert parse(encode(value)) == value
