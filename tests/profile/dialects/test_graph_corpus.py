"""The graphs of MXCuBE's own configurations: as many objects as MXCuBE reaches, and all that is missing at once."""

from __future__ import annotations

import pytest
from mxcube_corpus import mxcube_corpus

from mxplans.profile.dialects import Dialect, FileKind, entries, load_folder, load_graph
from mxplans.profile.places import Severity

ROWS = {
    # look-up path: objects in the entry file, those missing, objects reached beside it, further mentions of missing ones
    "mxcubecore/mockup/test:mxcubecore/mockup": (15, 0, 28, 0),
    "mxcubecore/mockup/qt:mxcubecore/mockup": (27, 2, 40, 0),
    "mxcubecore/mockup/web:mxcubecore/mockup": (26, 3, 37, 0),
    "mxcubecore/mockup/qt:mxcubecore/mockup:mxcubecore/mockup/gphl": (27, 0, 42, 0),
    "mxcubecore/mockup/web:mxcubecore/mockup:mxcubecore/mockup/gphl": (26, 1, 39, 0),
    "mxcubecore/soleil_px2": (16, 15, 10, 5),
    "mxcubeweb/demo": (32, 3, 50, 1),
}


@pytest.mark.parametrize(("lookup", "figures"), ROWS.items())
def test_as_many_objects_are_reached_as_mxcube_reaches(lookup: str, figures: tuple[int, int, int, int]) -> None:
    folders = [mxcube_corpus() / folder for folder in lookup.split(":")]
    graph = load_graph(folders[0] / "beamline_config.yml", lookup=folders)
    entry = graph.entry or ""
    # A role that one object gives twice to the same other one counts once: soleil_px2's camera.
    missing = {edge for edge in graph.edges() if graph.resolve(edge.target, edge.owner) is None}
    from_entry = sum(edge.owner == entry for edge in missing)
    reached = len(graph.objects) - 1
    assert (len(graph.objects[entry].references), from_entry, reached, len(missing) - from_entry) == figures
    # Nothing else is wrong with them.
    errors = [finding for finding in graph.findings if finding.severity is Severity.ERROR]
    assert len(errors) == len(graph.missing)
    assert list(graph.objects)[-1] == entry


def test_the_way_up_from_an_entry_is_the_look_up_path() -> None:
    root = mxcube_corpus() / "mxcubecore/mockup"
    found = {
        path.parent.name: (load_graph(path, root), load_graph(path, lookup=[path.parent, root]))
        for path in entries(root)
    }
    assert {name: len(graph.objects) - 1 for name, (graph, _) in found.items()} == {"qt": 40, "test": 28, "web": 37}
    assert all(one.edges() == other.edges() for one, other in found.values())


def test_all_files_of_the_corpus_are_objects_or_pass() -> None:
    graph = load_folder(mxcube_corpus())
    kinds = [file.kind for file in graph.files]
    assert kinds.count(FileKind.BROKEN) == 0
    dialects = [config.dialect for config in graph.objects.values()]
    assert (dialects.count(Dialect.XML), dialects.count(Dialect.YAML_A), len(graph.instances)) == (249, 12, 261)
    assert not [finding for finding in graph.findings if "circle" in finding.what or "defined" in finding.what]
    # What a beamline's entry reaches is reached in the folder as well, under its longer name.
    demo = load_graph(mxcube_corpus() / "mxcubeweb/demo/beamline_config.yml")
    edges = {(edge.owner, edge.role, edge.target) for edge in graph.edges()}
    for edge in demo.edges():
        if edge.target not in demo.missing:
            assert (f"/mxcubeweb/demo{edge.owner}", edge.role, f"/mxcubeweb/demo{edge.target}") in edges
