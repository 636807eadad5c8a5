"""YAML-B says all that a hardware object says, and comes back equal."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from mxplans.profile import yaml12
from mxplans.profile.dialects.config_object import (
    Call,
    CallKind,
    Comment,
    ConfigObject,
    Reference,
    differences,
    same_value,
)
from mxplans.profile.dialects.yaml_file import read_yaml
from mxplans.profile.migrate.literals import Literals
from mxplans.profile.migrate.yaml_b import to_yaml_b
from mxplans.profile.places import errors_of
from tests.profile.config_objects import config_objects, redirects, texts

_SETTINGS = settings(deadline=None, max_examples=75, suppress_health_check=[HealthCheck.too_slow])


def _read(text: str, name: str) -> ConfigObject:
    file = read_yaml(text.encode(), PurePosixPath("it.yaml"), name)
    assert not errors_of(file.findings), (file.findings, text)
    assert file.config is not None, text
    return file.config


def _ruamel(text: str) -> Any:
    reader = YAML(typ="safe", pure=True)
    reader.version = (1, 2)
    return reader.load(text)


@_SETTINGS
@given(config_objects | redirects, st.sampled_from(Literals))
def test_what_is_written_is_read_as_the_same(config: ConfigObject, literals: Literals) -> None:
    text = to_yaml_b(config, {}, literals)
    assert differences(_read(text, config.name), config) == [], text


@_SETTINGS
@given(config_objects | redirects, st.data())
def test_writing_what_was_read_changes_nothing(config: ConfigObject, data: st.DataObject) -> None:
    anchors = st.sampled_from([("root",), ("end",), *_anchors(config)])
    comments = data.draw(st.lists(st.builds(Comment, text=texts, line=st.just(1), before=anchors), max_size=4))
    text = to_yaml_b(replace(config, comments=tuple(comments)), {})
    assert to_yaml_b(_read(text, config.name), {}) == text


@_SETTINGS
@given(config_objects)
def test_other_readers_of_yaml_find_the_same(config: ConfigObject) -> None:
    text = to_yaml_b(config, {})
    ours = yaml12.plain(yaml12.read_text(text, "it.yaml"))
    assert same_value(_plain(_ruamel(text)), ours), "MXCuBE's own, of YAML 1.2"
    assert same_value(yaml.safe_load(text), ours), "that of YAML 1.1"


def _plain(value: Any) -> Any:
    """Without the classes of ruamel.yaml."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _anchors(config: ConfigObject) -> list[tuple[str | int, ...]]:
    """All that a comment may stand before."""
    parts = {"reference": config.references, "command": config.commands, "channel": config.channels}
    ways: list[tuple[str | int, ...]] = [(what, index) for what, each in parts.items() for index in range(len(each))]
    return ways + [("property", *way) for way in _ways(config.properties, ())]


def _ways(value: Any, path: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [way for key, each in value.items() for way in [(*path, key), *_ways(each, (*path, key))]]
    if isinstance(value, list):
        return [way for index, each in enumerate(value) for way in _ways(each, (*path, index))]
    return []


@_SETTINGS
@given(config_objects, st.lists(texts, max_size=5), st.data())
def test_every_comment_stands_in_the_file(config: ConfigObject, said: list[str], data: st.DataObject) -> None:
    anchors = st.sampled_from([("root",), ("end",), ("unheard", 3), ("reference", 99), *_anchors(config)])
    comments = tuple(Comment(text, 1, data.draw(anchors)) for text in said)
    found = [comment.strip() for _, comment in yaml12.comment_lines(to_yaml_b(replace(config, comments=comments), {}))]
    for line in (line.strip() for text in said for line in text.splitlines()):
        assert not line or line in found


@pytest.mark.parametrize(
    ("written", "mention"),
    [
        ("/motors/omega", "motors/omega.xml"),
        ("./omega", "motors/omega.xml"),
        ("/motors/omega.xml", "motors/omega.xml"),
        ("motors/omega.yml", "motors/omega.yml"),
        ("./motors/omega.xml", "./motors/omega.xml"),
    ],
)
def test_an_object_that_is_not_known_is_mentioned_as_it_would_be_found(written: str, mention: str) -> None:
    config = ConfigObject("/motors/a", "m.C", references=(Reference("omega", "/motors/omega", written=written),))
    assert f"\n  omega: {mention}\n" in to_yaml_b(config, {})
    assert "\n  omega: motors/omega.yaml\n" in to_yaml_b(config, {"/motors/omega": "motors/omega.yaml"})


_ROBOT = ConfigObject(
    "/robot",
    "lab.Robot",
    root="device",
    properties={
        "speed": "007 ",
        "yes": None,
        "gripper: a": [{"force": 1e-05}, {"force": -0.0}],
        "note": "two\nlines\n",
    },
    references=(Reference("door", "/hutch/door"), Reference(None, "/alarm")),
    commands=(
        Call(CallKind.COMMAND, "tango", "Open", "Open", "lab/robot/1"),
        Call(CallKind.COMMAND, "tine", "dry", "DRY", "/LAB/ROBOT"),
    ),
    channels=(
        Call(CallKind.CHANNEL, "epics", "force", "LAB:ROBOT:FORCE.RBV", None, {"polling_period": 100}),
        Call(CallKind.CHANNEL, "tango", "state", "State", "lab/robot/1", {"polling": "events", "timeout": 500}),
    ),
    comments=(
        Comment(" The robot ", 1, ("root",)),
        Comment("\n    <speed>9</speed>\n      <old/>\n", 3, ("property", "speed")),
        Comment("weak", 5, ("property", "gripper: a", 0, "force")),
        Comment("none", 6, ("property", "gripper: a", 1, "gone")),
        Comment("alarm", 7, ("reference", 1)),
        Comment("events", 8, ("channel", 1)),
        Comment("dries", 8, ("command", 1)),
        Comment("end", 9, ("end",)),
    ),
)
_ROBOT_TEXT = """\
# The robot
class: lab.Robot

configuration:
  # <speed>9</speed>
  #   <old/>
  speed: "007 "
  "yes": null
  "gripper: a":
    # weak
    - force: 1.0e-05
    # none
    - force: -0.0
  note: |
    two
    lines

objects:
  door: hutch/door.yaml

tango:
  lab/robot/1:
    commands:
      Open: null
    channels:
      # events
      state: {attribute: State, timeout: 500}

epics:
  "LAB:ROBOT:":
    channels:
      force: {suffix: FORCE.RBV, polling_period: 100}

x-mxplans:
  root: device
  references:
    # alarm
    - {index: 1, target: /alarm}
  commands:
    # dries
    - {protocol: tine, name: dry, target: DRY, address: /LAB/ROBOT}
  channels:
    - {protocol: tango, name: state, address: lab/robot/1, attributes: {polling: events}}

# end
"""


def test_the_file_reads_as_if_written_by_hand() -> None:
    assert to_yaml_b(_ROBOT, {"/hutch/door": "hutch/door.yaml"}) == _ROBOT_TEXT


def test_literals_become_structures_only_where_asked_for() -> None:
    config = ConfigObject("/a", "m.C", properties={"limits": "(4, 20)", "table": '{"a": ["x"]}', "unit": "(mm)"})
    assert 'limits: "(4, 20)"\n  table: \'{"a": ["x"]}\'\n' in to_yaml_b(config, {})
    text = to_yaml_b(config, {}, Literals.YAML)
    assert 'limits: [4, 20]\n  table:\n    a:\n      - x\n  unit: "(mm)"\n' in text
    assert differences(_read(text, "/a"), config) == []


@pytest.mark.parametrize("length", [890, 1000, 3000])
def test_keys_may_be_longer_than_yaml_allows_them_on_one_line(length: int) -> None:
    key = "x " * (length // 2)
    config = ConfigObject(
        "/a",
        "m.C",
        properties={key: {key: [{key: key}]}},
        channels=(Call(CallKind.CHANNEL, "tango", key, "State", key, {"timeout": 1}),),
    )
    text = to_yaml_b(config, {})
    assert differences(_read(text, "/a"), config) == []
    assert _plain(_ruamel(text)) == yaml.safe_load(text)
