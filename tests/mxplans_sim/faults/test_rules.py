"""Rules and scenario files: what may be said, and what is refused with what is allowed."""

import pytest
from pydantic import ValidationError

from mxplans_sim.faults import CATALOGUE, Manner, Rule, load_scenario
from mxplans_sim.settings import SettingsError

ROWS = range(1, 29)


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_kind_makes_a_rule_with_its_defaults_and_survives_a_round_trip(kind):
    rule = Rule(kind=kind)
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
        ({"kind": "sample_is", "parameters": {"sample_class": "burnt"}}, "allowed are empty, bent"),
        ({"kind": "beam_dump", "sample": "lyso"}, "comes by time alone"),
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
        ("faults:\n- {kind: nonsense}", "kind 'nonsense' is not known"),
    ],
)
def test_a_wrong_scenario_file_is_refused(tmp_path, text, told):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=told):
        load_scenario(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_scenario(tmp_path / "absent.yaml")
