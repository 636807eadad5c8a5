"""YAML-A becomes YAML-B in its own text."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath

import pytest
import yaml
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from mxplans.errors import InvalidProfile
from mxplans.profile.dialects.config_object import ConfigObject, Dialect, differences
from mxplans.profile.dialects.yaml_file import read_yaml
from mxplans.profile.migrate.yaml_a import rewrite_yaml_a
from mxplans.profile.places import errors_of
from mxplans.profile.yaml12 import InvalidYaml, comment_lines, plain, read_text
from tests.profile.config_objects import identifiers, properties, texts

_FILES = {"/session": "session.yaml", "/sub/energy": "sub/energy.yaml"}

_BEFORE = """\
%YAML 1.2
---
# Beamline of the example

_initialise_class:  # all of it
  # must be there
  class: lab.beamline.Beamline   # since 2024
  # Further pairs go to the class
  mode: devel    # or user

# objects
_objects:
  # The tag makes it ordered
  !!omap
  # Hardware:

  - session: session.xml
  # - flux: flux.xml
  - "energy":   'sub/energy.xml'  # keV
  #   - omega: omega.xml

# Properties:

methods:
  - mesh
# - line
  - "yes"
about: |
  # no comment
    indented

limits: &limits {low: 012,
  high: 1e-05}
# last one
others: *limits
# the end
"""
_AFTER = """\
%YAML 1.2
---
# Beamline of the example

# all of it
# must be there
class: lab.beamline.Beamline   # since 2024

# objects
objects:
  # The tag makes it ordered
  # Hardware:

  session: session.yaml
  # - flux: flux.xml
  "energy":   'sub/energy.yaml'  # keV
  #   - omega: omega.xml

configuration:
  # Properties:

  methods:
    - mesh
  # - line
    - "yes"
  about: |
    # no comment
      indented

  limits: &limits {low: 012,
    high: 1e-05}
  # last one
  others: *limits
  # the end

x-mxplans:
  arguments:
    # Further pairs go to the class
    mode: devel    # or user
"""


def _read(text: str) -> ConfigObject:
    file = read_yaml(text.encode(), PurePosixPath("it.yaml"), "/it")
    assert not errors_of(file.findings), (file.findings, text)
    assert file.config is not None, text
    return file.config


def _comments(text: str) -> Counter[str]:
    return Counter(comment.strip() for _, comment in comment_lines(text))


def test_comments_blank_lines_quotes_and_order_stay() -> None:
    assert rewrite_yaml_a(_BEFORE, _FILES).text == _AFTER
    assert _read(_AFTER).dialect is Dialect.YAML_B
    assert differences(_read(_AFTER), _read(_BEFORE)) == []


def test_line_breaks_of_windows_stay() -> None:
    assert rewrite_yaml_a(_BEFORE.replace("\n", "\r\n"), _FILES).text == _AFTER.replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # all on one line, nothing behind it
        ("_initialise_class: {class: a.B}", "class: a.B\n"),
        # arguments in flow style keep their quotes
        (
            "_initialise_class: {class: 'a.B', x: [1, '2']}  # c\n",
            "# c\nclass: 'a.B'\n\nx-mxplans:\n  arguments:\n    x: [1, '2']\n",
        ),
        # a list whose entries stand below its key
        (
            "_initialise_class: {class: a.B}\n_objects: !!omap\n- x: x.xml\n# c\n- y: y.xml\n",
            "class: a.B\nobjects:\n  x: x.xml\n  # c\n  y: y.xml\n",
        ),
        # a list of single pairs without the tag, a file on a line of its own
        (
            "_initialise_class: {class: a.B}\n_objects:\n  - x:\n      x.xml\n  - y: y.xml\n",
            "class: a.B\nobjects:\n  x:\n      x.xml\n  y: y.xml\n",
        ),
        # nothing in it
        ("_initialise_class: {class: a.B}\n_objects: []  # []\n", "class: a.B\nobjects: {}  # []\n"),
        ("_initialise_class: {class: a.B}\n_objects:  # none\n", "class: a.B\nobjects: {}  # none\n"),
        ("_initialise_class: {class: a.B}\n_objects: ~\n", "class: a.B\nobjects: {}\n"),
        # a plain mapping, in either style
        ("_initialise_class: {class: a.B}\n_objects: {x: x.xml}\n", "class: a.B\nobjects: {x: x.xml}\n"),
        ("_initialise_class: {class: a.B}\n_objects:\n  x: x.xml\n", "class: a.B\nobjects:\n  x: x.xml\n"),
        # a comment in the line of the tag, and an anchor
        (
            "_initialise_class: {class: a.B}\n_objects: &o !!omap  # c\n  - x: x.xml\n",
            "class: a.B\nobjects: &o  # c\n  x: x.xml\n",
        ),
        # properties on both sides; what ends the document stays its end
        (
            "a: 1\n_initialise_class: {class: a.B}\nb: 2\n# c\n...\n# d\n",
            "configuration:\n  a: 1\n  b: 2\nclass: a.B\n# c\n...\n# d\n",
        ),
        # the block that is added comes before the end of the document
        (
            "_initialise_class: {class: a.B, x: 1}\na: >-\n  x\n...\n",
            "class: a.B\nconfiguration:\n  a: >-\n    x\n\nx-mxplans:\n  arguments:\n    x: 1\n...\n",
        ),
        # a property of the names that YAML-B has keys of
        (
            "_initialise_class: {class: a.B}\nobjects: {x: x.xml}\nconfiguration: 1\n",
            "class: a.B\nconfiguration:\n  objects: {x: x.xml}\n  configuration: 1\n",
        ),
        # quoted keys
        (
            "\"_initialise_class\":\n    'class': a.B\n'_objects': !!omap\n  - x: x.xml\n",
            "'class': a.B\nobjects:\n  x: x.xml\n",
        ),
    ],
)
def test_every_way_to_write_it_is_rewritten_in_place(before: str, after: str) -> None:
    rewritten = rewrite_yaml_a(before, {})
    assert (rewritten.text, rewritten.anew) == (after, None)
    assert differences(_read(after), _read(before)) == []


@pytest.mark.parametrize(
    ("before", "why"),
    [
        ("{_initialise_class: {class: a.B}, a: 1}  # c\n", "top level that is indented or in flow style"),
        ("_initialise_class: {class: a.B}\n_objects: !!omap [x: x.xml, y: y.xml]  # c\n", "_objects in flow style"),
        ("_initialise_class: &c\n  class: a.B  # c\nother: *c\n", "an anchor or tag on _initialise_class"),
        ("x: 1\n_initialise_class: {class: &c a.B}\ny: *c\n# c\n", "its lines as YAML-B are not YAML"),
    ],
)
def test_what_cannot_be_done_in_place_is_written_anew_and_says_why(before: str, why: str) -> None:
    rewritten = rewrite_yaml_a(before, {"/x": "x.yaml"})
    assert rewritten.anew is not None
    assert why in rewritten.anew
    assert differences(_read(rewritten.text), _read(before)) == []
    assert _comments(rewritten.text) == _comments(before)
    assert "x.xml" not in rewritten.text


@pytest.mark.parametrize("text", ["class: a.B\n", "a: 1\n", "", "_initialise_class: {x: 1}\n", "_initialise_class: ["])
def test_what_is_no_yaml_a_is_refused(text: str) -> None:
    with pytest.raises(InvalidProfile):
        rewrite_yaml_a(text, {})


_objects = st.dictionaries(identifiers, st.sampled_from(["session.xml", "sub/energy.xml", "other.xml"]), max_size=4)


@st.composite
def _yaml_a(draw: st.DrawFn) -> str:
    """YAML-A in many styles, with comments anywhere."""
    parts = [
        {"_initialise_class": {"class": "lab.Beamline", **draw(st.dictionaries(identifiers, texts, max_size=2))}},
        {"_objects": [{role: file} for role, file in draw(_objects).items()]},
        *({key: value} for key, value in draw(properties).items() if key != "<<"),
    ]
    text = "".join(
        yaml.safe_dump(
            part,
            default_flow_style=draw(st.sampled_from([False, False, None, True])) if "_objects" not in part else False,
            indent=draw(st.sampled_from([2, 4])),
            width=draw(st.sampled_from([20, 80])),
            allow_unicode=True,
        )
        .removeprefix("{")
        .removesuffix("}\n")
        .rstrip("\n")
        + "\n"
        for part in draw(st.permutations(parts))
    )
    lines = text.split("\n")
    for line in draw(st.lists(st.sampled_from(["# one", "  # two", "", "      # three"]), max_size=5)):
        lines.insert(draw(st.integers(0, len(lines))), line)
    return "\n".join(lines)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(_yaml_a())
def test_any_yaml_a_says_the_same_afterwards(text: str) -> None:
    try:
        plain(read_text(text, "it"))
        file = read_yaml(text.encode(), PurePosixPath("it.yaml"), "/it")
    except InvalidYaml:
        file = None
    assume(file is not None and file.config is not None and not errors_of(file.findings))
    rewritten = rewrite_yaml_a(text, _FILES)
    event(f"written anew: {rewritten.anew}")
    assert differences(_read(rewritten.text), _read(text)) == [], (text, rewritten)
    assert _comments(rewritten.text) == _comments(text), (text, rewritten)
