"""The detector, driven by the client of its maker and by curl."""

import json
import multiprocessing
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from outside_support import installed, use
from simplon_support import DETECTOR, watch
from stomp_support import running, until

from mxplans_sim.clock import RealClock
from mxplans_sim.servers.simplon.server import SimplonServer
from mxplans_sim.world.gate import Gate

API = "api/1.8.0"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    before = set(multiprocessing.active_children())
    with running(lambda: SimplonServer(Gate(), RealClock(100.0), DETECTOR, tmp_path, 1, watch, processes=0)) as (
        _,
        facts,
    ):
        yield facts["simplon_url"]
    assert set(multiprocessing.active_children()) == before


@installed
def test_the_client_of_the_maker(url: str) -> None:
    found = use("simplon", url)
    assert (found["version"], found["before"], found["ready"], found["after"]) == ("1.8.0", "na", "ready", "idle")
    assert "frame_time" in found["changed"]
    assert found["wavelength"] == pytest.approx(12398.42 / 12658.0, rel=1e-3)
    assert (found["armed"], found["second"], found["image"]) == (1, 2, True)
    assert found["files"] == ["outside/series_1_data_000001.h5", "outside/series_1_master.h5"]
    assert min(found["bytes"]) > 1000
    negative, unknown = found["refusals"]
    assert "Bad Request" in negative and "nimages" in negative
    assert "Not Found" in unknown and "launch" in unknown


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on the path")
class TestCurl:
    """With a program that everybody has."""

    @staticmethod
    def curl(url: str, *more: str) -> tuple[int, Any]:
        """Status, and the answer as JSON where it is some."""
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--write-out",
            "\n%{http_code}",
        ]
        done = subprocess.run([*command, *more, url], capture_output=True, text=True, check=True, timeout=30)
        body, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(body) if body.startswith(("{", "[")) else body

    def put(self, url: str, value: object = None) -> tuple[int, Any]:
        body = "" if value is None else json.dumps({"value": value})
        return self.curl(url, "--request", "PUT", "--header", "Content-Type: application/json", "--data", body)

    def test_arm_trigger_disarm(self, url: str, tmp_path: Path) -> None:
        detector, writer = f"{url}/detector/{API}", f"{url}/filewriter/{API}"
        assert self.put(f"{detector}/command/initialize")[0] == 200
        for name, value in {"trigger_mode": "ints", "nimages": 2, "ntrigger": 1, "frame_time": 0.05}.items():
            status, changed = self.put(f"{detector}/config/{name}", value)
            assert status == 200 and name in changed
        assert self.put(f"{writer}/config/name_pattern", "curl/series_$id")[0] == 200
        assert self.put(f"{writer}/config/mode", "enabled")[0] == 200
        assert self.put(f"{detector}/command/arm") == (200, {"sequence id": 1})
        assert self.curl(f"{detector}/status/state")[1]["value"] == "ready"
        assert self.put(f"{detector}/command/trigger")[0] == 200
        assert self.put(f"{detector}/command/disarm")[0] == 200
        until(lambda: self.curl(f"{writer}/status/state")[1]["value"] == "ready")
        assert self.curl(f"{detector}/status/state")[1]["value"] == "idle"
        assert sorted(path.name for path in (tmp_path / "curl").iterdir()) == [
            "series_1_data_000001.h5",
            "series_1_master.h5",
        ]

    def test_refusals_have_a_status_and_a_reason(self, url: str) -> None:
        detector = f"{url}/detector/{API}"
        self.put(f"{detector}/command/initialize")
        status, reason = self.put(f"{detector}/config/nimages", -1)
        assert status == 400 and "nimages" in reason
        assert self.put(f"{detector}/command/launch")[0] == 404
        assert self.put(f"{detector}/command/trigger")[0] == 400
        assert self.curl(f"{detector}/config/nothing")[0] == 404
