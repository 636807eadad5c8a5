"""`mxplans serve` with the virtual beamline as a process, for measuring it from outside."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from mxplans.app.queueserver.child import living_children
from support.service import SIM

SPEED_UP = 50
START_S = 120.0
STOP_S = 30.0
WORLD = {
    "seed": 11,
    "detector": {"nx": 256, "ny": 256, "pixel_um": 300.0},
    "goniometer": {"kind": "smargon", "omega_sign": -1, "z_sign": -1},
    "servers": ["epics", "simplon"],
}
REPLACED = {"speed_up: 5 ": f"speed_up: {SPEED_UP} ", "_nx: 512": "_nx: 256", "_ny: 512": "_ny: 256"}


class Served:
    """A queue that is served from a folder.

    Args:
        folder: For its profile and all its files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "queue"
        profile = (SIM / "beamline.yaml").read_text()
        for old, new in REPLACED.items():
            if old not in profile:
                raise RuntimeError(
                    f"{SIM / 'beamline.yaml'} has no {old!r} any more; correct benchmarks/support/served.py"
                )
            profile = profile.replace(old, new)
        (folder / "beamline.yaml").write_text(profile)
        (folder / "world.yaml").write_text(json.dumps(WORLD))
        self._log = (folder / "serve.txt").open("wb")
        command = [str(Path(sys.executable).with_name("mxplans")), "serve", "--profile", str(folder / "beamline.yaml")]
        command += ["--shipment", str(SIM / "shipment.json"), "--out", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        wait_until(self.answers, START_S, "the queue is served")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_S)
        finally:
            self.process.kill()
            self.process.wait()
            self._log.close()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """One request as staff.

        Raises:
            httpx.HTTPError: If there is no answer or an error.
        """
        state = self._read("serve.json")
        key = self._read("keys.json")["staff"]["secret"]
        headers = {"Authorization": f"ApiKey {key}"}
        return (
            httpx.request(method, f"{state['http_url']}/mx{path}", headers=headers, timeout=20, **more)
            .raise_for_status()
            .json()
        )

    def answers(self) -> bool:
        """Whether the front door is open."""
        if self.process.poll() is not None:
            raise RuntimeError(f"mxplans serve has ended with {self.process.returncode}; see {self._log.name}")
        try:
            self.ask("GET", "/status")
        except (httpx.HTTPError, OSError, ValueError, KeyError):
            return False
        return True

    def pids(self) -> dict[str, int]:
        """Numbers of the processes that can be killed, by name; a manager or worker that is not there is left out."""
        found = {name: int(pid) for name, pid in self._read("serve.json")["pids"].items()}
        watchdog = found.pop("RE manager")
        worker = int(self._read("run/heartbeat.json")["pid"])
        children = living_children(watchdog)
        found["watchdog"] = watchdog
        if worker in children:
            found["worker"] = worker
        # The manager's child is the first that the watchdog forks, and is forked again when it dies.
        others = [child for child in children if child != worker]
        return found | ({"manager": others[0]} if others else {})

    def _read(self, name: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / name).read_text())
        return content


def rotation(images: int, wedge: int) -> dict[str, Any]:
    """A queue item of two interleaved sweeps where the sample stands."""
    sweeps = [
        {
            "mxlimsType": "CollectionSweep",
            "role": "Result",
            "sweepType": "simple",
            "scanAxis": "omega",
            "exposureTime": 0.02,
            "imageWidth": 0.5,
            "numberImages": images,
            "axisPositionsStart": {"omega": 180.0 * number},
            "prefix": f"sweep{number + 1}",
        }
        for number in (0, 1)
    ]
    loops = {"mxplans.example.org": {"wedgeImages": wedge, "order": "s", "centring": "none"}}
    experiment = {"mxlimsType": "MxExperiment", "uuid": str(uuid.uuid4()), "extensions": loops}
    return {"experiment": experiment, "sweeps": sweeps, "sampleName": "here"}


def wait_until(true: Callable[[], bool], timeout_s: float, what: str) -> float:
    """Seconds until something is so.

    Raises:
        TimeoutError: If it is not in time.
    """
    begin = time.monotonic()
    while not true():
        if time.monotonic() - begin > timeout_s:
            raise TimeoutError(f"not within {timeout_s:g} s: {what}")
        threading.Event().wait(0.1)
    return time.monotonic() - begin
