"""A served queue for tests: `mxplans serve` as a process of its own, with the virtual beamline, and clients of it."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from documents_contract import check_journal

ROOT = Path(__file__).parents[1]
MXPLANS = str(Path(sys.executable).with_name("mxplans"))
SPEED_UP = 50
START_S = 240.0


class ServedQueue:
    """`mxplans serve` on a folder."""

    def __init__(self, folder: Path, profile: Path, shipment: Path) -> None:
        self.folder = folder
        self._command = [MXPLANS, "serve", "--profile", str(profile), "--shipment", str(shipment), "--out", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr = folder.with_suffix(".stderr")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self._stderr.open("ab") as stderr:
            self._process = subprocess.Popen(self._command, stdout=stderr, stderr=stderr)
        wait_until(self._answers, START_S, f"the queue is served; {self.words()}")

    def stop(self) -> int:
        """SIGTERM, as systemd does; its exit code. Its documents keep to the contract."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(20)
            check_journal(self.folder / "documents.jsonl", deaths=True)  # tests kill whatever runs here
            return code
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise

    def words(self) -> str:
        return self._stderr.read_text()[-2000:] if self._stderr.exists() else ""

    @property
    def state(self) -> dict[str, Any]:
        return json.loads((self.folder / "serve.json").read_text())

    @property
    def pids(self) -> dict[str, int]:
        """Every process of the group by name, with the manager's children."""
        found = dict(self.state["pids"])
        beat = json.loads((self.folder / "run/heartbeat.json").read_text())
        found["worker"] = beat["pid"]
        for child in children_of(found["RE manager"]):
            if child != beat["pid"] and "manager_process" in command_of(child):
                found["manager"] = child
        return found

    def client(self, name: str = "staff") -> httpx.Client:
        secret = json.loads((self.folder / "keys.json").read_text())[name]["secret"]
        return httpx.Client(
            base_url=f"{self.state['http_url']}/mx", headers={"Authorization": f"ApiKey {secret}"}, timeout=20
        )

    def _answers(self) -> bool:
        assert self._process is None or self._process.poll() is None, self.words()
        try:
            with self.client() as client:
                return client.get("/status").status_code == 200
        except (OSError, ValueError, KeyError, httpx.TransportError):
            return False


def profile_in(folder: Path, speed_up: float = SPEED_UP, **world: Any) -> Path:
    """The virtual beamline's profile, faster, with a smaller detector, and without the archive, which nobody asks here."""
    text = (ROOT / "profiles/sim/beamline.yaml").read_text()
    shown = ("speed_up: 5 ", "detector_nx: 512", "detector_ny: 512", "pixel_um: 150")
    assert all(part in text for part in shown), "profiles/sim/beamline.yaml has changed: correct these replacements"
    text = text.replace("speed_up: 5 ", f"speed_up: {speed_up} ").replace("pixel_um: 150", "pixel_um: 300")
    text = text.replace("detector_nx: 512", "detector_nx: 256").replace("detector_ny: 512", "detector_ny: 256")
    text = re.sub(r"archive:\n(?:  .*\n)+", "", text)
    (folder / "beamline.yaml").write_text(text)
    small = {"seed": 11, "detector": {"nx": 256, "ny": 256, "pixel_um": 300.0}, "servers": ["epics", "simplon"]}
    small |= {"goniometer": {"kind": "smargon", "omega_sign": -1, "z_sign": -1}}
    (folder / "world.yaml").write_text(json.dumps(small | world))
    return folder / "beamline.yaml"


def item(name: str = "here", sweeps: int = 1, images: int = 40, wedge: int | None = 10, **more: Any) -> dict[str, Any]:
    """A queue item of rotations where the sample stands, in wedges."""
    extension = {"wedgeImages": wedge, "order": "s", "centring": "none"}
    return {
        "experiment": {
            "mxlimsType": "MxExperiment",
            "uuid": str(uuid.uuid4()),
            "extensions": {"mxplans.example.org": extension},
        },
        "sweeps": [
            {
                "mxlimsType": "CollectionSweep",
                "role": "Result",
                "sweepType": "simple",
                "scanAxis": "omega",
                "exposureTime": 0.02,
                "imageWidth": 0.5,
                "numberImages": images,
                "axisPositionsStart": {"omega": 90.0 * number},
                "prefix": f"sweep{number + 1}",
            }
            for number in range(sweeps)
        ],
        "sampleName": name,
        **more,
    }


def ended(client: httpx.Client, uuids: list[str]) -> dict[str, dict[str, Any]] | None:
    """The items by uuid, once all have ended."""
    found = {each: client.get(f"/items/{each}").raise_for_status().json() for each in uuids}
    return found if all(each["state"] == "ended" for each in found.values()) else None


def wait_until(true: Any, timeout_s: float, what: str) -> Any:
    until = time.monotonic() + timeout_s
    while time.monotonic() < until:
        found = true()
        if found:
            return found
        threading.Event().wait(0.1)
    raise AssertionError(f"not within {timeout_s:g} s: {what}")


def children_of(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def processes_of(folder: Path) -> dict[int, str]:
    """Every process whose arguments or environment name a folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            named = f"{command_of(int(entry.name))} {(entry / 'environ').read_bytes()!r}"
            if str(folder) in named and "State:\tZ" not in (entry / "status").read_text():
                found[int(entry.name)] = command_of(int(entry.name))
    return found


@contextlib.contextmanager
def served(folder: Path, **world: Any) -> Iterator[ServedQueue]:
    """A queue that is served, and stopped at the end."""
    profile = profile_in(folder, **world)
    queue = ServedQueue(folder / "queue", profile, ROOT / "profiles/sim/shipment.json")
    try:
        queue.start()
        yield queue
    finally:
        queue.stop()


def frames_on_disk(queue: ServedQueue, uuid: str) -> list[tuple[int, float]]:
    """Ordinal and omega (deg) of each frame that is committed, read from the detector's files, in the order of scans."""
    import h5py

    with contextlib.closing(sqlite3.connect(f"file:{queue.folder / 'queue.sqlite'}?mode=ro", uri=True)) as ledger:
        rows = ledger.execute(
            "SELECT ordinal, file_base, number_images FROM scan_committed WHERE item_uuid = ? ORDER BY ordinal", (uuid,)
        ).fetchall()
    found = []
    for ordinal, file_base, number_images in rows:
        (master,) = (queue.folder / "data").rglob(f"{file_base}_*_master.h5")
        with h5py.File(master) as file:
            assert file["entry/data/data"].shape[0] == number_images
            # Headers count omega as the motor does, whose positive way is the other one on this site.
            found += [(ordinal, -float(omega)) for omega in file["entry/sample/goniometer/omega"]]
    return found


def frames_asked(content: dict[str, Any], wedge: int) -> list[tuple[int, float]]:
    """The same, from what `item` asks for: the sweeps take turns, a wedge each."""
    found = []
    ordinal = 0
    for first in range(0, content["sweeps"][0]["numberImages"], wedge):
        for sweep in content["sweeps"]:
            ordinal += 1
            start, width = sweep["axisPositionsStart"]["omega"], sweep["imageWidth"]
            found += [(ordinal, start + width * image) for image in range(first, first + wedge)]
    return found
