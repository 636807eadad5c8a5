"""The block for what YAML-B has no form for: documented as it is, and strict."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mxplans.profile.dialects import extension
from mxplans.profile.dialects.config_object import Call, CallKind, ConfigObject, Extra, ExtraKind, Reference
from mxplans.profile.dialects.extension import EXTENSION_KEY, apply_extension, extension_of
from mxplans.profile.dialects.section_forms import stand_in_objects
from mxplans.profile.yaml12 import InvalidYaml, Mapping, read_text

_DOCUMENTED = {
    extension.__name__: re.search(r"```yaml\n(.*?)```", str(extension.__doc__), re.DOTALL),
    "page": re.search(
        r"```yaml\n(x-mxplans:.*?)```",
        (Path(__file__).parents[3] / "docs/reference/mxcube-extension.md").read_text(),
        re.DOTALL,
    ),
}
_STATE = Call(CallKind.CHANNEL, "tango", "state", "State", "a/b/c", {"polling_period": 500})


def _apply(config: ConfigObject, text: str) -> ConfigObject:
    node = read_text(text, "it.yaml")
    assert isinstance(node, Mapping)
    return apply_extension(config, node.items[0][1])


@pytest.mark.parametrize("where", _DOCUMENTED)
def test_the_documented_example_is_read_as_it_says(where: str) -> None:
    example = _DOCUMENTED[where]
    assert example is not None
    standing = ConfigObject(
        "/a",
        "m.C",
        properties={"limits": [4, 20]},
        references=(Reference("a", "/a"), Reference("y", "/y")),
        channels=(_STATE,),
    )
    config = _apply(standing, example[1])
    assert config == ConfigObject(
        "/a",
        "m.C",
        root="device",
        redirect="/other",
        arguments={"mode": "devel"},
        properties={"limits": "(4, 20)"},
        references=(
            Reference("a", "/a"),
            Reference("y", "/y", tag="device"),
            Reference(None, "/motors/x", ("motors",)),
        ),
        commands=(Call(CallKind.COMMAND, "tine", "open", "OPEN", "/P1/SHUTTER", {"tag": 1}, (("arg", 5),)),),
        channels=(
            Call(CallKind.CHANNEL, "tango", "state", "State", "a/b/c", {"polling_period": 500, "polling": "events"}),
        ),
        extras=(Extra(ExtraKind.ATTRIBUTES, ("position", 0), {"delta": 0.1}),),
    )


def test_an_object_that_sections_say_in_full_has_no_block() -> None:
    config = ConfigObject("/a", "m.C", properties={"a": 1}, references=(Reference("x", "/x"),), channels=(_STATE,))
    assert extension_of(config) is None


def test_an_object_without_class_has_a_block_that_tells_it_from_other_files() -> None:
    assert extension_of(ConfigObject("/a")) == {"root": "object"}


def test_of_two_references_with_a_role_the_first_stands_in_objects() -> None:
    config = ConfigObject("/a", "m.C", references=(Reference("x", "/x"), Reference("x", "/y"), Reference("z", "/z")))
    assert extension_of(config) == {"references": [{"index": 1, "role": "x", "target": "/y"}]}


def test_a_whole_channel_of_the_same_name_is_no_supplement() -> None:
    twice = ConfigObject("/a", "m.C", channels=(_STATE, Call(CallKind.CHANNEL, "tango", "state", None, "a/b/c")))
    block = extension_of(twice)
    assert block == {"channels": [{"protocol": "tango", "name": "state", "target": None, "address": "a/b/c"}]}
    assert _apply(
        ConfigObject("/a", "m.C", channels=(_STATE,)), f"{EXTENSION_KEY}: {block}".replace("None", "null")
    ) == (twice)


def test_a_nested_reference_with_a_role_stands_where_mxcube_finds_it() -> None:
    nested = ConfigObject("/a", "m.C", references=(Reference("x", "/x", ("motors", 0), "motor"),))
    assert stand_in_objects(nested) == [True]
    assert extension_of(nested) == {"references": [{"role": "x", "path": ["motors", 0], "tag": "motor"}]}


@pytest.mark.parametrize(
    ("block", "column", "said"),
    [
        ("{rots: device}", 13, "key 'rots' of x-mxplans is not known.*did you mean root"),
        ("[root]", 12, "no mapping"),
        ("{root: 7}", 19, "root of x-mxplans is '7'; allowed is a text"),
        ("{import: other}", 21, "with a leading /"),
        ("{arguments: [1]}", 24, "a mapping whose keys are texts"),
        ("{references: {a: b}}", 25, "allowed is a list"),
        ("{references: [{index: 0}]}", 26, "the role of one in `objects`"),
        ("{references: [{tag: device}]}", 26, "the role of one in `objects`"),
        ("{references: [{role: nil, tag: device}]}", 26, "the role of one in `objects`"),
        ("{references: [{target: /a}]}", 26, "its index is None"),
        ("{references: [{index: -1, target: /a}]}", 34, "a whole number from 0"),
        ("{references: [{index: true, target: /a}]}", 34, "a whole number from 0"),
        ("{references: [{index: 1, target: /a}]}", 26, "allowed are 0 to 0"),
        ("{references: [{index: 0, target: null}]}", 45, "allowed is a text"),
        ("{references: [{index: 0, target: /a, path: [1.5]}]}", 55, "texts and whole numbers"),
        ("{references: [{index: 0, target: /a, rol: x}]}", 49, "did you mean role"),
        ("{commands: [{protocol: tine, name: a, target: b, arguments: [a]}]}", 72, "pairs"),
        (
            "{channels: [{protocol: tango, name: nil, address: a/b/c}]}",
            48,
            "once, a tango channel of the sections, at a/b/c",
        ),
        ("{commands: [{protocol: tango, name: state, address: a/b/c}]}", 48, "a tango command of the sections"),
        (
            "{channels: [{protocol: tango, name: state, address: a/b/c}, {protocol: tango, name: state, address: a/b/c}]}",
            96,
            "allowed is, once, a tango channel",
        ),
        ("{extras: [{kind: heard, value: 1}]}", 29, "attributes, text, shadowed"),
        ("{texts: [{path: [nil], text: a}]}", 28, "no property stands there"),
        ("{texts: [{path: [], text: a}]}", 28, "path of a property"),
        ("{texts: [{path: [limits, 9], text: a}]}", 28, "no property stands there"),
        ('{texts: [{path: [limits], text: "(4, 21)"}]}', 44, "is another now: remove this entry"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(block: str, column: int, said: str) -> None:
    config = ConfigObject("/a", "m.C", properties={"limits": [4, 20]}, channels=(_STATE,))
    with pytest.raises(InvalidYaml, match=said) as error:
        _apply(config, f"{EXTENSION_KEY}: {block}")
    assert (error.value.place.line, error.value.place.column) == (1, column)
