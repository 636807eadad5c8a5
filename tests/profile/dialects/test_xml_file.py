"""Properties, comments, roots and places in MXCuBE's XML."""

from __future__ import annotations

from typing import Any

import pytest

from mxplans.profile.dialects.config_object import ExtraKind, same_value
from mxplans.profile.dialects.reading import FileKind
from mxplans.profile.places import Place, Severity
from tests.profile.dialects.xml_ways import WAYS, config_of, extras_of, file_of, object_of, read, said


def test_properties_nested_ones_and_repeated_ones() -> None:
    config = object_of("properties")
    assert same_value(
        config.properties,
        {
            "label": "Cold store",
            "rows": 8,
            "motors": {"speed": 2.5, "limits": "(0, 12)"},
            "state": [{"name": "in", "level": 1}, {"name": "out", "level": 2}],
            "gap": [5, {"min": 1}],
            "name": "third",
            "bin": {"bin": 9},
            "empty": "",
            "nothing": None,
            "really": True,
            "layout": '{"rows": [1, 2]}',
            "odd": "(see the log book)",
            "path": "/data/<user>",
            "inner": {"device": [{"width": 3}]},
            "device": {},
        },
    )
    assert config.arguments == {"site": "lake", "shelves": 7}
    assert config.class_path == "Storage.Storage"


def test_what_properties_say_in_vain_is_kept() -> None:
    assert extras_of(object_of("properties")) == [
        ("attributes", ("label",), {"lang": "en"}),
        ("shadowed", ("name",), "first"),
        ("attributes", ("motors", "limits"), {"unit": "mm"}),
        ("text", ("motors",), "and a remark"),
        ("attributes", ("state", 1), {"kind": "rest"}),
        ("shadowed", ("name",), {"tag": "name", "attributes": {"note": "old"}, "text": "second"}),
        ("attributes", ("inner", "device", 0), {"class": "Shelf"}),
        ("text", ("device",), "spare"),
    ]


def test_raw_texts_and_places_by_path() -> None:
    config = object_of("properties")
    assert config.texts == {("rows",): "08", ("motors", "speed"): "2.50"}
    assert config.places["motors", "speed"] == Place("properties.xml", 11, 5)
    assert config.places["state", 1, "name"].line == 16
    assert config.places["state",].line == 15
    assert config.places["name",].line == 20, "of the one that is heard"
    assert config.place == Place("properties.xml", 3, 1)


def test_comments_know_what_they_stand_before() -> None:
    found = [(comment.text, comment.line, comment.before) for comment in object_of("properties").comments]
    assert found == [
        ('<?house style="plain"?>', 1, ("root",)),
        (" the whole object ", 2, ("root",)),
        (" two\n       lines ", 4, ("property", "label")),
        (" within motors ", 10, ("property", "motors", "speed")),
        (" the last word ", 30, ("end",)),
        (" after all ", 32, ("end",)),
    ]
    assert [comment.before for comment in object_of("long_commands").comments] == [("command", 0), ("command", 0)]


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("<object><a><!--c--></a></object>", ("property", "a")),
        ("<object><a>1</a><!--c--><b>2</b></object>", ("property", "b")),
        ("<object><n><a>1</a><!--c--></n><b>2</b></object>", ("property", "b")),
        ("<object><!--c--><n><a>1</a></n></object>", ("property", "n")),
        ("<object><n><x>1</x></n><!--c--><n><x>1</x></n></object>", ("property", "n", 1)),
        ("<object><a>1</a><!--c--><o href='/x' role='r'/></object>", ("reference", 0)),
        ("<object><o href='/x' role='r'><!--c--></o><a>1</a></object>", ("reference", 0)),
        ("<object><a>1</a><!--c--><channel type='epics' name='n'>V</channel></object>", ("channel", 0)),
        ("<object><a>1</a><!--c--><a>2</a></object>", ("property", "a")),
        ("<object><!--c--><channel>ignored</channel><a>2</a></object>", ("property", "a")),
        ("<object><!--c--></object>", ("end",)),
    ],
)
def test_anchors_of_comments(text: str, before: tuple[Any, ...]) -> None:
    assert [comment.before for comment in config_of(text).comments] == [before]


def test_shapes_that_mxcube_reads_otherwise_than_they_look_are_said() -> None:
    found = dict(said(file_of("properties")))
    assert found[7] == "property rows: '08' is read as 8, without its leading zeros"
    assert found[8] == "property name comes again below: 'first' is not heard"
    assert found[9] == "text 'and a remark' in motors is not heard"
    assert found[18] == "property gap is text once and has elements once: MXCuBE keeps them apart"
    assert found[21] == "element bin ends with an element of the same tag: MXCuBE takes it for empty text"
    assert found[28] == "element inner.device[0] is an object of class 'Shelf' within an object"
    assert found[3] == "attribute shelves of the root: '007' is read as 7, without its leading zeros"
    last = read("<object class='A'><a>1</a><object>x</object></object>")
    assert said(last) == [(1, "the file ends with an element object as its root is: MXCuBE loads nothing from it")]


def test_a_bracket_that_opens_no_literal_is_a_note() -> None:
    assert [line for line, _ in said(file_of("properties"), Severity.NOTE)] == [26]


@pytest.mark.parametrize(
    ("text", "class_path", "root"),
    [
        ("<object/>", None, "object"),
        ("<equipment/>", None, "equipment"),
        ("<procedure class='A.B.C'/>", "A.B.C.C", "procedure"),
        ("<anything class='Foo'/>", "Foo.Foo", "anything"),
        ("<object class=''/>", None, "object"),
    ],
)
def test_roots_and_classes(text: str, class_path: str | None, root: str) -> None:
    config = config_of(text)
    assert (config.class_path, config.root) == (class_path, root)


def test_what_is_no_hardware_object_passes() -> None:
    parameters, fragment, pointer = (file_of(name) for name in ("parameters", "fragment", "pointer"))
    assert {parameters.kind, fragment.kind, pointer.kind} == {FileKind.OTHER}
    assert not parameters.findings
    assert said(fragment, Severity.NOTE) == [(2, "is not XML: junk after document element")]
    assert [what.split(",")[0] for _, what in said(pointer)] == ["root object is a reference"]


def test_every_extra_has_a_place_and_a_known_kind() -> None:
    for path in sorted(WAYS.rglob("*.xml")):
        config = file_of(str(path.relative_to(WAYS).with_suffix(""))).config
        for extra in config.extras if config else ():
            assert extra.place.line > 0 and extra.kind in ExtraKind
