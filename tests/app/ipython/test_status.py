"""The panel of a beamline, from what its devices read."""

import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

from rich.console import Console

from mxplans.app.ipython.connecting import Connected
from mxplans.app.ipython.readings import Reading, Role, read_roles
from mxplans.app.ipython.stand_in import StandIn
from mxplans.app.ipython.status import Status, only_in_memory, panel, sample_of


class Readable:
    """Says what it is told to."""

    def __init__(self, values, units=None, connected=True):
        self._values, self._units, self.connected = values, units or {}, connected

    def read(self):
        return {key: {"value": value, "timestamp": 0.0} for key, value in self._values.items()}

    def describe(self):
        return {key: {"units": self._units.get(key)} for key in self._values}


class Silent:
    """Hangs until the test ends."""

    def __init__(self, over):
        self.read = over.wait


def test_each_role_says_its_values_with_units_or_why_not():
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()  # from now on
    try:
        begun_s = time.monotonic()
        connected = [
            Connected(role, device, None, nobody if role == "detector" else None)
            for role, device in {
                "beam": Readable({"beam_energy": 12658.0, "beam_image": [1, 2], "beam": "on"}, {"beam_energy": "eV"}),
                "viewer": StandIn("viewer", "its server is down"),
                "robot": Readable({"robot_barcode": "", "robot_pin": 3}),
                "away": Readable({}, connected=False),
                "silent": Silent(over),
                "broken": Readable({"broken": 1.0}, units=("mm",)),
                "detector": Readable({"detector_sequence_id": 3}),
            }.items()
        ]
        beam, viewer, robot, away, silent, broken, detector = read_roles(connected, timeout_s=0.5)
        assert time.monotonic() - begun_s < 5.0  # ten times the limit: one that is silent is not waited for
    finally:
        over.set()
    assert [str(reading) for reading in beam.readings] == ["energy 12658 eV", "on"]
    assert (viewer.kind, viewer.problem) == ("-", "its server is down")
    assert robot.readings == (Reading("pin", 3.0),)
    assert away.problem == "is not connected any more"
    assert silent.problem == "says nothing for 0.5 s"
    assert "tuple" in broken.problem
    assert detector.problem == f"nobody answers at 127.0.0.1:{nobody[1]}: Connection refused; is its server up?"


def shown(status):
    console = Console(width=140, record=True, file=None)
    with console.capture() as captured:
        console.print(panel(status))
    return captured.get()


ROBOT = Role(
    "sample_changer",
    "SampleChanger",
    None,
    (Reading("pin_mounted", 1.0), Reading("current_puck", 1.0), Reading("current_pin", 2.0)),
)
BEAM = Role("beam", "Beam", None, (Reading("energy", 12658.0, "eV"), Reading("ring_current", 299.9, "mA")))


def test_the_panel_shows_devices_beam_sample_processes_and_disk():
    roles = (ROBOT, BEAM, Role("viewer", "-", "no such class"))
    status = Status(
        title="I99",
        roles=roles,
        sample=sample_of(roles, "lyso-2"),
        engine="paused",
        services={"robot server": "has ended by itself: out of memory"},
        records={"archive": "runs, process 7 (0 runs wait)"},
        problems=frozenset({"robot server"}),
        out=Path("/data/session"),
        free_gb=12.0,
    )
    told = shown(status)
    for words in (
        "no such class",
        "energy 12658 eV",
        "ring current 299.9 mA",
        "lyso-2, puck 1 pin 2",
        "paused",
        "out of memory",
        "0 runs wait",
        "12 GB free for /data/session",
    ):
        assert words in told, words
    assert status.down == ("viewer", "robot server")


def test_the_sample_is_what_the_robot_says():
    empty = Role("sample_changer", "SampleChanger", None, (Reading("pin_mounted", 0.0), Reading("current_pin", 0.0)))
    hidden = Role("sample_changer", "SampleChanger", None, (Reading("pin_mounted", 0.0), Reading("current_pin", 2.0)))
    assert sample_of([empty], "lyso-2") == "none"
    assert sample_of([hidden], None) == "name not known, place not known"
    assert sample_of([Role("sample_changer", "-", "down")], "lyso-2") == "lyso-2 (the sample changer does not say)"


def test_documents_that_a_full_disk_does_not_take_are_told():
    assert only_in_memory(SimpleNamespace(status="ok", reason="", waiting=0, lost=0)) is None
    full = SimpleNamespace(status="waiting", reason="No space left on device", waiting=7, lost=2)
    assert only_in_memory(full) == (
        "has 7 documents in memory only, 2 are lost: No space left on device; make room on the disk"
    )
