"""Commands and channels in MXCuBE's XML, of all protocols and in both forms."""

from __future__ import annotations

from mxplans.profile.dialects.section_forms import stand_in_sections
from tests.profile.dialects.xml_ways import calls_of, config_of, extras_of, file_of, object_of, read, said


def test_channels_of_all_protocols_with_addresses_of_their_own_or_of_properties_behind_them() -> None:
    assert calls_of(object_of("calls").channels) == {
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
    config = object_of("calls")
    assert calls_of(config.commands) == {
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
    config = config_of("<object><command type='sardana' name='go'>Go</command><taurusname>a/b/c</taurusname></object>")
    (call,) = config.commands
    assert (call.address, call.attributes) == ("a/b/c", {"taurusname": "a/b/c"})
    assert not any(stand_in_sections(config.commands))
    assert dict(
        zip(calls_of(object_of("calls").commands), stand_in_sections(object_of("calls").commands), strict=True)
    )["sweep"]


def test_calls_that_mxcube_does_not_hear_are_kept_with_a_warning() -> None:
    file = file_of("calls")
    assert file.config is not None
    assert extras_of(file.config) == [
        ("element", (), {"tag": "channel", "attributes": {"name": "Unheard"}, "text": "State"}),
        ("element", (), {"tag": "command", "attributes": {"name": "typeless"}, "text": "Up"}),
    ]
    assert [(line, what.split(":")[0]) for line, what in said(file)] == [
        (16, "channel 'Signal'"),
        (18, "channel 'Unheard' does not have attributes name and type alone"),
        (29, "command 'typeless' does not have name, type and what to execute alone"),
    ]


def test_a_call_without_an_address_is_a_warning_and_so_are_two_of_the_same_name() -> None:
    file = read(
        "<object>\n<channel type='tango' name='a'>A</channel>\n<channel type='epics' name='a'> B </channel>\n</object>"
    )
    assert said(file) == [
        (2, "channel 'a' of type tango has no address: neither its own nor a property"),
        (3, "channel 'a': target ' B ' has blanks around it"),
        (3, "channel 'a' stands twice in the object: MXCuBE takes the first one"),
    ]


def test_long_commands_with_arguments() -> None:
    config = object_of("long_commands")
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
    config = config_of(
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
    assert extras_of(object_of("long_commands")) == [
        ("attributes", ("@command", "measure"), {"id": "second"}),
        ("attributes", ("@command", "measure", "name"), {"unit": "mm"}),
        ("element", (), half),
        ("element", (), both),
    ]
    assert [line for line, _ in said(file_of("long_commands"))] == [29, 33]


def test_calls_in_nested_elements_keep_their_path_and_take_addresses_from_around() -> None:
    config = config_of(
        "<object><axis><channel type='tango' name='a'>A</channel><x>1</x></axis>"
        "<axis><tangoname>in/ner/1</tangoname><command type='tango' name='b'>B</command></axis>"
        "<tangoname>out/er/1</tangoname></object>"
    )
    assert [(call.path, call.address) for call in config.channels] == [(("axis", 0), "out/er/1")]
    assert [(call.path, call.address) for call in config.commands] == [(("axis", 1), "in/ner/1")]
