"""What may be wrong with objects taken together, and how names are looked up."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest
from dialect_writers import write_object

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects import ConfigGraph, Dialect, Edge, FileKind, entries, load_folder, load_graph

A, B, X = Dialect.YAML_A, Dialect.YAML_B, Dialect.XML


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def said(graph: ConfigGraph) -> list[str]:
    return [str(finding) for finding in graph.findings]


def test_objects_come_before_those_that_mention_them_in_the_order_of_files(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", A, [("b", "/b"), ("a", "/a"), ("c", "/c")])
    write_object(tmp_path, "/a", X)
    write_object(tmp_path, "/b", X, [("d", "/d"), ("c", "/c")])
    write_object(tmp_path, "/c", B)
    write_object(tmp_path, "/d", A)
    write_object(tmp_path, "/e", A)
    assert list(load_graph(path).objects) == ["/d", "/c", "/b", "/a", "/beamline"]
    # Of a folder, all objects: first those that its entry leads to.
    assert list(load_folder(tmp_path).objects) == ["/d", "/c", "/b", "/a", "/beamline", "/e"]
    assert [str(file.path) for file in load_graph(path).files] == ["a.xml", "b.xml", "beamline.yml", "c.yaml", "d.yml"]


def test_a_circle_is_told_with_its_way_and_all_places(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", A, [("a", "/a")])
    write_object(tmp_path, "/a", X, [("b", "/b")])
    write_object(tmp_path, "/b", B, [("c", "/c")])
    write_object(tmp_path, "/c", X, [("a", "/a")])
    graph = load_graph(path)
    assert said(graph) == [
        "c.xml:2:3: error: objects mention each other in a circle: /a -> /b -> /c -> /a (see a.xml:2:3, b.yaml:3:6); "
        + "remove one of these mentions"
    ]
    assert list(graph.objects) == ["/c", "/b", "/a", "/beamline"]
    assert graph.children_of("/c") == {"a": "/a"}


def test_an_object_may_not_mention_itself(tmp_path: Path) -> None:
    graph = load_graph(write_object(tmp_path, "/beamline", B, [("me", "/beamline")]))
    assert said(graph) == [
        "beamline.yaml:3:7: error: objects mention each other in a circle: /beamline -> /beamline; "
        + "remove one of these mentions"
    ]


def test_of_many_circles_some_are_shown(tmp_path: Path) -> None:
    names = [f"/o{index}" for index in range(30)]
    for name in names:
        write_object(tmp_path, name, B, [(other[1:], other) for other in names])
    graph = load_folder(tmp_path)
    assert len(graph.edges()) == 900
    assert len(graph.findings) == 21
    # Of 30 objects that mention all of them, each mentions itself and those before it: 465 circles.
    (more,) = (text for text in said(graph) if "further" in text)
    assert more.endswith(": error: further circles are not shown: 445; break those that are shown first")


def test_two_definitions_are_told_with_both_places(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", B, [("omega", "/motors/omega"), ("again", "/motors/omega.yaml")])
    write_object(tmp_path, "/motors/omega", X)
    write_object(tmp_path, "/motors/omega", B)
    for graph in (load_graph(path), load_folder(tmp_path)):
        assert said(graph) == [
            "motors/omega.yaml:1:1: error: object /motors/omega is defined 2 times: in motors/omega.yaml, "
            + "motors/omega.xml (see motors/omega.xml:1:1); remove all but one, or give them other names"
        ]
        assert graph.instances == ("/motors/omega", "/beamline")
        assert graph.children_of("/beamline") == {"omega": "/motors/omega", "again": "/motors/omega"}


def test_a_file_that_is_no_object_defines_nothing(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", B, [("omega", "/omega"), ("phi", "/phi")])
    write_object(tmp_path, "/omega", X)
    write(tmp_path / "omega.yaml", "settings: {class: None}\n")
    write(tmp_path / "phi.yaml", "settings: 1\n")
    graph = load_graph(path)
    assert graph.children_of("/beamline") == {"omega": "/omega"}
    assert said(graph) == [
        "beamline.yaml:4:8: error: object /phi is not found: phi.yaml is no hardware object; "
        + "add one of phi.yaml, phi.yml, phi.xml"
    ]


def test_all_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", A, [("omega", "/motors/omga"), ("kappa", "/kappa"), ("phi", "/phi")])
    write_object(tmp_path, "/phi", X, [("omega", "/motors/omega"), ("kappa", "/kappa")])
    write_object(tmp_path, "/motors/omega", X)
    graph = load_graph(path)
    assert graph.missing == ("/kappa", "/motors/omga")
    assert said(graph) == [
        "beamline.yml:5:12: error: object /motors/omga is not found; did you mean /motors/omega? Else add one of "
        + "motors/omga.yaml, motors/omga.yml, motors/omga.xml",
        "beamline.yml:6:12: error: object /kappa is not found (see phi.xml:3:3); add one of "
        + "kappa.yaml, kappa.yml, kappa.xml",
    ]
    assert Edge("/beamline", "kappa", "/kappa") in graph.edges()
    assert graph.children_of("/beamline") == {"phi": "/phi"}


def test_a_broken_object_is_told_once_and_is_missing(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", B, [("a", "/a"), ("b", "/b")])
    write(tmp_path / "a.yaml", "class: m.C\nclass: m.D\n")
    write(tmp_path / "b.xml", '<object class="M"><a></object>')
    graph = load_graph(path)
    assert graph.missing == ("/a", "/b")
    assert [finding.place.file for finding in graph.findings] == ["a.yaml", "b.xml"]
    assert graph.instances == ("/beamline",)


def test_an_import_stands_for_another_object(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", B, [("a", "/a"), ("b", "/b"), ("c", "/c")])
    write(tmp_path / "a.xml", '<hwr_import href="/b"/>')
    write(tmp_path / "b.yaml", "x-mxplans: {import: /c}\n")
    write_object(tmp_path, "/c", A)
    graph = load_graph(path)
    assert graph.findings == ()
    assert graph.instances == ("/c", "/beamline")
    assert list(graph.objects) == ["/c", "/b", "/a", "/beamline"]
    assert graph.children_of("/beamline") == {"a": "/c", "b": "/c", "c": "/c"}
    assert graph.resolve("/a") == "/c"
    assert graph.resolve("/none") is None


def test_imports_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    path = write_object(tmp_path, "/beamline", B, [("a", "/a"), ("c", "/c")])
    write(tmp_path / "a.xml", '<hwr_import href="/b"/>')
    write(tmp_path / "b.xml", '<hwr_import href="/a"/>')
    write(tmp_path / "c.xml", '<hwr_import href="/d"/>')
    graph = load_graph(path)
    assert said(graph) == [
        "b.xml:1:1: error: redirects lead round in a circle: /a -> /b -> /a (see a.xml:1:1); "
        + "let one of them be an object",
        "c.xml:1:1: error: object /d is not found; add one of d.yaml, d.yml, d.xml",
    ]
    assert graph.instances == ("/beamline",)
    assert graph.edges() == (Edge("/beamline", "a", "/a"), Edge("/beamline", "c", "/c"))


OUTSIDE = ["../outside", "../../etc/passwd", "/../outside", "a/../../outside"]


@pytest.mark.parametrize("mention", OUTSIDE)
def test_nothing_outside_of_the_folder_is_read(tmp_path: Path, mention: str) -> None:
    write_object(tmp_path, "/outside", B)
    write_object(tmp_path, "/inside/a/x", B)
    path = write(tmp_path / "inside" / "beamline.yaml", f"class: m.C\nobjects: {{o: {mention}.xml}}\n")
    graph = load_graph(path)
    (finding,) = graph.findings
    assert str(finding).startswith("beamline.yaml:2:14: error: object /..")
    assert "stands outside of the look-up folders" in finding.what
    assert graph.instances == ("/beamline",)


def test_names_that_no_file_can_have_are_missing(tmp_path: Path) -> None:
    long = "a" * 5000
    path = write(
        tmp_path / "beamline.yaml", f'class: m.C\nobjects: {{a: "x\\0y.xml", b: {long}.xml, c: "\\n.xml", d: .xml}}\n'
    )
    graph = load_graph(path)
    assert len(graph.missing) == 4
    assert len(graph.findings) >= 4


def test_the_nearest_folder_wins(tmp_path: Path) -> None:
    path = write_object(tmp_path / "web", "/beamline", B, [("a", "/a"), ("b", "/b"), ("c", "/c/d")])
    write_object(tmp_path / "web", "/a", X)
    write_object(tmp_path, "/a", B, [("b", "/none")])
    write_object(tmp_path, "/b", X, [("a", "/a")])
    write_object(tmp_path, "/c/d", X, [("e", "./e"), ("b", "/b"), ("web", "/web/a")])
    write_object(tmp_path, "/c/e", X)
    graph = load_graph(path, tmp_path)
    assert graph.findings == ()
    assert [str(file.path) for file in graph.files] == ["b.xml", "c/d.xml", "c/e.xml", "web/a.xml", "web/beamline.yaml"]
    assert graph.entry == "/beamline"
    # A file that two folders of the way give a name to is one object.
    assert graph.children_of("/c/d") == {"e": "/c/e", "b": "/b", "web": "/a"}
    assert graph.resolve("/web/a") == "/a"
    assert load_graph(path).missing == ("/b", "/c/d")


def test_folders_to_look_in_may_be_given(tmp_path: Path) -> None:
    path = write_object(tmp_path / "one", "/beamline", B, [("a", "/a"), ("b", "/b")])
    for folder, name in (("one", "/a"), ("two", "/a"), ("two", "/b")):
        write_object(tmp_path / folder, name, X)
    graph = load_graph(path, lookup=[tmp_path / "two", tmp_path / "one"])
    assert [str(file.path) for file in graph.files] == ["one/beamline.yaml", "two/a.xml", "two/b.xml"]
    with pytest.raises(InvalidProfile, match="stands outside"):
        load_graph(path, tmp_path / "two")


def test_a_folder_may_hold_several_beamlines(tmp_path: Path) -> None:
    for beamline in ("north", "south"):
        write_object(tmp_path / beamline, "/beamline", B, [("omega", "/motors/omega"), ("ring", "/ring")])
        write_object(tmp_path / beamline, "/motors/omega", X, [("fast", "/motors/fast")])
        write_object(tmp_path / beamline, "/motors/fast", X)
    write_object(tmp_path, "/ring", X)
    graph = load_folder(tmp_path)
    assert graph.findings == ()
    assert graph.children_of("/south/beamline") == {"omega": "/south/motors/omega", "ring": "/ring"}
    assert graph.resolve("/motors/fast", "/south/motors/omega") == "/south/motors/fast"
    assert graph.resolve("/motors/fast") is None
    assert len(graph.instances) == 7
    assert entries(tmp_path) == tuple(tmp_path / beamline / "beamline.yaml" for beamline in ("north", "south"))


def test_entries_are_hardware_objects_of_a_usual_name(tmp_path: Path) -> None:
    write_object(tmp_path, "/a/beamline_config", A)
    write_object(tmp_path, "/b/beamline", B, extension=".yml")
    write_object(tmp_path, "/c/beamline", X)
    write_object(tmp_path, "/d/beam", B)
    write(tmp_path / "e/beamline.yaml", "devices: {}\n")
    write(tmp_path / "f/beamline.yaml", "class: a.B\nclass: a.B\n")
    assert [str(path.relative_to(tmp_path)) for path in entries(tmp_path)] == [
        "a/beamline_config.yml", "b/beamline.yml", "f/beamline.yaml",
    ]  # fmt: skip


def test_an_entry_that_is_none_is_told(tmp_path: Path) -> None:
    write(tmp_path / "beamline.yaml", "devices: {}\n")
    graph = load_graph(tmp_path / "beamline.yaml")
    assert said(graph) == ["beamline.yaml: error: is no hardware object; give the entry file"]
    assert (graph.entry, graph.instances, graph.files[0].kind) == (None, (), FileKind.OTHER)
    (finding,) = load_graph(tmp_path / "none.yaml").findings
    assert finding.place.file == "none.yaml"
    with pytest.raises(InvalidProfile, match="No such file"):
        load_graph(tmp_path / "none" / "beamline.yaml")
    for path in (tmp_path / "none", tmp_path / "beamline.yaml"):
        for function in (load_folder, entries):
            with pytest.raises(InvalidProfile, match="folder"):
                function(path)


def test_a_long_chain_needs_no_depth(tmp_path: Path) -> None:
    count = 1500
    for index in range(count):
        write_object(tmp_path, f"/o{index}", X, [("next", f"/o{(index + 1) % count}")])
    path = write_object(tmp_path, "/beamline", A, [("first", "/o0")])
    graph = load_graph(path)
    assert len(graph.objects) == count + 1
    (finding,) = graph.findings
    assert finding.what.count("->") == count
    assert next(iter(graph.objects)) == f"/o{count - 1}"


def test_a_name_is_no_path_of_python(tmp_path: Path) -> None:
    """Extensions count as such in mentions only where they are those of hardware objects."""
    path = write(tmp_path / "beamline.yaml", "class: m.C\nobjects: {a: omega.fast.xml, b: omega.fast}\n")
    write_object(tmp_path, "/omega.fast", X)
    graph = load_graph(path)
    assert graph.children_of("/beamline") == {"a": "/omega.fast", "b": "/omega.fast"}
    assert [str(finding.severity) for finding in graph.findings] == ["warning"]
    assert graph.files[1].path == PurePosixPath("omega.fast.xml")
