"""Whatever is said where: the nearest source counts, every leaf knows which one it was, nothing is lost on the way."""

import functools
import json
import string
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from profile_support import SIM

from mxplans.profile import load_placed, load_profile
from mxplans.profile.overrides import overrides
from mxplans.profile.places import Place
from mxplans.profile.tree import content, joined, leaves, merged, repeated_keys, size
from mxplans.profile.yaml12 import Mapping, Scalar, Sequence, plain, read_node, read_text

KEYS = st.sampled_from(list("abcd"))
VALUES = st.one_of(
    st.integers(-5, 5), st.booleans(), st.none(), st.text(string.ascii_letters, min_size=1), st.lists(st.integers())
)
TREES = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=3),
    lambda inner: st.dictionaries(KEYS, inner | VALUES, max_size=3),
    max_leaves=12,
)


def node(value, source):
    """Plain values as nodes that come from a source."""
    place = Place(source)
    if isinstance(value, dict):
        items = tuple((node(key, source), node(inner, source)) for key, inner in value.items())
        return Mapping(items, place, place)
    if isinstance(value, list):
        return Sequence(tuple(node(inner, source) for inner in value), place, place)
    return Scalar(value, str(value), True, place, place)


def flat(value, loc=()):
    """Leaves as a dictionary; a list is one leaf here, since it is taken whole."""
    if isinstance(value, dict) and value:
        return {way: leaf for key, inner in value.items() for way, leaf in flat(inner, (*loc, key)).items()}
    return {loc: value}


def decided(*trees):
    """The model of precedence, nearest tree first: a value counts unless one before it says anything of its way."""
    found, said = {}, []
    for tree in trees:
        for way, leaf in flat(tree).items():
            if not any(way[: len(other)] == other or other[: len(way)] == way for other in said):
                found[way] = leaf
        said += flat(tree)
    return found


@given(TREES, TREES, TREES)
def test_the_nearest_source_counts(command_line, environment, file):
    tops = [tree for tree in (command_line, environment, file) if tree]  # an empty one says nothing at the top
    whole = node({}, "")
    for source, tree in (("file", file), ("environment", environment), ("command line", command_line)):
        whole = merged(node(tree, source), whole)
    assert flat(content(whole)) == (decided(*tops) if tops else {(): {}})


@given(TREES, TREES)
def test_every_leaf_has_the_origin_that_gave_its_value(upper, lower):
    whole = merged(node(upper, "upper"), node(lower, "lower"))
    for way, leaf in leaves(whole):
        source = {"upper": upper, "lower": lower}.get(leaf.place.file, {})
        for part in way:
            source = source[part]
        assert content(leaf) == source


@given(TREES, TREES)
def test_two_equals_are_joined_alike_from_both_sides_or_clash_at_the_same_values(one, other):
    left, clashes = joined(node(one, "one"), node(other, "other"))
    right, again = joined(node(other, "other"), node(one, "one"))
    assert {clash.loc for clash in clashes} == {clash.loc for clash in again}
    assert all({clash.first.file, clash.second.file} == {"one", "other"} for clash in clashes)
    if not clashes:
        assert content(left) == content(right) == content(merged(node(one, "one"), node(other, "other")))


@given(TREES)
def test_merging_with_itself_or_nothing_changes_nothing(tree):
    this = node(tree, "file")
    assert content(merged(this, this)) == content(merged(this, node({}, ""))) == tree
    assert joined(this, this) == (this, [])


@given(TREES)
def test_a_tree_is_as_large_as_it_is(tree):
    def number(value):
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return 1 + sum(map(number, inner))

    assert size(node(tree, "file")) == number(tree)
    assert list(repeated_keys(node(tree, "file"))) == []


@given(st.lists(st.tuples(st.lists(KEYS, min_size=1, max_size=3), st.integers(0, 9)), max_size=6), st.booleans())
def test_settings_come_in_as_they_are_written(settings, of_environment):
    expected = {}
    pairs = [(tuple(way), value) for way, value in settings]
    if of_environment:
        environ = {"MXPLANS__" + "__".join(way): str(value) for way, value in pairs}
        layers, wrong = overrides((), environ)
        pairs = sorted(dict(pairs).items(), key=lambda pair: "MXPLANS__" + "__".join(pair[0]))
    else:
        layers, wrong = overrides([f"{'.'.join(way)}={value}" for way, value in pairs])
    for way, value in pairs:
        here = expected
        for part in way[:-1]:
            here[part] = here[part] if isinstance(here.get(part), dict) else {}
            here = here[part]
        here[way[-1]] = value
    assert (content(functools.reduce(lambda below, layer: merged(layer, below), layers, node({}, ""))), wrong) == (
        expected,
        [],
    )


@given(TREES)
def test_a_mapping_as_a_value_is_what_its_text_says(tree):
    [layer], wrong = overrides([f"top={json.dumps(tree)}"])
    assert (content(layer), wrong) == ({"top": tree}, [])
    assert content(read_text(json.dumps(tree), "x")) == tree


@settings(max_examples=30)
@given(st.data())
def test_a_profile_in_any_parts_is_the_same_profile(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("parts")
    whole = plain(read_node(SIM))
    names = data.draw(st.lists(st.sampled_from(["a", "b", "c/d", "c/e"]), unique=True))
    parts = {name: {} for name in ["top", *names]}
    for way, leaf in flat(whole).items():
        here = parts["top" if way == ("schema",) else data.draw(st.sampled_from(sorted(parts)))]
        for key in way[:-1]:
            here = here.setdefault(key, {})
        here[way[-1]] = leaf
    parts["top"]["include"] = [f"{name}.yaml" for name in names]
    for name, part in parts.items():
        (folder / f"{name}.yaml").parent.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(json.dumps(part))
    placed = load_placed(folder / "top.yaml")
    assert placed.profile.model_copy(update={"include": ()}) == load_profile(SIM)
    for way in flat(whole):
        file = placed.place(way).file
        here = parts[str(Path(file).relative_to(folder).with_suffix(""))]
        for key in way:
            here = here[key]
        assert here == flat(whole)[way]
