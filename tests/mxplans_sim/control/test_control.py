"""The control server over HTTP, and the commands that use it."""

import asyncio
import json
import socket
import stat
import threading

import httpx
import pytest
from sim_bench import DEWAR
from typer.testing import CliRunner

from mxplans_sim.cli import app
from mxplans_sim.clock import RealClock
from mxplans_sim.control.file import write_control_file
from mxplans_sim.control.server import LARGEST_BODY, ControlServer
from mxplans_sim.faults import CATALOGUE, Faults, Rule
from mxplans_sim.faults.engine import MOST_RULES
from mxplans_sim.servers.fleet import Fleet, Options
from mxplans_sim.settings import WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.state import World


class Running:
    """A control server in a thread of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        facts = self.do(self._start())
        self.url = facts["control_url"]
        self.file = folder / "out" / "control.json"
        write_control_file(self.file, self.url, self.server.token)
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.server.token}"})

    async def _start(self):
        clock = RealClock(10.0)
        truth = Truth(None, clock)
        self.faults = Faults(clock, 1, truth)
        self.world = World(WorldSettings.model_validate({"seed": 3}), DEWAR, clock, truth, self.faults)
        fleet = Fleet(self.world, ("simplon",), Options(self.folder, renderers=0))
        self.server = ControlServer(self.world, self.faults, fleet.detector.detector)
        return await self.server.start()

    def do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def stop(self):
        self.client.close()
        self.do(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    running = Running(tmp_path_factory.mktemp("control"))
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def _healed(running):
    yield
    running.client.delete("/faults")


def test_nobody_looks_or_disturbs_without_the_token(running):
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": ""}):
        with httpx.Client(base_url=running.url, headers=header) as stranger:
            for method, path in (("GET", "/world"), ("POST", "/faults"), ("DELETE", "/faults")):
                assert stranger.request(method, path).status_code == 401
    assert stat.S_IMODE(running.file.stat().st_mode) == 0o600


def test_the_world_and_its_pictures_can_be_looked_at(running):
    world = running.client.get("/world").json()
    assert {motor["name"] for motor in world["motors"]} >= {"x", "y", "z", "omega"}
    picture = running.client.get("/camera/on_axis.jpg")
    assert picture.content[:3] == b"\xff\xd8\xff"
    assert picture.headers["X-Frame"]
    assert running.client.get("/detector/frame.png").status_code == 204


def test_a_fault_is_injected_listed_and_cleared(running):
    answer = running.client.post("/faults", json={"kind": "camera_dim", "parameters": {"factor": 0.5}})
    assert answer.status_code == 201
    (fault,) = running.client.get("/faults").json()
    assert fault.pop("start_s") > 0
    assert fault == {
        "id": answer.json()["id"],
        "strikes": 0,
        "lasts": False,
        "error": "",
        "kind": "camera_dim",
        "parameters": {"factor": 0.5},
    }
    assert running.faults.active("camera_dim", sample="") == {"factor": 0.5}
    assert running.client.get("/events").json()[-1]["fault"] == "camera_dim"
    assert running.client.delete(f"/faults/{fault['id']}").status_code == 200
    assert running.client.get("/faults").json() == []
    assert running.client.delete(f"/faults/{fault['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "valid dictionary"),
        (b'{"kind": "nonsense"}', 400, "allowed are robot_no_pin"),
        (b'{"kind": "camera_dim", "parameters": {"factor": 7}}', 400, "allowed is 0 to 1"),
        (b'{"kind": "' + b"x" * LARGEST_BODY + b'"}', 413, "at most"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_reason(running, body, status, told):
    answer = running.client.post("/faults", content=body)
    assert answer.status_code == status
    assert told in answer.text
    assert running.client.get("/faults").json() == []


def test_ten_thousand_questions_in_a_burst_are_answered(running):
    host, port = running.url.removeprefix("http://").split(":")
    question = f"GET /faults HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {running.server.token}\r\n\r\n".encode()

    async def ask(number):
        reader, writer = await asyncio.open_connection(host, int(port))
        answers = []
        for _ in range(number):
            writer.write(question)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(2)  # []
            answers.append(head.split()[1])
        writer.close()
        await writer.wait_closed()
        return answers

    async def burst():
        return [answer for answers in await asyncio.gather(*(ask(500) for _ in range(20))) for answer in answers]

    answers = asyncio.run(burst())
    assert len(answers) == 10_000
    assert set(answers) == {b"200"}


def run(running, *arguments):
    return CliRunner().invoke(app, ["fault", *arguments, "--control", str(running.file)])


def test_the_command_line_injects_lists_logs_and_clears(running):
    listed = run(running, "catalogue")
    assert "motor_stall: A motor stops on its way" in listed.stdout
    injected = run(running, "inject", "motor_stall", "--set", "at_frac=0.25", "--where", "axis=omega", "--count", "2")
    assert injected.exit_code == 0, injected.output
    (line,) = run(running, "list").stdout.splitlines()
    told = json.loads(line)
    assert told.pop("start_s") > 0
    assert told == {
        "id": injected.stdout.strip(),
        "strikes": 0,
        "lasts": False,
        "error": "",
        "kind": "motor_stall",
        "parameters": {"at_frac": 0.25},
        "where": {"axis": "omega"},
        "count": 2,
    }
    assert running.faults.take("motor_stall", axis="omega") == {"at_frac": 0.25}
    assert json.loads(run(running, "log").stdout.splitlines()[-1])["axis"] == "omega"
    assert run(running, "clear").exit_code == 0
    assert run(running, "list").stdout == ""


def test_the_command_line_says_why_it_failed(running, tmp_path):
    refused = run(running, "inject", "nonsense")
    assert refused.exit_code == 1
    assert "allowed are robot_no_pin" in refused.stderr
    absent = CliRunner().invoke(app, ["fault", "list", "--control", str(tmp_path / "absent.json")])
    assert absent.exit_code == 1
    assert "start `mxplans-sim serve` first" in absent.stderr


def test_the_command_line_can_say_all_that_a_rule_can(running):
    said = {"kind": "camera_dim", "parameters": {"factor": 0.5}, "where": {"camera": "on_axis"}, "sample": "lyso-*"}
    said |= {"step": "grid", "at_s": 3.0, "after_s": 4.0, "within_s": 5.0, "for_s": 6.0, "nth": 2, "count": 7}
    said |= {"probability": 0.5}
    assert set(said) == set(Rule.model_fields)
    options = ("--set", "factor=0.5", "--where", "camera=on_axis", "--sample", "lyso-*", "--step", "grid", "--at", "3")
    options += ("--after", "4", "--within", "5", "--for", "6", "--nth", "2", "--count", "7", "--probability", "0.5")
    assert run(running, "inject", "camera_dim", *options).exit_code == 0
    ((rule, _),) = running.faults.rules().values()
    assert rule == Rule.model_validate(said)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", "true", "x", ""])
def test_the_command_line_refuses_values_that_are_none(running, value):
    refused = run(running, "inject", "motor_stall", "--set", f"at_frac={value}")
    assert refused.exit_code == 1, refused.output
    assert "at_frac" in refused.stderr


def test_the_catalogue_tells_all_limits(running):
    kinds = {kind["kind"]: kind for kind in running.client.get("/faults/catalogue").json()}
    assert set(kinds) == set(CATALOGUE)
    assert kinds["motor_stall"]["places"] == ["axis"]
    assert kinds["motor_stall"]["parameters"]["at_frac"] == {
        "default": 0.5,
        "text": "Part of the time of its move",
        "low": 0.0,
        "high": 1.0,
    }
    assert kinds["sample_is"]["parameters"]["sample_class"]["allowed"][:2] == ["wrong_slot", "empty"]
    assert kinds["process_killed"]["parameters"]["pid"]["needed"]


def test_there_are_no_more_faults_than_can_be_looked_after(running):
    for _ in range(MOST_RULES):
        running.faults.inject(Rule(kind="camera_dim"))
    refused = running.client.post("/faults", json={"kind": "camera_dim"})
    assert refused.status_code == 409
    assert "clear some" in refused.text


def test_connections_that_are_left_half_open_do_no_harm(running):
    host, port = running.url.removeprefix("http://").split(":")
    begun = b"POST /faults HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
    idle = [socket.create_connection((host, int(port)), 5) for _ in range(100)]
    try:
        for index, connection in enumerate(idle):
            connection.sendall(begun[: index % len(begun)])
        assert running.client.get("/faults").status_code == 200
    finally:
        for connection in idle:
            connection.close()
    assert running.client.get("/faults").status_code == 200
