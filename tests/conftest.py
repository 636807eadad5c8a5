"""The virtual beamline for tests: one process per pytest session, because libca takes one address per process."""

import json
import os
import select
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SPEED_UP = 50.0
WORLD = {
    "seed": 11,
    "speed_up": SPEED_UP,
    "detector": {"nx": 256, "ny": 256, "pixel_um": 300.0},
    "samples": {"Gone-2": {"missing": True}},
}
SAMPLES = {1: "Lyso-1", 2: "Gone-2", 3: "Lyso-3"}
START_TIMEOUT_S = 45.0
STOP_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class VirtualBeamline:
    """A running virtual beamline and where it is reached."""

    ca_addr: str
    ca_prefix: str
    simplon_url: str
    data_dir: Path
    truth_path: Path
    shipment_path: Path
    process: "subprocess.Popen[bytes]"


def shipment(samples: Mapping[int, str]) -> dict[str, Any]:
    """An MXLIMS shipment of one puck; samples by position in it."""

    def thing(kind: str, name: str, /, **fields: Any) -> dict[str, Any]:
        return {"mxlimsType": kind, "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {name}")), **fields}

    def ref(kind: str, number: int) -> dict[str, str]:
        return {"$ref": f"#/{kind}/{kind}{number}"}

    contact = {"name": "Bob", "emailAddress": "bob@bob.bogus"}
    return {
        "version": "0.6.13",
        "Shipment": {
            "Shipment1": thing(
                "Shipment", "1", proposalCode="mx1", labContactOutbound=contact, labContactReturn=contact
            )
        },
        "Dewar": {"Dewar1": thing("Dewar", "1", containerRef=ref("Shipment", 1))},
        "Puck": {"Puck1": thing("Puck", "1", numberPositions=16, containerRef=ref("Dewar", 1))},
        "Pin": {
            f"Pin{number}": thing(
                "Pin",
                name,
                positionInPuck=number,
                containerRef=ref("Puck", 1),
                sampleRef=ref("MacromoleculeSample", number),
            )
            for number, name in samples.items()
        },
        "Macromolecule": {"Macromolecule1": thing("Macromolecule", "Lyso", acronym="Lyso")},
        "MacromoleculeSample": {
            f"MacromoleculeSample{number}": thing(
                "MacromoleculeSample", name, name=name, parentSampleRef=ref("Macromolecule", 1)
            )
            for number, name in samples.items()
        },
    }


@pytest.fixture(scope="session")
def virtual_beamline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualBeamline]:
    """The virtual beamline, fifty times faster than real time, with the samples of `SAMPLES` in puck 1."""
    folder = tmp_path_factory.mktemp("virtual_beamline")
    (folder / "world.yaml").write_text(json.dumps(WORLD))
    (folder / "shipment.json").write_text(json.dumps(shipment(SAMPLES)))
    (folder / "data").mkdir()
    log = folder / "stderr.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(_command(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
    kept = dict(os.environ)
    try:
        ready = _ready(process, log)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as repeater:
            repeater.bind(("127.0.0.1", 0))  # a taken port keeps libca from starting a repeater of its own
            os.environ |= {
                "EPICS_CA_ADDR_LIST": ready["ca_addr"],
                "EPICS_CA_AUTO_ADDR_LIST": "NO",
                "EPICS_CA_REPEATER_PORT": str(repeater.getsockname()[1]),
            }
            yield VirtualBeamline(
                ca_addr=ready["ca_addr"],
                ca_prefix=ready["ca_prefix"],
                simplon_url=ready["simplon_url"],
                data_dir=folder / "data",
                truth_path=folder / "truth.json",
                shipment_path=folder / "shipment.json",
                process=process,
            )
    finally:
        _stop(process)
        os.environ.clear()
        os.environ |= kept


def _command(folder: Path) -> list[str]:
    options = {"world": "world.yaml", "shipment": "shipment.json", "data": "data", "truth": "truth.json"}
    arguments = [text for option, name in options.items() for text in (f"--{option}", str(folder / name))]
    return [sys.executable, "-m", "mxplans_sim", "serve", *arguments]


def _ready(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    line = process.stdout.readline() if readable else b""
    if not line:
        pytest.fail(f"the virtual beamline is not ready after {START_TIMEOUT_S:g} s:\n{log.read_text()[-3000:]}")
    ready: dict[str, Any] = json.loads(line)
    return ready


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


@pytest.fixture
def no_new_threads() -> Iterator[None]:
    """Fail when a test leaves a thread behind; the threads of ophyd's dispatcher stay for the whole process."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if thread.name.startswith(("metadata", "monitor", "get_put", "util", "bluesky-run-engine")):
            continue
        thread.join(5.0)
        assert not thread.is_alive(), f"{thread.name} is left"
