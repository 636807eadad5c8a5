"""Rules and scenario files: what may be said, and what is refused with what is allowed."""

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import mxplans_sim
from mxplans_sim.clock import RealClock
from mxplans_sim.faults import CATALOGUE, Faults, Manner, Rule, load_scenario
from mxplans_sim.faults.acts import teach_detector, teach_world
from mxplans_sim.servers.murko.faults import DISTORTIONS
from mxplans_sim.servers.proxy.proxies import Proxies
from mxplans_sim.servers.simplon.faults import SimplonFaults
from mxplans_sim.settings import SettingsError, WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.world.state import World

ROWS = range(1, 29)
SOURCES = Path(mxplans_sim.__file__).parent
ASKING = ("take", "active", "_fault", "_strikes", "_taken")


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_kind_makes_a_rule_with_its_defaults_and_survives_a_round_trip(kind):
    needed = {name: p.default for name, p in CATALOGUE[kind].parameters.items() if p.needed}
    rule = Rule(kind=kind, parameters=needed)
    assert set(rule.filled) == set(CATALOGUE[kind].parameters)
    assert Rule.model_validate_json(rule.model_dump_json()) == rule
    assert CATALOGUE[kind].text


def test_every_row_of_the_failure_catalogue_can_be_injected():
    covered = {row for kind in CATALOGUE.values() for row in kind.rows}
    assert covered == set(ROWS)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"kind": "robot_on_fire"}, "allowed are robot_no_pin"),
        ({"kind": "robot_no_pin", "often": 3}, "Extra inputs are not permitted"),
        ({"kind": "motor_stall", "parameters": {"at": 0.5}}, "parameters at are not known, allowed are at_frac"),
        ({"kind": "motor_stall", "parameters": {"at_frac": 2.0}}, "at_frac is 2.0, allowed is 0 to 1"),
        ({"kind": "motor_stall", "parameters": {"at_frac": "half"}}, "it must be a number"),
        ({"kind": "sample_is", "parameters": {"sample_class": "burnt"}}, "allowed are wrong_slot, empty, bent"),
        ({"kind": "motor_stall", "where": {"axs": "omega"}}, "where axs says nothing of motor_stall, allowed is axis"),
        ({"kind": "cryo_warm", "where": {"axis": "omega"}}, "allowed is nothing"),
        ({"kind": "camera_dim", "step": "lunch"}, "Input should be 'idle', 'load', 'optical', 'grid'"),
        ({"kind": "process_killed"}, "pid must be given"),
        ({"kind": "process_killed", "parameters": {"pid": 1}}, "pid is 1, allowed is 2 to"),
        ({"kind": "beam_dump_at_image", "parameters": {"image": 10.7}}, "it must be a whole number"),
        ({"kind": "beam_dump", "parameters": {"duration_s": 0}}, "allowed is 0.001 to"),
        (
            {"kind": "beam_dump", "parameters": {"duration_s": float("inf")}},
            r"duration_s.float\n +Input should be a finite number",
        ),
        ({"kind": "beam_jump", "parameters": {"ev": float("nan")}}, r"ev.float\n +Input should be a finite number"),
        ({"kind": "camera_dim", "for_s": float("inf")}, "finite number"),
        ({"kind": "camera_dim", "probability": 1.5}, "less than or equal to 1"),
        ({"kind": "camera_dim", "at_s": -1}, "greater than or equal to 0"),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(wrong, told):
    with pytest.raises(ValidationError, match=told):
        Rule.model_validate(wrong)


def test_a_scenario_file_is_read(tmp_path):
    path = tmp_path / "bad-day.yaml"
    path.write_text(
        "faults:\n- {kind: beam_dump, at_s: 100, parameters: {duration_s: 30}}\n- {kind: robot_no_pin, sample: 'x*'}\n"
    )
    dump, pin = load_scenario(path)
    assert dump.filled == {"duration_s": 30.0}
    assert (pin.manner, pin.most) == (Manner.STRIKING, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "is not YAML"),
        ("faults: 3", "must have a list under faults"),
        ("faults: []\nother: 1", "and nothing else"),
        ("faults:\n- {kind: nonsense}", "rule 1 is not allowed: all: .*kind 'nonsense' is not known"),
        ("faults:\n- {kind: camera_dim}\n- {kind: camera_dim, tims: 3}", "rule 2 is not allowed: tims: Extra inputs"),
        ("faults:\n- camera_dim", "rule 1 is not allowed: all: Input should be a valid dictionary"),
    ],
)
def test_a_wrong_scenario_file_is_refused(tmp_path, text, told):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told):
        load_scenario(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_scenario(tmp_path / "absent.yaml")


def asked_for():
    """Kinds that the virtual beamline asks for, with the names by which it says where."""
    found = {}
    for path in SOURCES.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") in ASKING and call.args:
                kind = call.args[0]
                if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                    found.setdefault(kind.value, set()).update(word.arg for word in call.keywords if word.arg)
    return found


def test_the_beamline_asks_for_every_kind_that_does_not_act_and_for_no_other():
    asked, indirect = asked_for(), set(DISTORTIONS) | {"work_source_malformed"}
    kinds = {name for name, kind in CATALOGUE.items() if kind.manner is not Manner.ACTING}
    assert set(asked) | indirect == kinds


def test_where_can_say_what_the_beamline_tells():
    told = asked_for()
    for name, kind in CATALOGUE.items():
        if name in told:
            assert set(kind.places) <= told[name] | {"camera", "beamline"}, name


def test_every_kind_that_acts_can_be_done():
    clock = RealClock()
    truth = Truth(None, clock)
    faults = Faults(clock, 1, truth)
    teach_world(faults, World(WorldSettings.model_validate({}), {}, clock, truth, faults))
    teach_detector(faults, SimplonFaults())
    faults.on("network", Proxies({}, clock, 1).act)
    for name, kind in CATALOGUE.items():
        assert (name in faults.can_do) == (kind.manner is Manner.ACTING), name


def test_a_rule_says_how_often_it_strikes():
    assert Rule(kind="robot_no_pin").most == 1
    assert Rule(kind="robot_no_pin", probability=0.1).most is None
    assert Rule(kind="robot_no_pin", count=0).most is None
    assert Rule(kind="camera_dim").most is None
    assert Rule(kind="camera_dim", count=2).most == 2
    assert Rule(kind="beam_dump").most == 1


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*Rule.model_fields, "other"]), st.from_type(object), max_size=4))
def test_whatever_is_given_is_a_rule_or_refused(given_fields):
    try:
        rule = Rule.model_validate(given_fields)
    except ValidationError:
        return
    assert rule.kind in CATALOGUE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(CATALOGUE)), JSON)
def test_whatever_the_parameters_are_they_are_within_their_bounds_or_refused(kind, parameters):
    try:
        rule = Rule.model_validate({"kind": kind, "parameters": parameters})
    except ValidationError:
        return
    for name, value in rule.filled.items():
        parameter = CATALOGUE[kind].parameters[name]
        assert type(value) is type(parameter.default)
        assert parameter.low is None or value >= parameter.low
        assert parameter.high is None or value <= parameter.high
