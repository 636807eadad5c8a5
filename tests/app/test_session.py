"""From a profile to devices: what is wrong is said before anything is built."""

import os
import socket
import struct
from pathlib import Path

import pytest

from mxplans.app.channel_access import repeater
from mxplans.app.session import build_beamline
from mxplans.app.unattended import fresh_folder
from mxplans.errors import InvalidInput, InvalidProfile
from mxplans.profile import DeviceEntry, load_profile
from mxplans.profile.class_paths import load_class
from mxplans.profile.entry_points import load_entry_point

PROFILE = Path(__file__).parents[2] / "profiles/sim/beamline.yaml"


def test_an_optional_role_may_be_left_out_and_what_plays_it_must_play_it(monkeypatch):
    profile = load_profile(PROFILE)
    assert "crystal_finder" not in profile.devices
    entry = DeviceEntry.model_validate({"class": "mxplans.centring.detection:ClassicalDetector"})
    monkeypatch.setattr("mxplans.app.session.ROLES", {})
    only = profile.model_copy(update={"devices": {"crystal_finder": entry}})
    with pytest.raises(InvalidProfile, match="devices.crystal_finder: ClassicalDetector does not play the role"):
        monkeypatch.setattr("mxplans.app.session.USUAL_DEVICES", {})
        build_beamline(only, {})


@pytest.mark.parametrize("path", ["mxplans_devices:NoSuch", "no_such_package:Thing"])
def test_a_class_that_is_not_there_is_named(path):
    with pytest.raises(InvalidProfile, match=f"devices.detector.class: {path} cannot be loaded"):
        load_class(path, "devices.detector.class")


def test_a_target_that_is_not_installed_names_those_that_are():
    with pytest.raises(InvalidProfile, match="'nosuch' is not installed; allowed are .*mxlims.*record"):
        load_entry_point("mxplans.lims_targets", "nosuch", "lims_targets")


def test_a_night_never_writes_over_another(tmp_path):
    first = fresh_folder(tmp_path / "night")
    (first / "documents.jsonl").touch()
    second = fresh_folder(tmp_path / "night")
    assert (first.name, second.name) == ("night", "night-2")


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match=r"file cannot be written to: File exists; give another folder \(--out\)"):
        fresh_folder(tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # whoever runs the tests may write everywhere
    with pytest.raises(InvalidInput, match="night cannot be written to: Permission denied"):
        fresh_folder(tmp_path / "night")


@pytest.mark.parametrize("registration", [b"", struct.pack(">HHHHII", 24, 0, 0, 0, 0, 0)])
def test_the_repeater_confirms_a_registration(monkeypatch, registration):
    monkeypatch.delenv("EPICS_CA_REPEATER_PORT", raising=False)
    with repeater(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(registration, ("127.0.0.1", int(os.environ["EPICS_CA_REPEATER_PORT"])))
        answer, _ = client.recvfrom(64)
        assert struct.unpack(">HHHHII", answer)[0] == 17
