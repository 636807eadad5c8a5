"""Nothing is dropped: what is mapped, not needed and to be done is all that there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mxcube_corpus import mxcube_corpus

from mxplans.profile import yaml12
from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.dialects.graph import entries, load_folder, load_graph
from mxplans.profile.mapping import Fate, items_of, load_table, map_beamline, write_profile, write_todo
from mxplans.profile.mapping.matching import ADDRESSES
from tests.profile.config_objects import config_objects, redirects
from tests.profile.mapping.mapping_support import accounted

CLASSES = sorted({name for row in load_table().rows for name in row.classes if name.isidentifier()})
KEYS = sorted(
    {
        name
        for row in load_table().rows
        for source in (*row.sections.values(), *(s for device in row.devices for s in device.settings.values()))
        for name in source.property
    }
    | set(ADDRESSES)
)
known = st.builds(
    lambda config, cls, more: replace(config, class_path=f"m.{cls}", properties={**config.properties, **more}),
    config_objects,
    st.sampled_from(CLASSES),
    st.dictionaries(
        st.sampled_from(KEYS), st.sampled_from([1, -1.5, "(1, 2)", "a:1", "", None, True, "x"]), max_size=4
    ),
)
"""Objects of classes that the table knows, with properties that it takes, of any value."""


def linked(objects: list[ConfigObject]) -> ConfigGraph:
    """Objects that mention each other, themselves, and one that is not there."""
    names = [f"/o{number}" for number in range(len(objects) + 1)]
    renamed = {}
    for number, config in enumerate(objects):
        mentions = tuple(
            replace(reference, target=names[(number + index + 1) % len(names)])
            for index, reference in enumerate(config.references)
        )
        redirect = config.redirect and names[len(config.redirect) % len(names)]
        renamed[names[number]] = replace(config, name=names[number], references=mentions, redirect=redirect)
    return ConfigGraph(None, renamed)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(known | config_objects | redirects, min_size=1, max_size=3).map(linked))
def test_every_piece_of_any_graph_is_accounted_for(graph):
    found = accounted(graph, map_beamline(graph, load_table()))
    assert yaml12.plain(yaml12.read_text(write_profile(found), "it.yaml"))["schema"] == "mxplans.profile/1"
    told = write_todo(found)
    assert all(f"### {entry.item.object}\n" in told for entry in found.todo)
    todo, _, not_needed = told.partition("## Not needed, and why")
    assert all(f"### {entry.item.object}\n" in not_needed for entry in found.not_needed)
    assert not_needed.count("- [ ]") == 0 and todo.count("- [ ]") == told.count("- [ ]")
    assert all(f"({entry.item.place})" in told for entry in (*found.todo, *found.not_needed))


def test_every_entry_of_the_public_configurations_is_accounted_for():
    root = mxcube_corpus()
    found_entries = entries(root)
    assert found_entries
    for entry in found_entries:
        graph = load_graph(entry, root=root)
        found = accounted(graph, map_beamline(graph, load_table()))
        assert found.counts[Fate.MAPPED] > 0, entry


@pytest.mark.parametrize(
    "folder", ["mxcubecore/mockup", "mxcubecore/soleil_px2", "mxcubecore/esrf_id13", "mxcubeweb/demo"]
)
def test_every_folder_of_the_public_configurations_is_accounted_for(folder):
    graph = load_folder(mxcube_corpus() / folder)
    accounted(graph, map_beamline(graph, load_table()))


def test_the_table_has_a_row_for_every_class_of_the_public_configurations():
    graph = load_folder(mxcube_corpus())
    found = map_beamline(graph, load_table())
    assert not [entry for entry in found.todo if "no row of the table" in entry.why]


def test_values_of_the_profile_come_from_pieces_that_are_mapped():
    graph = load_folder(mxcube_corpus())
    found = map_beamline(graph, load_table())
    mapped = {entry.item.place for entry in found.entries if entry.fate is Fate.MAPPED}
    values = [*found.sections, *(value for device in found.devices for value in device.settings)]
    assert {value.place for value in values if value.place is not None} <= mapped
    assert sum(1 for config in graph.objects.values() for _ in items_of(config)) == len(found.entries) > 1000
