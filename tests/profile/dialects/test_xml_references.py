"""Mentions of other objects in MXCuBE's XML, and files that stand for another one."""

from __future__ import annotations

import pytest

from mxplans.profile.dialects.reading import FileKind
from mxplans.profile.places import Place, Severity
from tests.profile.dialects.xml_ways import extras_of, file_of, object_of, read, said


def test_references_in_their_order_with_roles_targets_and_places() -> None:
    config = object_of("hutch/references")
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
    assert extras_of(config) == [
        ("attributes", ("@reference", 1), {"href": "/motors/window", "delta": 0.5}),
        ("attributes", ("@reference", 6), {"hwrid": None}),
        ("text", ("@reference", 6), "never read"),
    ]


def test_what_is_odd_about_references_is_said() -> None:
    file = file_of("hutch/references")
    assert said(file) == [
        (2, "role 'Table' is 'table' in MXCuBE"),
        (5, "target '../heater' is /hutch/heater: ../ means the folder of /hutch/references itself, as ./ does"),
        (7, "role 'lamp' stands twice in the object: /hutch/lamp is taken, not /lamp_two"),
        (8, "text 'never read' in object is not heard"),
        (10, "target '/chair.xml' has an extension, which MXCuBE appends itself: read as /chair"),
        (11, "role of /007: '007' is read as 7, without its leading zeros"),
    ]
    assert said(file, Severity.NOTE) == [
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
    config = read(f'<object><object href="{written}" role="r"/></object>', name).config
    assert config is not None
    assert [each.target for each in config.references] == [target]


def test_elements_in_a_reference_are_kept() -> None:
    file = read('<object><device href="/a" role="a"><x>1</x></device></object>')
    assert file.config is not None
    assert extras_of(file.config) == [("element", ("@reference", 0), {"tag": "x", "text": "1"})]
    assert "does not load such a file" in said(file)[0][1]


def test_a_redirect_stands_for_another_name() -> None:
    config = object_of("hutch/old_name")
    assert (config.root, config.redirect, config.arguments) == ("hwr_import", "/hutch/references", {"since": 2019})
    assert not (config.properties or config.references or config.class_path)
    assert [(comment.text, comment.before) for comment in config.comments] == [(" moved in spring ", ("root",))]


def test_a_redirect_to_nowhere_is_broken_and_one_within_an_object_a_warning() -> None:
    file = read("<hwr_import/>")
    assert (file.kind, said(file, Severity.ERROR)) == (
        FileKind.BROKEN,
        [(1, "hwr_import has no href; allowed is the name of an object")],
    )
    inner = read('<object><hwr_import href="/a" role="a"/></object>')
    assert said(inner) == [(1, "hwr_import stands in an object: MXCuBE loads /a in place of it")]
