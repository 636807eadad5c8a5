"""What MXCuBE's XML says of an object, by files that hold every way to say it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from mxplans.profile.dialects.config_object import Call, ConfigObject, ExtraKind, same_value
from mxplans.profile.dialects.reading import ConfigFile, FileKind
from mxplans.profile.dialects.section_forms import stand_in_sections
from mxplans.profile.dialects.xml_file import read_xml
from mxplans.profile.places import Place, Severity

_WAYS = Path(__file__).parents[1] / "fixtures" / "xml_ways"


def _file(name: str) -> ConfigFile:
    return read_xml((_WAYS / f"{name}.xml").read_bytes(), PurePosixPath(f"{name}.xml"), f"/{name}")


def _object(name: str) -> ConfigObject:
    config = _file(name).config
    assert config is not None
    return config


def _read(text: str, name: str = "/hutch/thing") -> ConfigFile:
    return read_xml(text.encode(), PurePosixPath("thing.xml"), name)


def _config(text: str) -> ConfigObject:
    config = _read(text).config
    assert config is not None
    return config


def _said(file: ConfigFile, severity: Severity = Severity.WARNING) -> list[tuple[int, str]]:
    return [(finding.place.line, finding.what) for finding in file.findings if finding.severity is severity]


def _extras(config: ConfigObject) -> list[tuple[str, Any, Any]]:
    return [(str(extra.kind), extra.path, extra.value) for extra in config.extras]


def _calls(calls: tuple[Call, ...]) -> dict[str, tuple[Any, ...]]:
    return {call.name: (call.protocol, call.target, call.address, dict(call.attributes)) for call in calls}


def test_channels_of_all_protocols_with_addresses_of_their_own_or_of_properties_behind_them() -> None:
    assert _calls(_object("calls").channels) == {
        "State": ("tango", "State", "lake/table/1", {"polling": "events"}),
        "Height": ("tango", "Height", "lake/table/2", {"polling_period": 250, "timeout": 3000}),
        "Tilt": ("exporter", "TiltAngle", "10.1.0.7:9001", {}),
        "Load": ("epics", "LAKE:TABLE:LOAD.RBV", None, {"polling_period": 100}),
        "Water": ("tine", "Flow", "/LAKE/WATER/main", {"size": 20, "dispatchMode": "direct"}),
        "Air": ("tine", "Pressure", "/LAKE/AIR/main", {}),
        "Counts": ("spec", "COUNTS", "granit:table", {}),
        "Turns": ("spec", "TURNS/turn", "granit:turns", {"dispatchMode": None}),
        "Slit": ("sardana", "Position", "lake/table/4", {}),
        "Valve": ("taco", "DevState", "//orion/lake/valve/7", {}),
        "Pretend": ("mockup", None, None, {"default_value": 1.5}),
        "Signal": ("smoke", "up", None, {}),
        "Follow": ("tango", "Speed", "lake/table/1", {"onchange": "go_up", "valuefrom": "Height", "attach": "once"}),
    }


def test_commands_of_all_protocols() -> None:
    config = _object("calls")
    assert _calls(config.commands) == {
        "go_up": ("tango", "Up", "lake/table/1", {}),
        "stop": ("exporter", "abortNow", "10.1.0.9:9001", {}),
        "home": ("epics", "LAKE:TABLE:HOME", None, {}),
        "rinse": ("tine", "RINSE", "/LAKE/AIR/main", {"timeout": 5}),
        "scan": ("spec", "tablescan", "granit:table", {"polling": "events"}),
        "beep": ("taco", "DevBeep", "//orion/lake/table/1", {}),
        "sweep": ("sardana", "sweep_table", "lake/door/1", {}),
        "reset": ("sardana", "Reset", "lake/table/5", {"taurusname": "lake/table/5", "cmd_type": "command"}),
        "load": ("pool", "Load", "lake/table/1", {}),
        "nod": ("mockup", None, None, {}),
    }
    assert config.properties["doorname"] == "lake/door/1", "what stands in for an address stays a property"
    assert (config.root, config.class_path) == ("device", "Tables.GranitTable.GranitTable")


def test_a_command_of_a_sardana_device_is_told_from_a_macro_by_its_attribute() -> None:
    config = _config("<object><command type='sardana' name='go'>Go</command><taurusname>a/b/c</taurusname></object>")
    (call,) = config.commands
    assert (call.address, call.attributes) == ("a/b/c", {"taurusname": "a/b/c"})
    assert not any(stand_in_sections(config.commands))
    assert dict(zip(_calls(_object("calls").commands), stand_in_sections(_object("calls").commands), strict=True))[
        "sweep"
    ]


def test_calls_that_mxcube_does_not_hear_are_kept_with_a_warning() -> None:
    file = _file("calls")
    assert file.config is not None
    assert _extras(file.config) == [
        ("element", (), {"tag": "channel", "attributes": {"name": "Unheard"}, "text": "State"}),
        ("element", (), {"tag": "command", "attributes": {"name": "typeless"}, "text": "Up"}),
    ]
    assert [(line, what.split(":")[0]) for line, what in _said(file)] == [
        (16, "channel 'Signal'"),
        (18, "channel 'Unheard' does not have attributes name and type alone"),
        (29, "command 'typeless' does not have name, type and what to execute alone"),
    ]


def test_a_call_without_an_address_is_a_warning_and_so_are_two_of_the_same_name() -> None:
    file = _read(
        "<object>\n<channel type='tango' name='a'>A</channel>\n<channel type='epics' name='a'> B </channel>\n</object>"
    )
    assert _said(file) == [
        (2, "channel 'a' of type tango has no address: neither its own nor a property"),
        (3, "channel 'a': target ' B ' has blanks around it"),
        (3, "channel 'a' stands twice in the object: MXCuBE takes the first one"),
    ]


def test_long_commands_with_arguments() -> None:
    config = _object("long_commands")
    draw, measure = config.commands
    assert (draw.protocol, draw.name, draw.target, draw.address) == ("spec", "draw", "draw_curtain", "granit:curtain")
    assert draw.attributes == {"polling_period": 200}
    assert draw.arguments == (
        ("argument", {"name": "width", "type": "float", "onchange": "measure"}),
        (
            "argument",
            {"name": "side", "type": {"item": [{"name": "left", "value": 1}, {"name": "right", "value": 2}]}},
        ),
    )
    assert (measure.protocol, measure.name, measure.target) == ("tango", "measure", "Measure")
    assert (measure.address, measure.attributes) == ("lake/curtain/1", {})
    assert config.properties == {"specversion": "granit:curtain"}


def test_arguments_with_attributes_or_text_are_kept_whole() -> None:
    config = _config(
        "<object><command><name>a</name><type>epics</type><toexecute>A</toexecute><argument unit='s'>07</argument>"
        "<argument><type><item id='1'>x</item></type></argument><argument>3</argument></command></object>"
    )
    inner = {"tag": "item", "attributes": {"id": 1}, "text": "x"}
    assert config.commands[0].arguments == (
        ("argument", {"tag": "argument", "attributes": {"unit": "s"}, "text": "07"}),
        ("argument", {"tag": "argument", "children": [{"tag": "type", "children": [inner]}]}),
        ("argument", 3),
    )


def test_what_long_commands_say_in_vain_is_kept() -> None:
    half = {
        "tag": "command",
        "attributes": {"type": "tango"},
        "children": [{"tag": "name", "text": "half"}, {"tag": "toexecute", "text": "Half"}],
    }
    both = {
        "tag": "command",
        "attributes": {"name": "both", "type": "tango"},
        "children": [{"tag": "tangoname", "text": "lake/curtain/2"}],
    }
    assert _extras(_object("long_commands")) == [
        ("attributes", ("@command", "measure"), {"id": "second"}),
        ("attributes", ("@command", "measure", "name"), {"unit": "mm"}),
        ("element", (), half),
        ("element", (), both),
    ]
    assert [line for line, _ in _said(_file("long_commands"))] == [29, 33]


def test_references_in_their_order_with_roles_targets_and_places() -> None:
    config = _object("hutch/references")
    assert [(each.role, each.target, each.path, each.tag) for each in config.references] == [
        ("table", "/table", (), "object"),
        ("door", "/motors/door", (), "motor"),
        ("lamp", "/hutch/lamp", (), "object"),
        ("heater", "/hutch/heater", (), "object"),
        (None, "/cooler", (), "device"),
        ("lamp", "/lamp_two", (), "object"),
        ("alarm", "/alarm", (), "object"),
        ("bell", "/bell", (), "object"),
        ("chair", "/chair", (), "object"),
        ("7", "/007", (), "object"),
        ("blind", "/blind/a", ("windows", "window", 0), "device"),
        ("blind", "/blind/b", ("windows", "window", 1), "device"),
        ("rack", "/rack", ("racks",), "device"),
    ]
    assert config.roles["lamp"] == "/hutch/lamp", "of two with the same role the first one"
    assert config.references[3].written == "../heater"
    assert config.references[3].place == Place("hutch/references.xml", 5, 3)
    assert config.properties == {"windows": {"window": [{"pane": 1}, {"pane": 2}]}, "racks": {}}
    assert _extras(config) == [
        ("attributes", ("@reference", 1), {"href": "/motors/window", "delta": 0.5}),
        ("attributes", ("@reference", 6), {"hwrid": None}),
        ("text", ("@reference", 6), "never read"),
    ]


def test_what_is_odd_about_references_is_said() -> None:
    file = _file("hutch/references")
    assert _said(file) == [
        (2, "role 'Table' is 'table' in MXCuBE"),
        (5, "target '../heater' is /hutch/heater: ../ means the folder of /hutch/references itself, as ./ does"),
        (7, "role 'lamp' stands twice in the object: /hutch/lamp is taken, not /lamp_two"),
        (8, "text 'never read' in object is not heard"),
        (10, "target '/chair.xml' has an extension, which MXCuBE appends itself: read as /chair"),
        (11, "role of /007: '007' is read as 7, without its leading zeros"),
    ]
    assert _said(file, Severity.NOTE) == [
        (6, "/cooler is mentioned without a role"),
        (19, "role 'blind' stands twice in the object: /blind/a is taken, not /blind/b"),
    ]
    twice = next(finding for finding in file.findings if "lamp_two" in finding.what)
    assert twice.also == (Place("hutch/references.xml", 4, 3),)


@pytest.mark.parametrize(
    ("written", "name", "target"),
    [
        ("/a/b", "/hutch/x", "/a/b"),
        ("./b", "/hutch/x", "/hutch/b"),
        ("../b", "/hutch/x", "/hutch/b"),
        ("./b", "/x", "/b"),
        ("../b", "/x", "/b"),
        ("b", "/hutch/x", "/b"),
        ("./sub/../b", "/hutch/x", "/hutch/b"),
        ("//a//b", "/hutch/x", "/a/b"),
        ("a.yml", "/hutch/x", "/a"),
        ("1e3", "/hutch/x", "/1000.0"),
        ("/../../etc/passwd", "/hutch/x", "/../../etc/passwd"),
        ("./../../x", "/hutch/x", "/../x"),
    ],
)
def test_targets_are_names_below_the_folder(written: str, name: str, target: str) -> None:
    config = _read(f'<object><object href="{written}" role="r"/></object>', name).config
    assert config is not None
    assert [each.target for each in config.references] == [target]


def test_elements_in_a_reference_are_kept() -> None:
    file = _read('<object><device href="/a" role="a"><x>1</x></device></object>')
    assert file.config is not None
    assert _extras(file.config) == [("element", ("@reference", 0), {"tag": "x", "text": "1"})]
    assert "does not load such a file" in _said(file)[0][1]


def test_a_redirect_stands_for_another_name() -> None:
    config = _object("hutch/old_name")
    assert (config.root, config.redirect, config.arguments) == ("hwr_import", "/hutch/references", {"since": 2019})
    assert not (config.properties or config.references or config.class_path)
    assert [(comment.text, comment.before) for comment in config.comments] == [(" moved in spring ", ("root",))]


def test_a_redirect_to_nowhere_is_broken_and_one_within_an_object_a_warning() -> None:
    file = _read("<hwr_import/>")
    assert (file.kind, _said(file, Severity.ERROR)) == (
        FileKind.BROKEN,
        [(1, "hwr_import has no href; allowed is the name of an object")],
    )
    inner = _read('<object><hwr_import href="/a" role="a"/></object>')
    assert _said(inner) == [(1, "hwr_import stands in an object: MXCuBE loads /a in place of it")]


def test_properties_nested_ones_and_repeated_ones() -> None:
    config = _object("properties")
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
            "inner": {"device": {"width": 3}},
            "device": {},
        },
    )
    assert config.arguments == {"site": "lake", "shelves": 7}
    assert config.class_path == "Storage.Storage"


def test_what_properties_say_in_vain_is_kept() -> None:
    assert _extras(_object("properties")) == [
        ("attributes", ("label",), {"lang": "en"}),
        ("shadowed", ("name",), "first"),
        ("attributes", ("motors", "limits"), {"unit": "mm"}),
        ("text", ("motors",), "and a remark"),
        ("attributes", ("state", 1), {"kind": "rest"}),
        ("shadowed", ("name",), {"tag": "name", "attributes": {"note": "old"}, "text": "second"}),
        ("attributes", ("inner", "device"), {"class": "Shelf"}),
        ("text", ("device",), "spare"),
    ]


def test_raw_texts_and_places_by_path() -> None:
    config = _object("properties")
    assert config.texts == {("rows",): "08", ("motors", "speed"): "2.50"}
    assert config.places["motors", "speed"] == Place("properties.xml", 11, 5)
    assert config.places["state", 1, "name"].line == 16
    assert config.places["state",].line == 15
    assert config.places["name",].line == 20, "of the one that is heard"
    assert config.place == Place("properties.xml", 3, 1)


def test_comments_know_what_they_stand_before() -> None:
    found = [(comment.text, comment.line, comment.before) for comment in _object("properties").comments]
    assert found == [
        ('<?house style="plain"?>', 1, ("root",)),
        (" the whole object ", 2, ("root",)),
        (" two\n       lines ", 4, ("property", "label")),
        (" within motors ", 10, ("property", "motors", "speed")),
        (" the last word ", 30, ("end",)),
        (" after all ", 32, ("end",)),
    ]
    assert [comment.before for comment in _object("long_commands").comments] == [("command", 0), ("command", 0)]


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
    assert [comment.before for comment in _config(text).comments] == [before]


def test_shapes_that_mxcube_reads_otherwise_than_they_look_are_said() -> None:
    said = dict(_said(_file("properties")))
    assert said[7] == "property rows: '08' is read as 8, without its leading zeros"
    assert said[8] == "property name comes again below: 'first' is not heard"
    assert said[9] == "text 'and a remark' in motors is not heard"
    assert said[18] == "property gap is text once and has elements once: MXCuBE keeps them apart"
    assert said[21] == "element bin ends with an element of the same tag: MXCuBE takes it for empty text"
    assert said[28] == "element inner.device is an object of class 'Shelf' within an object"
    assert said[3] == "attribute shelves of the root: '007' is read as 7, without its leading zeros"
    last = _read("<object class='A'><a>1</a><object>x</object></object>")
    assert _said(last) == [(1, "the file ends with an element object as its root is: MXCuBE loads nothing from it")]


def test_a_bracket_that_opens_no_literal_is_a_note() -> None:
    assert [line for line, _ in _said(_file("properties"), Severity.NOTE)] == [26]


def test_calls_in_nested_elements_keep_their_path_and_take_addresses_from_around() -> None:
    config = _config(
        "<object><axis><channel type='tango' name='a'>A</channel><x>1</x></axis>"
        "<axis><tangoname>in/ner/1</tangoname><command type='tango' name='b'>B</command></axis>"
        "<tangoname>out/er/1</tangoname></object>"
    )
    assert [(call.path, call.address) for call in config.channels] == [(("axis", 0), "out/er/1")]
    assert [(call.path, call.address) for call in config.commands] == [(("axis", 1), "in/ner/1")]


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
    config = _config(text)
    assert (config.class_path, config.root) == (class_path, root)


def test_what_is_no_hardware_object_passes() -> None:
    parameters, fragment, pointer = (_file(name) for name in ("parameters", "fragment", "pointer"))
    assert {parameters.kind, fragment.kind, pointer.kind} == {FileKind.OTHER}
    assert not parameters.findings
    assert _said(fragment, Severity.NOTE) == [(2, "is not XML: junk after document element")]
    assert [what.split(",")[0] for _, what in _said(pointer)] == ["root object is a reference"]


def test_every_extra_has_a_place_and_a_known_kind() -> None:
    for path in sorted(_WAYS.rglob("*.xml")):
        config = _file(str(path.relative_to(_WAYS).with_suffix(""))).config
        for extra in config.extras if config else ():
            assert extra.place.line > 0 and extra.kind in ExtraKind
