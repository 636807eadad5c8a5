"""A class that cannot play its role is told before anything starts; one that may is not refused."""

import pytest
from profile_support import SIM, written

from mxplans.profile import load_placed
from mxplans.profile.casting import USUAL_DEVICES
from mxplans.profile.class_paths import load_class
from mxplans.profile.places import Severity
from mxplans.profile.role_fit import lacking
from mxplans.profile.settings import findings_of_settings
from mxplans.roles import ROLES, LimsIds

CONSENSUS = "mxplans.centring.detection:ConsensusDetector"


def findings(tmp_path, old, new):
    assert old in SIM.read_text()
    return findings_of_settings(load_placed(written(tmp_path, top=SIM.read_text().replace(old, new, 1))))


def test_a_class_without_the_methods_of_its_role_is_refused_with_its_place(tmp_path):
    (finding,) = findings(tmp_path, "class: mxplans_devices:Shutter", "class: mxplans_devices:Beam")
    assert finding.severity is Severity.ERROR
    assert finding.what == "devices.fast_shutter.class: mxplans_devices:Beam has no set, which this role needs"
    line = (tmp_path / "top.yaml").read_text().splitlines()[finding.place.line - 1]
    assert line[finding.place.column - 1 :] == "mxplans_devices:Beam"


def test_a_part_of_a_device_plays_its_own_role(tmp_path):
    parts = "[{class: 'mxplans_devices:Shutter', settings: {prefix: A}}, {class: 'mxplans_devices:Shutter'}]"
    entry = f"  sample_detector:\n    class: {CONSENSUS}\n    settings: {{detectors: {parts}}}\n"
    found = findings(tmp_path, "devices:\n", f"devices:\n{entry}")
    assert [each.what.split(":")[0] for each in found] == [
        f"devices.sample_detector.settings.detectors.{number}.class" for number in (0, 1)
    ]
    assert "has no detect, which this role needs" in found[0].what


def test_one_that_shows_no_children_is_warned_of(tmp_path):
    (finding,) = findings(tmp_path, "class: mxplans_devices:Aperture", "class: mxplans_devices:Shutter")
    assert finding.severity is Severity.WARNING
    assert "devices.aperture: mxplans_devices:Shutter seems to have no beam_size" in finding.what


def test_what_constructors_and_annotations_say_is_there():
    class Child:
        ids: object

        def __init__(self):
            self.target = self.timeout_s = self.otherwise = None

        def set(self, value): ...

        def stop(self, *, success=False): ...

    assert lacking(LimsIds, Child) == ([], [])
    assert lacking(LimsIds, object) == (["set", "stop"], ["ids", "otherwise", "target", "timeout_s"])


@pytest.mark.parametrize("role", ["goniometer", "viewer", "detector", "sample_changer", "beam", "aperture"])
def test_no_class_plays_two_of_these(role):
    """Each of them has something that the others lack."""
    for other, entry in (USUAL_DEVICES | load_placed(SIM).profile.devices).items():
        fits = lacking(ROLES[role], load_class(entry.cls, "")) == ([], [])
        assert fits is (role == other)
