"""Whole documents are read as MXCuBE's reader takes them, with the place of each part."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from mxcube_corpus import mxcube_corpus
from ruamel.yaml import YAML
from yaml12_support import REFUSED, ours, reference

from mxplans.profile.yaml12 import Mapping, Scalar, Sequence, plain, read_bytes, read_node, read_text

# libyaml takes no text without quotes that begins with one of these within a flow collection.
_texts = st.text(st.characters(codec="utf-8", exclude_characters="\ufeff\x85\u2028\u2029"), max_size=12).filter(
    lambda text: not text.startswith((":", "?", "-"))
)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | _texts,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(_texts, values, max_size=4),
    max_leaves=12,
)


@given(_values, st.booleans(), st.integers(20, 100))
def test_what_ruamel_writes_is_read_as_it_reads_it(value: Any, flow: bool, width: int) -> None:
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width, yaml.allow_unicode = flow, width, True
    stream = io.StringIO()
    yaml.dump(value, stream)
    assert ours(stream.getvalue()) == reference(stream.getvalue()) != REFUSED


_lines = st.sampled_from(
    (
        "a: 1", "b:", "  c: x # y", "  - d", "- e: f", "  g: {h: [1, 'i']}", "j: |", "    k", "l: &m n", "o: *m",
        "p: >-", "? r", ": s", "t: 'u", "  v'", "---", "...", "w: !!omap", "  - {a: 1}", "  - b: 2", "", "# x",
        "<<: {a: 2, y: 3}", "x: [", "  1, 2", "]",
    )
)  # fmt: skip


@given(st.lists(_lines, max_size=8))
def test_lines_in_any_order_are_never_read_as_something_else_than_ruamel_reads(lines: list[str]) -> None:
    # What is merged in stands before the rest there, and behind it here, so nothing stands beside it.
    assume(not any(line.startswith("<<") for line in lines) or len(lines) == 1)
    text = "\n".join(lines) + "\n"
    found, expected = ours(text), reference(text)
    # Each refuses some of what the other takes, as empty keys or two ends of a document; none takes it for something else.
    assert found == expected or REFUSED in (found, expected)


def test_the_corpus_is_read_as_ruamel_reads_it() -> None:
    paths = sorted(mxcube_corpus().rglob("*.y*ml"))
    assert len(paths) >= 16
    for path in paths:
        text = path.read_text("utf-8")
        assert ours(text) == reference(text) != REFUSED, path


def test_every_part_knows_its_place() -> None:
    node = read_text("a: 1\nb:\n  - x\n  - {c: 'y z'}\n", "a.yaml")
    assert isinstance(node, Mapping)
    elements = node.get("b")
    assert isinstance(elements, Sequence)
    inner = elements.items[1]
    assert isinstance(inner, Mapping)
    (key, value), *_ = inner.items
    assert isinstance(value, Scalar)
    assert [str(each.place) for each in (node, elements, inner, key, value)] == [
        "a.yaml:1:1", "a.yaml:3:3", "a.yaml:4:5", "a.yaml:4:6", "a.yaml:4:9",
    ]  # fmt: skip
    assert str(value.end) == "a.yaml:4:14"


def test_anchors_repeat_and_merges_fill_in_what_is_not_said() -> None:
    text = "base: &b {x: 1, y: [2]}\nother: {<<: *b, x: 3}\nlist: [*b, *b]\n"
    assert plain(read_text(text, "a.yaml")) == {
        "base": {"x": 1, "y": [2]},
        "other": {"x": 3, "y": [2]},
        "list": [{"x": 1, "y": [2]}, {"x": 1, "y": [2]}],
    }


def test_nothing_is_null_and_a_byte_order_mark_is_nothing(tmp_path: Path) -> None:
    assert plain(read_text("", "a.yaml")) is None
    assert plain(read_text("# nothing\n", "a.yaml")) is None
    assert plain(read_bytes("\ufeffa: é\n".encode(), "a.yaml")) == {"a": "é"}
    (tmp_path / "a.yaml").write_text("a: 1\n")
    assert plain(read_node(tmp_path / "a.yaml")) == {"a": 1}
