"""YAML files of both dialects become the same kind of object, and what is wrong with them is told with its place."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mxcube_corpus import mxcube_corpus

from mxplans.profile.dialects import (
    Call,
    CallKind,
    Comment,
    ConfigFile,
    ConfigObject,
    Dialect,
    FileKind,
    Reference,
    differences,
)
from mxplans.profile.dialects.yaml_file import read_yaml

A = """\
# A small beamline.
_initialise_class:
  class: site.beamline.Beamline
  mode: devel   # of the constructor
_objects:
  !!omap
  - omega: motors/omega.xml
  # the detector
  - detector: detector.yaml
tunable: true
limits:
  energy: [5, 20.5]
  modes: {slow: 1, fast: no}
since: 2024-01-02
# done
"""

B = """\
class: site.omega.Omega
configuration:
  speed: 012
  steps:
    - {name: a, size: 1e-05}
objects:
  parent: ./beamline.yml
tango:
  dom/fam/one:
    commands:
      Open:
      close: {name: Close}
    channels:
      State: {attribute: s, polling_period: 500, timeout: 1000}
exporter:
  host:9001:
    commands: {abort: {name: abortMotion}}
    channels: {pos: }
epics:
  "BL:M1":
    channels:
      val: {suffix: .RBV, polling_period: 100}
      .MOVN:
sardana:
  door/one: {commands: {go: {name: ascan}}}
bluesky_http_server: http://127.0.0.1:60610
"""


def read(text: str, name: str = "/omega") -> ConfigFile:
    return read_yaml(text.encode(), PurePosixPath("omega.yaml"), name)


def object_of(text: str) -> ConfigObject:
    file = read(text)
    assert file.config is not None, file.findings
    return file.config


def said(text: str) -> list[str]:
    return [str(finding).removeprefix("omega.yaml:") for finding in read(text).findings]


def test_dialect_a() -> None:
    config = object_of(A)
    assert said(A) == []
    assert config.dialect is Dialect.YAML_A
    expected = ConfigObject(
        "/omega",
        "site.beamline.Beamline",
        arguments={"mode": "devel"},
        properties={
            "tunable": True,
            "limits": {"energy": [5, 20.5], "modes": {"slow": 1, "fast": "no"}},
            "since": config.properties["since"],
        },
        references=(Reference("omega", "/motors/omega"), Reference("detector", "/detector")),
    )
    assert differences(config, expected) == []
    assert [each.written for each in config.references] == ["motors/omega.xml", "detector.yaml"]
    assert str(config.references[1].place) == "omega.yaml:9:15"
    assert {path: str(place) for path, place in config.places.items()} == {
        ("tunable",): "omega.yaml:10:1",
        ("limits",): "omega.yaml:11:1",
        ("limits", "energy"): "omega.yaml:12:3",
        ("limits", "modes"): "omega.yaml:13:3",
        ("limits", "modes", "slow"): "omega.yaml:13:11",
        ("limits", "modes", "fast"): "omega.yaml:13:20",
        ("since",): "omega.yaml:14:1",
    }


def test_comments_stand_before_something() -> None:
    assert object_of(A).comments == (
        Comment(" A small beamline.", 1, ("root",)),
        Comment(" of the constructor", 4, ("reference", 0)),
        Comment(" the detector", 8, ("reference", 1)),
        Comment(" done", 15, ("end",)),
    )
    text = "class: a.B # one\ntango:\n  d:\n    # two\n    commands: {x: , y: } # three\nconfiguration:\n  a: # four\n    b: 1 # five"
    assert [comment.before for comment in object_of(text).comments] == [
        ("command", 0),
        ("command", 0),
        ("command", 0),
        ("property", "a"),
        ("property", "a", "b"),
    ]


@pytest.mark.parametrize(
    "objects", ["\n  - a: x.xml\n  - b: y.yml", " {a: x.xml, b: y.yml}", " !!omap [a: x.xml, b: y.yml]"]
)
def test_dialect_a_lists_objects_in_three_ways(objects: str) -> None:
    config = object_of(f"_initialise_class: {{class: m.C}}\n_objects:{objects}\n")
    assert config.roles == {"a": "/x", "b": "/y"}


def test_dialect_b() -> None:
    config = object_of(B)
    assert said(B) == []
    assert config.dialect is Dialect.YAML_B
    command, channel = CallKind.COMMAND, CallKind.CHANNEL
    expected = ConfigObject(
        "/omega",
        "site.omega.Omega",
        properties={"speed": 12, "steps": [{"name": "a", "size": 1e-05}]},
        references=(Reference("parent", "/beamline"),),
        commands=(
            Call(command, "tango", "Open", "Open", "dom/fam/one"),
            Call(command, "tango", "close", "Close", "dom/fam/one"),
            Call(command, "exporter", "abort", "abortMotion", "host:9001"),
            Call(command, "sardana", "go", "ascan", "door/one"),
            Call(command, "bluesky_http_server", "bluesky_http_server", None, "http://127.0.0.1:60610"),
        ),
        channels=(
            Call(channel, "tango", "State", "s", "dom/fam/one", {"polling_period": 500, "timeout": 1000}),
            Call(channel, "exporter", "pos", "pos", "host:9001"),
            Call(channel, "epics", "val", "BL:M1.RBV", None, {"polling_period": 100}),
            Call(channel, "epics", ".MOVN", "BL:M1.MOVN"),
        ),
    )
    assert differences(config, expected) == []
    assert config.commands == expected.commands
    assert str(config.channels[0].place) == "omega.yaml:14:7"


def test_sections_may_be_empty() -> None:
    text = "class: a.B\nconfiguration:\nobjects:\ntango:\nexporter: {}\nepics:\nsardana:\nbluesky_http_server:\nx-mxplans: {}\n"
    assert said(text) == []
    assert differences(object_of(text), ConfigObject("/omega", "a.B")) == []
    assert said("class: a.B\ntango:\n  d/f/m:\n  d/f/n: {commands: , channels: }\n") == []


def test_the_extension_is_read() -> None:
    text = "x-mxplans:\n  import: /other\n  root: hwr_import\n"
    assert object_of(text).redirect == "/other"
    text = "class: a.B\nx-mxplans:\n  rot: device\n"
    (finding,) = said(text)
    assert finding.startswith("3:3: error: key 'rot' of x-mxplans is not known; allowed are root, import, ")
    assert finding.endswith("; did you mean root?")
    text = "class: a.B\ntango: {d: {channels: {s: }}}\nx-mxplans:\n  channels: [{protocol: tango, name: s, address: d, attributes: {polling: events}}]\n"
    assert object_of(text).channels == (Call(CallKind.CHANNEL, "tango", "s", "s", "d", {"polling": "events"}),)


WRONG = {
    "class: Omega\nobjects: {}": "1:8: error: class 'Omega' has no module; allowed is module.Class; write it as Python imports it",
    "class: Omega": "1:8: error: class 'Omega' has no module; allowed is module.Class; write it as Python imports it",
    "class: a..B": "1:8: error: class 'a..B' has no module; allowed is module.Class; write it as Python imports it",
    "class:\nobjects: {}": "1:7: error: class is empty; allowed is module.Class; write the class in full",
    "class: 7\nobjects: {}": "1:8: error: class is 7 (int); allowed is a text; put it in quotes",
    "class: [a]\nobjects: {}": "1:8: error: class is a list; allowed is a text; write one text",
    "_initialise_class: a.B": "1:20: error: _initialise_class has no class; write `_initialise_class:` and below it `class: module.Class`",
    "_initialise_class: {mode: 1}": "1:20: error: _initialise_class has no class; write `_initialise_class:` and below it `class: module.Class`",
    "_initialise_class: {class: a.B}\n_objects: [a.xml]": "2:12: error: an element of objects is no single pair; allowed is `- role: file`; write it so",
    "_initialise_class: {class: a.B}\n_objects: [a: b.xml, a: c.xml]": "2:22: error: role 'a' stands twice in objects (see omega.yaml:2:15); leave one out",
    "_initialise_class: {class: a.B}\nclass: c.D": "2:1: warning: class stands beside _initialise_class, and is read as a property; remove one of both",
    "_initialise_class: {class: a.B}\n7: 8": "2:1: error: key 7 of the file is read as int; allowed are texts; put it in quotes",
    "class: a.B\nconfiguration: [1]": "2:16: error: configuration is a list; allowed is a mapping; write `key: value` lines",
    "class: a.B\nconfiguration: {1: 2}": "2:17: error: key 1 of configuration is read as int; allowed are texts; put it in quotes",
    "class: a.B\nconfiguration: {a: {true: 2}}": "2:21: warning: key true in a is read as bool, which XML and JSON have no keys of; put it in quotes, where the class that reads it looks for a text",
    "class: a.B\nobjects: [a: b.xml]": "2:10: error: objects is a list; allowed is a mapping; write `key: value` lines",
    "class: a.B\nobjects: b.xml": "2:10: error: objects is 'b.xml'; allowed is a mapping; write `key: value` lines",
    "class: a.B\nobjects: {a: [b.xml]}": "2:14: error: file of role 'a' is a list; allowed is a text; write one text",
    "class: a.B\nobjects: {a: 5}": "2:14: error: file of role 'a' is 5 (int); allowed is a text; put it in quotes",
    "class: a.B\nobjects: {a: }": "2:11: warning: role 'a' names no file, and is left out; write its file, or remove it",
    "class: a.B\nobjects: {Omega: o.xml}": "2:11: warning: role 'Omega' has capitals: MXCuBE looks up 'omega' and never finds it; use lower case",
    "class: a.B\nobjects: {o: o.json}": "2:14: warning: role 'o' names 'o.json', which MXCuBE passes over; it reads .yaml, .yml, .xml; give the file with its extension",
    "class: a.B\ntango: [1]": "2:8: error: tango is a list; allowed is a mapping; write `key: value` lines",
    "class: a.B\ntango: {d: 1}": "2:12: error: tango 'd' is 1 (int); allowed is a mapping; write `key: value` lines",
    "class: a.B\ntango: {'': {commands: {a: }}}": "2:9: error: an address of tango is empty; write the address of the server",
    "class: a.B\ntango: {d: {comands: {}}}": "2:13: error: 'comands' of tango 'd' is not known; allowed are commands and channels; did you mean commands?",
    "class: a.B\ntango: {d: {commands: {a: b}}}": "2:27: error: command 'a' of tango 'd' is 'b'; allowed is a mapping; write `key: value` lines",
    "class: a.B\ntango: {d: {commands: {a: {name: 5}}}}": "2:34: error: name of command 'a' of tango 'd' is 5 (int); allowed is a text; put it in quotes",
    "class: a.B\ntango: {d: {channels: {a: {polling_period: '5'}}}}": "2:44: error: polling_period of channel 'a' of tango 'd' is '5'; allowed is a whole number of ms; write a whole number, without quotes",
    "class: a.B\ntango: {d: {channels: {a: {timeout: true}}}}": "2:37: error: timeout of channel 'a' of tango 'd' is true (bool); allowed is a whole number of ms; write a whole number, without quotes",
    "class: a.B\ntango: {d: {channels: {a: {poling_period: 5}}}}": "2:28: warning: 'poling_period' of channel 'a' of tango 'd' is not known to MXCuBE; did you mean polling_period?",
    "class: a.B\nexporter: {d: {channels: {a: {polling_period: 5}}}}": "2:31: warning: 'polling_period' of channel 'a' of exporter 'd' is not known to MXCuBE; known are attribute",
    "class: a.B\nepics: {d: {channels: {a: }, commands: {b: }}}": "2:30: warning: MXCuBE knows no commands of epics, and passes these over; move them to another protocol, or remove them",
    "class: a.B\nepics: {d: }": "2:9: error: 'd' of epics has no channels, which MXCuBE needs there; add them",
    "class: a.B\nsardana: {d: {channels: {b: }}}": "2:15: warning: MXCuBE knows no channels of sardana, and passes these over; move them to another protocol, or remove them",
    "class: a.B\ntango: {d: {commands: {a: }}, e: {commands: {a: }}}": "2:46: warning: command 'a' stands twice; MXCuBE keeps one of them (see omega.yaml:2:24); give one another name",
    "class: a.B\nbluesky_http_server: 60610": "2:22: error: bluesky_http_server is 60610 (int); allowed is a text; put it in quotes",
    "class: a.B\nconfigurations: {a: 1}": "2:1: warning: key 'configurations' is not known to MXCuBE; did you mean configuration?",
}


@pytest.mark.parametrize(("text", "finding"), WRONG.items(), ids=WRONG)
def test_what_is_wrong_is_told_with_its_place(text: str, finding: str) -> None:
    assert said(text) == [finding]
    assert read(text).kind is FileKind.OBJECT


def test_what_mxcube_does_not_know_is_kept() -> None:
    text = "class: a.B\nfuture: {a: [1]}\ntango: {d: {channels: {s: {attribute: x, deadband: 0.5}}}}\nepics: {'P:': {channels: {}, commands: {go: {name: PROC}}}}\n"
    config = object_of(text)
    assert config.arguments == {"future": {"a": [1]}}
    assert config.channels == (Call(CallKind.CHANNEL, "tango", "s", "x", "d", {"deadband": 0.5}),)
    assert config.commands == (Call(CallKind.COMMAND, "epics", "go", "P:PROC"),)


def test_a_role_with_capitals_stays_as_it_is() -> None:
    assert object_of("class: a.B\nobjects: {Omega: o.xml}").roles == {"Omega": "/o"}


OTHERS = [
    "",
    "a: 1",
    "[1, 2]",
    "text",
    "class: UserManager\nusers: []",
    "server: {class: a.B}",
    "# nothing",
    "class: {a: b}\nb: 1",
]


@pytest.mark.parametrize("text", OTHERS)
def test_other_files_pass(text: str) -> None:
    assert read(text) == ConfigFile(PurePosixPath("omega.yaml"), FileKind.OTHER)


def test_broken_files_are_broken_where_they_would_be_objects() -> None:
    for text in ("class: a.B\nclass: c.D\n", "_initialise_class:\n\tclass: a.B\n", "a: *b\n'x-mxplans': {}\n"):
        file = read(text)
        assert (file.kind, file.config) == (FileKind.BROKEN, None)
        assert [finding.severity for finding in file.findings] == ["error"]
        assert file.findings[0].place.line > 0
    (finding,) = read("class: a.B\nclass: c.D\n").findings
    assert [str(place) for place in finding.also] == ["omega.yaml:1:1"]
    file = read("{% if template %}\na: 1\n")
    assert file.kind is FileKind.OTHER
    assert [finding.severity for finding in file.findings] == ["warning"]


def test_other_encodings_are_told() -> None:
    file = read_yaml("class: a.B\nconfiguration: {a: é}\n".encode("latin-1"), PurePosixPath("a.yaml"), "/a")
    assert file.kind is FileKind.BROKEN
    assert str(file.findings[0]).startswith("a.yaml:2: error: is not UTF-8")


@given(st.integers(0, len(B)), st.sampled_from(["", "\x00", "[", "\t", "'", "&a ", "- ", "\n", "!!int "]))
def test_a_file_that_is_damaged_anywhere_is_an_object_or_told(cut: int, put: str) -> None:
    for text in (B[:cut] + put, B[:cut] + put + B[cut:], B[:cut] + put + B[cut + 1 :]):
        file = read(text)
        assert (file.config is None) == (file.kind is not FileKind.OBJECT)
        assert file.kind is not FileKind.BROKEN or file.findings


def test_real_files_that_are_cut_or_damaged_are_told_with_a_line() -> None:
    told = 0
    for path in sorted(mxcube_corpus().rglob("*.y*ml")):
        content = path.read_bytes()
        for cut in range(0, len(content), 100):
            put = (b"", b"\xff", b"\t{")[cut // 100 % 3]
            file = read_yaml(content[:cut] + put + (content[cut:] if put else b""), PurePosixPath(path.name), "/a")
            assert (file.config is None) == (file.kind is not FileKind.OBJECT)
            assert all(finding.place.line > 0 for finding in file.findings)
            assert file.findings or file.kind is not FileKind.BROKEN
            told += len(file.findings)
    assert told > 300
