"""The command line goes before the environment, that before the file; what is wrong there says where it came from."""

import pytest
from profile_support import SIM, refused, written

from mxplans.profile import load_placed, load_profile

ENERGY = ("limits", "energy_ev")
VARIABLE = "MXPLANS__limits__energy_ev"


@pytest.mark.parametrize(
    ("given", "environ", "value", "origin"),
    [
        ((), {}, 12658, None),
        ((), {VARIABLE: "1.1e4"}, 11000, f"environment {VARIABLE}"),
        (("limits.energy_ev=12000",), {VARIABLE: "11000"}, 12000, "command line"),
        (("limits.energy_ev=12000", "limits.energy_ev=13000"), {}, 13000, "command line"),
        (("limits={energy_ev: 14000}",), {}, 14000, "command line"),
        (("limits.energy_ev=",), {}, None, "command line"),
    ],
)
def test_precedence(given, environ, value, origin):
    placed = load_placed(SIM, given, environ)
    assert placed.profile.limits.energy_ev == value
    assert origin is None or str(placed.origins[ENERGY]) == origin
    assert placed.profile.limits.detector_nx == 512  # its neighbours stay


def test_without_an_environment_none_is_read(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    assert load_profile(SIM).limits.energy_ev == 12658


def test_what_stands_in_for_a_value_of_the_file_is_noted():
    [note] = load_placed(SIM, ["limits.energy_ev=12700"]).findings
    assert "limits.energy_ev: is 12700 in place of 12658" in str(note)
    assert [place.file for place in note.also] == [str(SIM)]


def test_the_longer_way_of_two_variables_goes_before_the_shorter():
    environ = {"MXPLANS__timing": "{arm_s: 7, rearm_s: 8}", "MXPLANS__timing__arm_s": "9"}
    timing = load_profile(SIM, environ=environ).timing
    assert (timing.arm_s, timing.rearm_s) == (9, 8)


def test_values_are_yaml_of_one_line():
    profile = load_profile(SIM, ["limits.x_range_mm=[-1, 2]", "epics.auto_addr_list=true"])
    assert profile.limits.x_range_mm == (-1, 2)
    assert profile.epics.auto_addr_list is True


def test_a_variable_may_add_a_device():
    environ = {"MXPLANS__devices__crystal_finder__class": "mxplans_devices:ZocaloCrystalFinder"}
    assert "crystal_finder" in load_profile(SIM, environ=environ).devices


@pytest.mark.parametrize(
    ("environ", "given", "said"),
    [
        (
            {"MXPLANS__limits__energy_evv": "1"},
            (),
            "environment MXPLANS__limits__energy_evv: error: limits.energy_evv: unknown key; did you mean energy_ev?",
        ),
        ({}, ("xray.exposure_ms=1",), "command line: error: xray.exposure_ms: wrong unit: this quantity is given in s"),
        (
            {},
            ("limits.energy_ev=high",),
            "command line: error: limits.energy_ev: is 'high'; allowed is a plain number in eV",
        ),
        ({"MXPLANS__LIMITS__energy_ev": "1"}, (), "error: LIMITS: unknown key; did you mean limits?"),
        ({}, ("optical.zoom=5",), "optical.zoom: should be a text: put it in quotes within quotes"),
        ({}, ("limits.x_range_mm.0=1",), "command line: error: limits.x_range_mm: should be a list"),
        ({}, ("nonsense",), "command line: error: --set: names no value of the profile"),
        ({}, ("=5",), "command line: error: --set : names no value of the profile"),
        ({}, ("limits..energy_ev=5",), "names no value of the profile"),
        ({"MXPLANS__": "5"}, (), "environment MXPLANS__: error: MXPLANS__: names no value of the profile"),
        ({"MXPLANS__" + "a__" * 70 + "a": "5"}, (), "names no value of the profile"),
        ({"MXPLANS__name": "[1"}, (), "environment MXPLANS__name: error: MXPLANS__name: the value is not YAML"),
        ({"MXPLANS__name": "\udc80"}, (), "the value is not UTF-8"),
        ({"MXPLANS__name": "!!python/none x"}, (), "is not known; allowed are plain values"),
        (
            {"MXPLANS__include": "[x.yaml]"},
            (),
            "environment MXPLANS__include: error: include: only a file includes others",
        ),
    ],
)
def test_what_is_wrong_says_where_it_came_from(tmp_path, environ, given, said):
    [problem] = refused(written(tmp_path, top="+"), *given, environ=environ)
    assert said in problem
