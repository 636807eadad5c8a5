"""One object per name, whoever mentions it, in whatever dialect and order."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from dialect_writers import EXTENSION, write_object
from hypothesis import given
from hypothesis import strategies as st

from mxplans.profile.dialects import ConfigGraph, Dialect, Edge, graph_differences, load_folder, load_graph
from mxplans.profile.places import Severity, errors_of

A, B, X = Dialect.YAML_A, Dialect.YAML_B, Dialect.XML


@pytest.mark.parametrize("order", [("collect", "detector"), ("detector", "collect")], ids="-".join)
@pytest.mark.parametrize("mix", list(itertools.product(Dialect, repeat=3)), ids="-".join)
@pytest.mark.parametrize("entry", [A, B])
def test_what_two_mention_is_one(
    tmp_path: Path, entry: Dialect, mix: tuple[Dialect, Dialect, Dialect], order: tuple[str, str]
) -> None:
    """A detector that the beamline has, and that its collection has, as MXCuBE's simulated beamline does."""
    collect, detector, motor = mix
    path = write_object(tmp_path, "/beamline", entry, [(role, f"/{role}") for role in order])
    write_object(tmp_path, "/collect", collect, [("detector", "/detector"), ("distance", "/motors/distance")])
    write_object(tmp_path, "/detector", detector, [("distance", "/motors/distance")])
    write_object(tmp_path, "/motors/distance", motor)
    graph = load_graph(path)
    assert graph.findings == ()
    assert sorted(graph.instances) == ["/beamline", "/collect", "/detector", "/motors/distance"]
    assert graph.children_of("/beamline")["detector"] == graph.children_of("/collect")["detector"] == "/detector"
    assert graph.roles_of("/motors/distance") == tuple(
        Edge(owner, "distance", "/motors/distance") for owner in graph.instances if owner in ("/collect", "/detector")
    )
    assert [graph.objects[name].dialect for name in ("/collect", "/detector", "/motors/distance")] == list(mix)
    places = list(graph.objects)
    assert places == ["/motors/distance", "/detector", "/collect", "/beamline"]


_Graph = list[list[int]]
"""Of each object, those that it mentions."""


@st.composite
def graphs(draw: st.DrawFn, *, cyclic: bool) -> _Graph:
    # Among five, there are at most 15 circles, which are all shown.
    count = draw(st.integers(1, 5 if cyclic else 7))
    found = []
    for index in range(count):
        others = range(count) if cyclic else range(index + 1, count)
        found.append(draw(st.lists(st.sampled_from(others), unique=True)) if others else [])
    return found


_mixes = st.lists(st.sampled_from(Dialect), min_size=7, max_size=7)
_folders = st.lists(st.sampled_from(["", "/motors", "/motors/fine"]), min_size=7, max_size=7)
_extensions = st.lists(st.sampled_from(["", ".xml", ".yml", ".yaml"]), min_size=7, max_size=7)


def names_of(graph: _Graph, folders: list[str]) -> list[str]:
    return ["/beamline", *(f"{folders[index]}/o{index}" for index in range(1, len(graph)))]


def written(root: Path, graph: _Graph, folders: list[str], mix: list[Dialect], extensions: list[str]) -> Path:
    names = names_of(graph, folders)
    for index, others in enumerate(graph):
        # In XML, names of files have no extension.
        ends = [""] * 7 if mix[index] is X else extensions
        mentions = [(f"r{other}", names[other] + ends[other]) for other in others]
        write_object(root, names[index], mix[index], mentions)
    return root / f"beamline{EXTENSION[mix[0]]}"


def reached(graph: _Graph) -> set[int]:
    found, new = set(), [0]
    while new:
        index = new.pop()
        if index not in found:
            found.add(index)
            new += graph[index]
    return found


@given(graphs(cyclic=False), _folders, _mixes, _mixes, _extensions)
def test_a_mix_of_dialects_means_what_any_other_mix_means(
    graph: _Graph, folders: list[str], one: list[Dialect], other: list[Dialect], extensions: list[str]
) -> None:
    names = names_of(graph, folders)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        loaded = load_graph(written(Path(first), graph, folders, one, extensions))
        again = load_graph(written(Path(second), graph, folders, other, extensions[::-1]))
        folder = load_folder(Path(first))
    here = reached(graph)
    assert loaded.findings == folder.findings == ()
    assert set(loaded.instances) == {names[index] for index in here}
    assert set(folder.instances) == set(names)
    edges = {Edge(names[i], f"r{j}", names[j]) for i in here for j in graph[i]}
    assert set(loaded.edges()) == edges
    assert len(loaded.edges()) == len(edges)
    assert graph_differences(loaded, again) == []
    assert list(loaded.objects) == list(again.objects)
    assert_in_order(loaded)
    assert_in_order(folder)


def assert_in_order(graph: ConfigGraph) -> None:
    place = {name: index for index, name in enumerate(graph.objects)}
    assert all(place[edge.target] < place[edge.owner] for edge in graph.edges())


@given(graphs(cyclic=True), _folders, _mixes, _extensions)
def test_circles_are_told_and_nothing_is_lost(
    graph: _Graph, folders: list[str], mix: list[Dialect], extensions: list[str]
) -> None:
    names = names_of(graph, folders)
    with tempfile.TemporaryDirectory() as root:
        path = written(Path(root), graph, folders, mix, extensions)
        loaded, again = load_graph(path), load_graph(path)
    here = reached(graph)
    assert loaded == again
    assert set(loaded.instances) == {names[index] for index in here}
    assert set(loaded.edges()) == {Edge(names[i], f"r{j}", names[j]) for i in here for j in graph[i]}
    assert bool(errors_of(loaded.findings)) == is_circular(graph, here)
    for finding in loaded.findings:
        way = finding.what.removeprefix("objects mention each other in a circle: ").split(" -> ")
        assert way[0] == way[-1]
        assert len(finding.also) + 1 == len(way) - 1
        assert set(way) <= set(names)
        assert all((a, b) in {(e.owner, e.target) for e in loaded.edges()} for a, b in itertools.pairwise(way))


def is_circular(graph: _Graph, here: set[int]) -> bool:
    """Whether taking away those that mention nothing leaves something."""
    left = set(here)
    while True:
        ends = {index for index in left if not left.intersection(graph[index])}
        if not ends:
            return bool(left)
        left -= ends


def test_differences_of_graphs_are_told(tmp_path: Path) -> None:
    for folder, mentions in (("one", [("a", "/a")]), ("other", [("b", "/a"), ("c", "/c")])):
        write_object(tmp_path / folder, "/beamline", B, mentions)
        write_object(tmp_path / folder, "/a", X)
    one, other = (load_graph(tmp_path / folder / "beamline.yaml") for folder in ("one", "other"))
    assert [finding.severity for finding in other.findings] == [Severity.ERROR]
    said = graph_differences(one, other)
    assert said[0].startswith("object /beamline: references is (Reference(role='a'")
    assert said[1:] == [
        "mention of /a by /beamline as 'a' is new",
        "mention of /a by /beamline as 'b' is lost",
        "mention of /c by /beamline as 'c' is lost",
        "missing are [], were expected ['/c']",
    ]
    write_object(tmp_path / "more", "/c")
    more = load_folder(tmp_path / "more")
    assert graph_differences(more, one)[:4] == [
        "entry is None, was expected /beamline",
        "object /c is new",
        "object /a is lost",
        "object /beamline is lost",
    ]
    assert graph_differences(one, one) == graph_differences(more, more) == []
