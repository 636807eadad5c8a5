"""Running nights as a user does: the command, in a process of its own, on a short profile."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from documents_contract import check_journal

ROOT = Path(__file__).parents[1]
SIM = ROOT / "profiles/sim"
MD3 = ROOT / "profiles/sim-md3"
IMAGES = 60


def short_profile(
    folder: Path, speed_up: int = 20, world: str = "", site: Path = SIM, archive: bool = True, **changes: str
) -> Path:
    """The shipped profile, faster and with short sweeps; `changes` are replacements of text, old=new by pairs.

    Without its archive there is a process less, and less to wait for at the end.
    """
    text = (site / "beamline.yaml").read_text()
    if not archive:
        text = re.sub(r"archive:\n(?:  .*\n)+", "", text)
        assert "archive:" not in text
    text = text.replace("number_images: 900", f"number_images: {IMAGES}").replace(
        "speed_up: 5 ", f"speed_up: {speed_up} "
    )
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "beamline.yaml").write_text(text)
    truth = (site / "world.yaml").read_text()
    (folder / "world.yaml").write_text(truth + world)
    return folder / "beamline.yaml"


def short_shipment(folder: Path, *positions: int) -> Path:
    """The demo's shipment with some of its pins only."""
    content = json.loads((SIM / "shipment.json").read_text())
    content["Pin"] = {key: pin for key, pin in content["Pin"].items() if pin["positionInPuck"] in positions}
    kept = {pin["sampleRef"]["$ref"].rsplit("/", 1)[1] for pin in content["Pin"].values()}
    content["MacromoleculeSample"] = {key: content["MacromoleculeSample"][key] for key in kept}
    path = folder / "shipment.json"
    path.write_text(json.dumps(content))
    return path


class Night:
    """A running `mxplans udc`."""

    def __init__(self, profile: Path, shipment: Path, out: Path, *options: str):
        self.out = out
        self.text = ""
        command = [str(Path(sys.executable).with_name("mxplans")), "udc", "--profile", profile, "--out", out, shipment]
        command += options
        self.process = subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self, timeout_s: float = 150.0) -> int:
        """Wait for its end; the exit code. Its documents keep to the contract, whatever became of it."""
        try:
            self.text, _ = self.process.communicate(timeout=timeout_s)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.communicate()
        if self.documents():
            check_journal(self.out / "documents.jsonl", deaths=self.process.returncode < 0)
        return self.process.returncode

    def wait_for_document(self, wanted, timeout_s: float = 60.0):
        """Wait until a document that `wanted(name, doc)` accepts is in the journal."""
        import threading

        pause = threading.Event()
        for _ in range(int(timeout_s / 0.1)):
            for name, doc in self.documents():
                if wanted(name, doc):
                    return doc
            assert self.process.poll() is None, self.process.communicate()[0]
            pause.wait(0.1)
        raise TimeoutError("no such document")

    def documents(self):
        path = self.out / "documents.jsonl"
        if not path.exists():
            return []
        return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("]")]

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def summary(self):
        return json.loads((self.out / "summary.json").read_text())

    def truth(self):
        return json.loads((self.out / "virtual_beamline/truth.json").read_text())


def phase_begins(phase):
    """For `wait_for_document`: a phase of any sample has begun."""
    return lambda name, doc: name == "event" and doc["data"].get("phase") == phase and doc["data"]["state"] == "begin"


def processes_about(folder: Path) -> list[int]:
    """Processes whose command line names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder) in path.read_text() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found
