import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import yaml
from caproto.sync import client
from typer.testing import CliRunner

from mxplans_sim.cli import app

PROFILES = Path(__file__).parents[2] / "profiles"
PROFILE = PROFILES / "sim"
END_S = 3.0


def command(folder: Path, *options: str, profile: Path = PROFILE) -> list[str]:
    files = {"--world": profile / "world.yaml", "--shipment": profile / "shipment.json"}
    files |= {"--data": folder / "data", "--truth": folder / "out/truth.json"}
    arguments = [str(part) for pair in files.items() for part in pair]
    return [sys.executable, "-m", "mxplans_sim", "serve", *arguments, *options]


class Service:
    def __init__(self, folder: Path, *options: str, profile: Path = PROFILE) -> None:
        self.folder = folder
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command(folder, *options, profile=profile),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self.ready = json.loads(self.process.stdout.readline())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def family(self) -> dict[int, int]:
        """Processes of its session that are not zombies, with the processor time that they used."""
        found = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
            if int(fields[3]) == self.process.pid and fields[0] != "Z":
                found[int(stat.parent.name)] = int(fields[11]) + int(fields[12])
        return found

    def settle(self) -> None:
        """Wait until its children have started and have nothing to do."""
        until(lambda: len(self.family()) > 1)
        before: dict[int, int] = {}

        def idle() -> bool:
            nonlocal before
            last, before = before, self.family()
            children = set(before) - {self.process.pid}
            return all(last.get(pid) == before[pid] for pid in children)

        until(idle, period_s=0.4)

    def gone(self) -> bool:
        until(lambda: not self.family())
        return True


def until(condition: Callable[[], bool], period_s: float = 0.05) -> None:
    """Wait until a condition holds, at most 20 s."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(period_s)


@pytest.fixture
def service(tmp_path):
    running = Service(tmp_path)
    yield running
    running.close()


def run(arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(arguments, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)


def ended(service: Service, end) -> float:
    begin = time.monotonic()
    end()
    assert service.process.wait(10) == 0, (service.folder / "log").read_text()
    return time.monotonic() - begin


@pytest.fixture
def put(service, monkeypatch):
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", service.ready["ca_addr"])
    monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
    return lambda name, value: client.write(f"SIM:{name}", value, notify=True, repeater=False, timeout=5)


@pytest.fixture
def get(service, monkeypatch):
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", service.ready["ca_addr"])
    monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
    return lambda name: client.read(f"SIM:{name}", repeater=False, timeout=5).data[0]


def test_it_is_ready_on_loopback_and_ends_with_its_standard_input(service):
    ready = service.ready
    assert (ready["event"], ready["ca_prefix"], ready["pid"]) == ("ready", "SIM:", service.process.pid)
    service.settle()
    host, port = ready["ca_addr"].split(":")
    assert host == "127.0.0.1"
    assert httpx.get(f"{ready['simplon_url']}/detector/api/1.8.0/status/state").json()["value"] == "na"
    for line in listeners(service.process.pid):
        assert line.startswith("127.0.0.1:"), line
    assert f"127.0.0.1:{port}" in listeners(service.process.pid)
    assert ended(service, service.process.stdin.close) < END_S
    truth = json.loads((service.folder / "out/truth.json").read_text())
    assert set(truth["samples"]) == {f"demo-{n}" for n in range(1, 9)}
    assert truth["samples"]["demo-3"]["empty"]
    assert not truth["samples"]["demo-6"]["diffracts"]
    assert service.gone()


def test_it_ends_in_the_middle_of_a_scan(service, put, get):
    for name, value in {"STEP_OMEGA": 0.1, "NUM_IMAGES": 5000, "EXPOSURE": 0.1}.items():
        put(f"SCAN:{name}", value)
    put("SCAN:RUN", 1)
    service.settle()
    until(lambda: get("SCAN:POINTS") > 0)
    assert ended(service, lambda: os.kill(service.process.pid, signal.SIGTERM)) < END_S
    (event,) = json.loads((service.folder / "out/truth.json").read_text())["events"]
    assert 0 < event["images_done"] < 5000
    assert "Traceback" not in (service.folder / "log").read_text()
    assert service.gone()


def test_it_ends_in_the_middle_of_a_robot_program_on_interrupt(service, put):
    service.settle()
    put("ROBOT:LOAD", 1)
    assert ended(service, lambda: os.kill(service.process.pid, signal.SIGINT)) < END_S
    assert service.gone()


def test_faults_of_a_scenario_strike_the_service(tmp_path):
    scenario = tmp_path / "bad-day.yaml"
    scenario.write_text(
        "faults:\n- {kind: operator_request, parameters: {user: alice}}\n- {kind: robot_no_pin, sample: 'demo-*'}\n"
    )
    service = Service(tmp_path, "--scenario", str(scenario), "--control", str(tmp_path / "control.json"))
    try:
        control = json.loads((tmp_path / "control.json").read_text())
        headers = {"Authorization": f"Bearer {control['token']}"}
        rules = httpx.get(f"{control['url']}/faults", headers=headers, trust_env=False).json()
        assert [(rule["kind"], rule["strikes"]) for rule in rules] == [("operator_request", 1), ("robot_no_pin", 0)]
        ended(service, service.process.stdin.close)
    finally:
        service.close()
    (event,) = json.loads((tmp_path / "out/truth.json").read_text())["events"]
    assert event["fault"] == "operator_request"


def test_a_wrong_scenario_ends_it_with_one_clear_line(tmp_path):
    scenario = tmp_path / "wrong.yaml"
    scenario.write_text("faults:\n- {kind: nonsense}\n")
    result = CliRunner().invoke(app, command(tmp_path, "--scenario", str(scenario))[3:])
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "rule 1 is not allowed" in line
    assert "kind 'nonsense' is not known" in line


@pytest.mark.parametrize("site", ["sim", "sim-md3"])
def test_the_night_of_each_site_can_be_looked_at_and_disturbed(tmp_path, site):
    service = yaml.safe_load((PROFILES / site / "beamline.yaml").read_text())["services"]["virtual_beamline"]
    given = service["command"]
    assert given[given.index("--control") + 1] == "{out}/virtual_beamline/control.json"
    path = tmp_path / "control.json"
    running = Service(tmp_path, "--control", str(path), profile=PROFILES / site)
    try:
        injected = CliRunner().invoke(app, ["fault", "inject", "gripper_warm", "--control", str(path)])
        assert injected.exit_code == 0, injected.output
        (fault,) = CliRunner().invoke(app, ["fault", "list", "--control", str(path)]).stdout.splitlines()
        assert json.loads(fault)["kind"] == "gripper_warm"
    finally:
        running.close()


@pytest.mark.parametrize("server", ["epics", "simplon"])
def test_a_port_in_use_ends_it_with_one_clear_line(tmp_path, server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run(command(tmp_path, "--port", f"{server}={port}"))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert f"port {port} on 127.0.0.1 is in use" in line
    assert result.stdout == ""
    assert not (tmp_path / "out/truth.json").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--server", "telnet"), "server 'telnet' is not known, allowed are epics, simplon"),
        (("--port", "epics"), "write NAME=NUMBER"),
        (("--port", "isara=5000"), "a server of epics, simplon"),
        (("--port", "epics=70000"), "a number up to 65535"),
    ],
)
def test_wrong_servers_and_ports_are_refused_with_what_is_allowed(tmp_path, options, told):
    result = run(command(tmp_path, *options))
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert told in line


def test_a_wrong_world_file_ends_it_with_one_clear_line(tmp_path):
    world = tmp_path / "world.yaml"
    world.write_text("sped_up: 3\n")
    arguments = [str(world) if part.endswith("world.yaml") else part for part in command(tmp_path)]
    result = run(arguments)
    assert result.returncode == 2
    assert "sped_up: Extra inputs are not permitted" in result.stderr.splitlines()[0]


def listeners(pid: int) -> set[str]:
    """Local addresses, as `127.0.0.1:5064`, of the TCP and UDP sockets that a process has open."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            inodes.add(os.readlink(link)[8:-1])  # socket:[inode]
    found = set()
    for table in ("tcp", "udp"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                address, port = fields[1].split(":")
                numbers = [str(int(address[i : i + 2], 16)) for i in (6, 4, 2, 0)]
                found.add(f"{'.'.join(numbers)}:{int(port, 16)}")
    return found
