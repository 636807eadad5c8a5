"""Devices that are partly down: each has its reason, none makes the others wait, the rest is usable."""

import socket
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from mxplans.app.ipython import connecting
from mxplans.app.ipython.beamline import StaffBeamline
from mxplans.app.ipython.connecting import Connected, connect_all
from mxplans.app.ipython.moving import axis_of, moved, value_from
from mxplans.app.ipython.stand_in import StandIn, is_there
from mxplans.app.session import device_entries
from mxplans.errors import DeviceFault, InvalidInput
from mxplans.profile import DeviceEntry, load_profile
from mxplans.roles import ROLES

PROFILE = Path(__file__).parents[3] / "profiles/sim/beamline.yaml"
TIMEOUT_S = 0.3


class Device:
    """Fits the role of a detector's distance."""

    parent = None
    component_names = ()

    def __init__(self, name, wait):
        self.name = name
        self.destroyed = False
        self.wait_for_connection = wait

    def read(self):
        return {self.name: {"value": 1.0, "timestamp": 0.0}}

    def describe(self):
        return {self.name: {"source": "test", "dtype": "number", "shape": [], "units": "mm"}}

    def set(self, value):
        raise NotImplementedError

    def destroy(self):
        self.destroyed = True


@pytest.fixture
def entries():
    return device_entries(load_profile(PROFILE))


@pytest.fixture
def ends():
    over = threading.Event()
    yield over
    over.set()


def connect(monkeypatch, waits):
    """Connect a movable device for each of these, by what it does while it connects."""
    monkeypatch.setattr(connecting, "ROLES", dict.fromkeys([*waits, "no server"], ROLES["detector_distance"]))
    monkeypatch.setattr(connecting, "build", lambda entry, known, where, name: Device(name, waits[name]))
    entry = DeviceEntry.model_validate({"class": "site:Device"})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = taken.getsockname()[1]  # from now on
    entries = dict.fromkeys(waits, entry)
    entries["no server"] = entry.model_copy(update={"settings": {"url": f"http://127.0.0.1:{nobody}/api"}})
    waits["no server"] = lambda timeout: pytest.fail("it is not asked")
    return connect_all(entries, {}, TIMEOUT_S)


def test_devices_that_fail_each_in_its_way_leave_the_others_usable(monkeypatch, ends):
    def late(timeout):
        raise TimeoutError("SIM:GON:OMEGA.RBV")

    def refuses(timeout):
        raise ConnectionRefusedError(111, "Connection refused")

    def hangs(timeout):
        ends.wait()

    waits = {"good": lambda timeout: None, "late": late, "refuses": refuses, "hangs": hangs, "hangs_too": hangs}
    begun_s = time.monotonic()
    found = connect(monkeypatch, waits)
    took_s = time.monotonic() - begun_s
    assert isinstance(found["good"].device, Device)
    assert found["good"].problem is None
    assert "did not connect within 0.3 s: SIM:GON:OMEGA.RBV; is its server up?" in found["late"].problem
    assert "Connection refused" in found["refuses"].problem
    assert "nobody answers at 127.0.0.1:" in found["no server"].problem
    assert found["hangs"].problem == "did not answer within 0.3 s"
    # Both that hang together cost what one does: the limit and the grace once, and some room for a busy machine.
    assert took_s < 2 * (TIMEOUT_S + connecting.GRACE_S)
    with pytest.raises(DeviceFault, match=r'refuses cannot be used: .*refused.*; bl.reconnect\("refuses"\)'):
        found["refuses"].device.set(1)


def test_classes_settings_and_roles_that_are_wrong_have_their_reasons(entries):
    broken = entries["viewer"].model_copy(update={"cls": "no_such_package:Camera"})
    known = {}  # as without the service that says where the servers are
    found = connect_all({"viewer": broken, "beam": entries["beam"], "camera": entries["viewer"]}, known, TIMEOUT_S)
    assert "no_such_package" in found["viewer"].problem
    assert "virtual_beamline.ca_prefix" in found["beam"].problem
    assert found["goniometer"].problem == "the profile has no device for it"
    assert set(ROLES) <= set(found)
    assert not any(is_there(one.device) for one in found.values())


def test_a_stand_in_has_a_name_and_refuses_everything_else():
    stand_in = StandIn("viewer", "its server is down")
    assert stand_in.name == "viewer"
    assert not hasattr(stand_in, "_repr_html_")  # asked by IPython of whatever it shows
    assert dir(stand_in) == ["name", "reason"]
    with pytest.raises(DeviceFault, match="viewer cannot be used: its server is down"):
        getattr(stand_in, "kappa", None)  # no axis, and a device that is not there, are two things


@pytest.fixture
def beamline():
    connected = {role: Connected(role, StandIn(role, "down"), "down") for role in ROLES}
    connected["detector_distance"] = Connected("detector_distance", Device("detector_distance", None))
    again = {"viewer": Connected("viewer", Device("viewer", None)), "beam": connected["beam"]}
    return StaffBeamline(connected, lambda: None, again.__getitem__, Console())


def test_a_device_that_is_there_again_takes_its_place(beamline):
    beamline.reconnect("viewer")
    assert isinstance(beamline.viewer, Device)
    with pytest.raises(DeviceFault, match="beam is still down: down"):
        beamline.reconnect("beam")
    with pytest.raises(InvalidInput, match="no role 'camera'; allowed are goniometer"):
        beamline.reconnect("camera")


def test_axes_are_found_by_name_or_the_names_that_there_are_are_said(beamline):
    assert axis_of(beamline, "detector_distance") is beamline.detector_distance
    with pytest.raises(InvalidInput, match="detector_distance has no omega"):
        axis_of(beamline, "detector_distance.omega")
    with pytest.raises(InvalidInput, match="there is no role 'gonio'; allowed are goniometer"):
        axis_of(beamline, "gonio.omega")
    with pytest.raises(DeviceFault, match="goniometer cannot be used: down"):
        axis_of(beamline, "goniometer.omega")
    with pytest.raises(DeviceFault, match="aperture cannot be used: down"):
        axis_of(beamline, "aperture")
    assert value_from("1e-3") == 0.001


def test_a_text_is_no_place_for_an_axis_that_has_numbers():
    distance = Device("detector_distance", None)
    moves = moved([(distance, "90deg")], relative=False)
    assert next(moves).command == "read"
    with pytest.raises(InvalidInput, match="detector_distance: '90deg' is no number"):
        moves.send(distance.read())  # nothing is set
