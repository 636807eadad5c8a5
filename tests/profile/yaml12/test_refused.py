"""What asks for more than a configuration file may is refused, with its place and soon."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.profile.yaml12 import InvalidYaml, Limits, plain, read_bytes, read_node, read_text

REFUSED = {
    "a key twice": ("a: 1\nb: 2\n'a': 3\n", "a.yaml:3:1", "'a' stands twice", "a.yaml:1:1"),
    "a number and a bool that are one key": ("{1: a, true: b}", "a.yaml:1:8", "stands twice", "a.yaml:1:2"),
    "another version": ("# it\n%YAML 1.1\n---\na: yes\n", "a.yaml:2:1", "YAML 1.1; allowed is 1.2", ""),
    "a key twice in an omap": ("!!omap\n- a: 1\n- a: 2\n", "a.yaml:3:3", "stands twice", "a.yaml:2:3"),
    "no pair in an omap": ("!!omap\n- a: 1\n- b\n", "a.yaml:3:3", "no single pair", ""),
    "a tag that makes objects": ("a: !!python/object/apply:os.system [ls]", "a.yaml:1:4", "not known", ""),
    "a tag of one's own": ("a: !secret b", "a.yaml:1:4", "not known", ""),
    "a tag of another kind": ("a: !!map b", "a.yaml:1:4", "not known", ""),
    "a list as key": ("? [a]\n: b\n", "a.yaml:1:3", "a key is a list", ""),
    "two documents": ("a: 1\n---\nb: 1\n", "a.yaml:2:1", "more than one document", ""),
    "an anchor within itself": ("a: &b [1, *b]", "a.yaml:1:11", "stands within itself", ""),
    "an anchor that is not there": ("a: *b", "a.yaml:1:4", "not defined", ""),
    "a merge of no mapping": ("<<: [1]\na: 1", "a.yaml:1:1", "no mapping", ""),
    "a date that is none": ("a: 2024-02-30", "a.yaml:1:4", "a date that there is not", ""),
    "a bracket that is open": ("a: [1,\nb: 2\n", "a.yaml:3:1", "not YAML", ""),
    "a tab as indentation": ("a:\n\tb: 1\n", "a.yaml:2:1", "not YAML", ""),
    "a character that is none": ("a: 1\nb: \x00\n", "a.yaml:2", "not YAML", ""),
}  # fmt: skip


@pytest.mark.parametrize(("text", "place", "what", "also"), REFUSED.values(), ids=REFUSED)
def test_an_error_says_place_and_thing(text: str, place: str, what: str, also: str) -> None:
    with pytest.raises(InvalidYaml, match=what) as caught:
        read_text(text, "a.yaml")
    assert str(caught.value.place) == place
    assert str(caught.value.also or "") == also


def test_other_encodings_are_refused_at_their_line() -> None:
    with pytest.raises(InvalidYaml, match=r"a\.yaml:2: is not UTF-8"):
        read_bytes("a: 1\nb: é\n".encode("latin-1"), "a.yaml")
    with pytest.raises(InvalidYaml, match="UTF-8"):
        read_bytes("a: 1\n".encode("utf-16"), "a.yaml")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(InvalidYaml, match="has 50000000 bytes; allowed are 4000000"):
        read_node(path, "a.yaml")
    with pytest.raises(InvalidYaml, match="cannot be read"):
        read_node(tmp_path / "none.yaml")


def test_depth_is_refused_before_it_costs_anything() -> None:
    for text in ("[" * 500_000, "- " * 500_000, "{a: " * 300_000):
        begin = time.monotonic()
        with pytest.raises(InvalidYaml, match="more than 64 deep"):
            read_text(text, "a.yaml")
        # libyaml takes in at most a few thousand characters ahead of the events that it gives.
        assert time.monotonic() - begin < 5
    assert plain(read_text("[" * 64 + "]" * 64, "a.yaml"))


def test_anchors_that_repeat_anchors_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidYaml, match="more than 200000 values"):
        read_text("\n".join(lines), "a.yaml")
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 50_000 or sys.platform != "linux"


def test_limits_are_those_that_are_given() -> None:
    with pytest.raises(InvalidYaml, match="more than 3 values"):
        read_text("[1, 2, 3]", "a.yaml", Limits(nodes=3))
    with pytest.raises(InvalidYaml, match="has 4 lines; allowed are 3"):
        read_text("#\n#\r#\r\n#\u2028# many comments are no values, and take their place", "a.yaml", Limits(nodes=3))
    with pytest.raises(InvalidYaml, match="10 characters; allowed are 9"):
        read_text("a: 2345678", "a.yaml", Limits(size_bytes=9))


@given(st.binary(max_size=200) | st.text("abc:-[]{}#&*!|>'\"% \t\n", max_size=60).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(content: bytes) -> None:
    try:
        plain(read_bytes(content, "a.yaml"))
    except InvalidYaml as error:
        assert error.place.file == "a.yaml"
        assert error.what
