"""The SIMPLON client believes nothing: each test is a detector that misbehaves in one way."""

import json
from collections.abc import Callable

import httpx
import pytest

from mxplans.errors import DetectorFault
from mxplans_devices.protocols.simplon import SimplonClient

API = "/detector/api/1.8.0"


def client(handler: Callable[[httpx.Request], httpx.Response]) -> SimplonClient:
    return SimplonClient("http://detector", transport=httpx.MockTransport(handler))


class Memory:
    """A detector that keeps what it is told; `couple` changes other values along."""

    def __init__(self, couple: Callable[[dict[str, object], str], None] = lambda values, key: None) -> None:
        self.values: dict[str, object] = {}
        self.couple = couple
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        key = request.url.path.rsplit("/", 1)[1]
        if request.method == "GET":
            return httpx.Response(200, json={"value": self.values[key], "value_type": "float"})
        before = dict(self.values)
        self.values[key] = json.loads(request.content)["value"]
        self.couple(self.values, key)
        return httpx.Response(200, json=[k for k in self.values if self.values[k] != before.get(k)])


def test_values_are_set_in_order_and_all_read_back_after_the_last() -> None:
    detector = Memory()
    with client(detector) as simplon:
        simplon.configure({"count_time": 0.01, "nimages": 5})
    config = f"{API}/config"
    assert detector.asked == [
        f"PUT {config}/count_time",
        f"PUT {config}/nimages",
        f"GET {config}/count_time",
        f"GET {config}/nimages",
    ]


def test_a_value_that_another_one_moved_is_found_and_the_mover_named() -> None:
    def couple(values: dict[str, object], key: str) -> None:
        if key == "photon_energy":
            values["frame_time"] = 0.5

    message = r"frame_time was set to 0.01 and reads 0.5 .*setting photon_energy"
    with client(Memory(couple)) as simplon, pytest.raises(DetectorFault, match=message):
        simplon.configure({"frame_time": 0.01, "photon_energy": 12000.0})


def test_set_returns_the_changed_parameters() -> None:
    with client(Memory()) as simplon:
        assert simplon.set_config("nimages", 7) == ("nimages",)


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (httpx.Response(400, text="count_time below minimum"), "HTTP 400: count_time below minimum"),
        (httpx.Response(403, text="read only"), "of 3 was refused with HTTP 403"),
        (httpx.Response(200, text="<html>"), "not JSON"),
        (httpx.Response(200, json={"value": 3}), "list of changed parameters"),
        (httpx.Response(200), "answered None"),
    ],
)
def test_answers_that_are_no_success_are_faults(response: httpx.Response, message: str) -> None:
    with client(lambda request: response) as simplon, pytest.raises(DetectorFault, match=message):
        simplon.set_config("nimages", 3)


def test_no_answer_is_a_fault_that_names_the_address() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too slow")

    with client(silent) as simplon, pytest.raises(DetectorFault, match="http://detector.*status/state gave no answer"):
        simplon.state()


@pytest.mark.parametrize("answer", [{}, {"sequence id": "7"}, {"sequence id": True}, [7], None])
def test_arming_without_a_sequence_id_is_a_fault(answer: object) -> None:
    arming = client(lambda request: httpx.Response(200, json=answer))
    with arming as simplon, pytest.raises(DetectorFault, match="without a sequence id"):
        simplon.arm()


@pytest.mark.parametrize(
    ("state", "commands"),
    [("acquire", ["abort"]), ("ready", ["disarm"]), ("configure", ["disarm"]), ("idle", []), ("na", [])],
)
def test_disarming_aborts_an_exposure_first(state: str, commands: list[str]) -> None:
    given: list[str] = []
    states = {"abort": "idle", "disarm": "idle"}
    now = [state]

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json={"value": now[0]})
        given.append(request.url.path.rsplit("/", 1)[1])
        now[0] = states[given[-1]]
        return httpx.Response(200)

    with client(handler) as simplon:
        simplon.disarm()
    assert given == commands
