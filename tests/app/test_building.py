"""Devices that are made of others: the profile says which, and what is wrong is said with its place."""

import pytest

from mxplans.app.building import build, classes_of
from mxplans.app.virtual_time import device_packages
from mxplans.centring.detection import ConsensusDetector
from mxplans.errors import InvalidProfile
from mxplans.profile import DeviceEntry, Profile

WHERE = "devices.sample_detector"
MURKO = {"class": "mxplans_devices.murko:MurkoDetector", "settings": {"address": "{site.murko_addr}", "tries": 1}}
CLASSICAL = {"class": "mxplans.centring.detection:ClassicalDetector"}
KNOWN = {"site.murko_addr": "127.0.0.1:8901"}


def entry(*detectors, **settings):
    return DeviceEntry.model_validate(
        {
            "class": "mxplans.centring.detection:ConsensusDetector",
            "settings": {"detectors": list(detectors), **settings},
        }
    )


def test_a_consensus_is_made_of_the_detectors_that_the_profile_names():
    made = build(entry(MURKO, CLASSICAL, tip_max_um=20.0), KNOWN, WHERE, name="sample_detector")
    assert isinstance(made, ConsensusDetector)
    assert [detector.name for detector in made.detectors] == ["murko", "classical"]
    assert (made.name, made.tip_max_um) == ("sample_detector", 20.0)


def test_two_of_one_class_are_told_apart_by_their_settings():
    other = {**CLASSICAL, "settings": {"name": "second"}}
    assert [each.name for each in build(entry(CLASSICAL, other), {}, WHERE).detectors] == ["classical", "second"]


@pytest.mark.parametrize(
    ("detectors", "told"),
    [
        (({"class": "mxplans_devices.murko:Nobody"},), r"settings\.detectors\.0\.class: .*Nobody cannot be loaded"),
        ((CLASSICAL, {"settings": {}}), r"settings\.detectors\.1: class: Field required"),
        ((CLASSICAL, {**CLASSICAL, "setings": {}}), r"settings\.detectors\.1: setings: Extra inputs"),
        (("classical",), r"settings\.detectors\.0: entry: Input should be .*; write class and settings"),
        (
            ({**CLASSICAL, "settings": {"size": 3}},),
            r"settings\.detectors\.0\.settings\.size: unknown key; allowed are name",
        ),
        ((MURKO | {"settings": {"address": "{nowhere}"}},), r"settings\.detectors\.0\.settings\.address: {nowhere}"),
        ((MURKO | {"settings": {"address": "there"}},), r"settings\.detectors\.0\.settings\.address: .*host:port"),
        (({"class": "mxplans.profile:Profile"},), r"settings\.detectors\.0\.settings\.schema: is missing"),
        (({"class": "fractions:Fraction"},), r"settings\.detectors\.0: Fraction does not play the role"),
        ((CLASSICAL, CLASSICAL), r"settings: .*classical, classical; .*name of its own"),
        ((), r"settings\.detectors: should be a list of 1 or more"),
    ],
)
def test_what_is_wrong_has_its_place(detectors, told):
    with pytest.raises(InvalidProfile, match=rf"devices\.sample_detector\.{told}"):
        build(entry(*detectors), KNOWN, WHERE, name="sample_detector")


def test_the_classes_within_are_known_to_those_who_load_packages():
    made = entry(MURKO, "nonsense", CLASSICAL)
    assert classes_of(made) == (made.cls, MURKO["class"], CLASSICAL["class"])
    profile = Profile.model_construct(devices={"sample_detector": entry(MURKO, CLASSICAL)})
    assert device_packages(profile) == ("mxplans", "mxplans_devices")


def test_a_setting_that_the_role_gives_cannot_be_set_again():
    with pytest.raises(InvalidProfile, match=r"devices\.sample_detector\.settings: .*'name'"):
        build(DeviceEntry.model_validate({**CLASSICAL, "settings": {"name": "x"}}), {}, WHERE, name="sample_detector")
