"""Mentions change at their places, and nothing else does."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mxplans.profile.migrate.mentions import update_mentions
from mxplans.profile.yaml12 import InvalidYaml, plain, read_text

_FILES = {"omega.xml": "omega.yaml", "a/kappa phi.xml": "a/kappa: phi.yaml"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # dialect B; the comment and the property that say the same stay
        (
            "class: a.B\nobjects:\n  x: omega.xml  # omega.xml\nconfiguration: {objects: omega.xml}\n",
            "class: a.B\nobjects:\n  x: omega.yaml  # omega.xml\nconfiguration: {objects: omega.xml}\n",
        ),
        # dialect A; its property of the name that dialect B has for mentions stays
        (
            "_initialise_class: {class: a.B}\n_objects: !!omap\n- x:   'omega.xml'\nobjects:\n  x: omega.xml\n",
            "_initialise_class: {class: a.B}\n_objects: !!omap\n- x:   'omega.yaml'\nobjects:\n  x: omega.xml\n",
        ),
        # flow style, line breaks of Windows
        (
            "class: a.B\r\nobjects: {x: omega.xml, y: other.xml, z: omega.xml}\r\n",
            "class: a.B\r\nobjects: {x: omega.yaml, y: other.xml, z: omega.yaml}\r\n",
        ),
        # a text in quotes over two lines, whose new text may not stand without quotes
        (
            "class: a.B\nobjects:\n  y: a/kappa\n    phi.xml # c\n  z: omega.xml\n",
            'class: a.B\nobjects:\n  y: "a/kappa: phi.yaml" # c\n  z: omega.yaml\n',
        ),
        # a block scalar, and the blank line behind it
        (
            "class: a.B\nobjects:\n  x: >-\n    omega.xml\n\n  y: no.xml\n",
            "class: a.B\nobjects:\n  x: omega.yaml\n\n  y: no.xml\n",
        ),
        # an anchor and a tag stay; its alias need not change, and may
        (
            "class: a.B\nobjects:\n  x: &o !!str omega.xml\n  y: *o\n",
            "class: a.B\nobjects:\n  x: &o !!str omega.yaml\n  y: omega.yaml\n",
        ),
        # characters that are line breaks for libyaml, and ones beyond 16 bits
        (
            "class: a.B\nconfiguration: {a: '\u2028\U0001f52c'}\nobjects: {'\U0001f52c': omega.xml}\n",
            "class: a.B\nconfiguration: {a: '\u2028\U0001f52c'}\nobjects: {'\U0001f52c': omega.yaml}\n",
        ),
    ],
)
def test_a_mention_changes_where_it_stands(before: str, after: str) -> None:
    assert update_mentions(before, _FILES) == after


def test_a_mention_that_is_a_property_as_well_is_refused() -> None:
    text = "class: a.B\nobjects:\n  x: &o omega.xml\nconfiguration:\n  file: *o\n"
    with pytest.raises(InvalidYaml, match="tied to something else by an anchor"):
        update_mentions(text, _FILES)


def test_an_alias_of_a_property_becomes_a_mention_of_its_own() -> None:
    text = "class: a.B\nconfiguration:\n  file: &o omega.xml\nobjects:\n  x: *o\n"
    assert update_mentions(text, _FILES) == text.replace("x: *o", "x: omega.yaml")


@pytest.mark.parametrize("text", ["", "[1, 2]\n", "class: a.B\n", "class: a.B\nobjects:\n", "objects: {x: no.xml}\n"])
def test_a_text_without_such_mentions_stays(text: str) -> None:
    assert update_mentions(text, _FILES) == text


_mentions = st.lists(
    st.tuples(st.sampled_from(["omega.xml", "'omega.xml'", '"omega.xml"', "other.xml"]), st.text("# ", max_size=3)),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(_mentions, st.booleans())
def test_all_but_the_mentions_is_the_same_to_the_character(mentions: list[tuple[str, str]], is_a: bool) -> None:
    head = "_initialise_class: {class: a.B}\n_objects: !!omap" if is_a else "class: a.B\nobjects:"
    lines = [
        f"  {'- ' * is_a}r{index}: {file}{behind and f' #{behind}'}" for index, (file, behind) in enumerate(mentions)
    ]
    text = "\n".join([head, *lines, "# omega.xml"])
    changed = update_mentions(text, _FILES)
    assert re.sub(r"omega\.yaml", "omega.xml", changed) == text
    assert "omega.xml" not in str(plain(read_text(changed, "it")))
