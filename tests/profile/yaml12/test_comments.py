"""Comments of a YAML text, and nothing that only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mxcube_corpus import mxcube_corpus

from mxplans.profile.yaml12 import comment_lines, read_text

FOUND = {
    "within quotes": ("a: '# no' # one\nb: \"# no\\\n  # no\" #two", [(1, " one"), (3, "two")]),
    "within a literal block": ("a: | # one\n  # no\n\n  # no\n# two\nb: 1", [(1, " one"), (5, " two")]),
    "within a folded block": ("- >-\n  x\n  # no\n\n\n# one\n- >2+ #two\n    # no\n", [(6, " one"), (7, "two")]),
    "within flow collections": ("a: [1, # one\n '#', {b: c#d}, # two\n]", [(1, " one"), (2, " two")]),
    "in a plain text": ("a: b#c # one\nd#e: f", [(1, " one")]),
    "beside anchors and tags": (
        "a: &x # one\n  1\nb: !!str # two\n  2\nc: *x # three",
        [(1, " one"), (3, " two"), (5, " three")],
    ),
    "around a document": (
        "# one\n%YAML 1.2 # two\n--- # three\n1\n... # four\n#",
        [(1, " one"), (2, " two"), (3, " three"), (5, " four"), (6, "")],
    ),
    "with other line ends": ("a: 1 # one\r\n# two\r\n\rb: 2 # three", [(1, " one"), (2, " two"), (4, " three")]),
    "behind wide characters": ("a: 𝄞 # ü\n'#': 'é' # 𝄞", [(1, " ü"), (2, " 𝄞")]),
    "with blanks around": ("a:   #  x \t \n   # y", [(1, "  x"), (2, " y")]),
    "alone": ("# a\n\n  # b", [(1, " a"), (3, " b")]),
    "not at all": ("a: 1", []),
}


@pytest.mark.parametrize(("text", "comments"), FOUND.values(), ids=FOUND)
def test_comments_are_found_with_their_lines(text: str, comments: list[tuple[int, str]]) -> None:
    read_text(text, "a.yaml")
    assert comment_lines(text) == comments


@pytest.mark.parametrize("text", ["'# no", "a: {b: # one\n", "\x00", "a: *\n# no"])
def test_a_text_that_is_no_yaml_raises_nothing(text: str) -> None:
    assert all(" one" == comment for _, comment in comment_lines(text))


_lines = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"), exclude_characters="\ufeff"))


@given(st.lists(_lines, max_size=5), _lines)
def test_comments_do_not_hide_in_texts(comments: list[str], text: str) -> None:
    """Each line of a mapping gets a comment behind a quoted text that is full of them, and none is lost or made up."""
    quoted = text.replace("'", "''")
    document = "".join(f"k{index}: '# {quoted} #' #{comment}\n" for index, comment in enumerate(comments))
    read_text(document, "a.yaml")
    assert comment_lines(document) == [(index + 1, comment.rstrip()) for index, comment in enumerate(comments)]


def test_each_mark_in_real_files_is_a_comment_or_within_a_text() -> None:
    """In these files `#` stands in comments only, but for colours."""
    for path in sorted(mxcube_corpus().rglob("*.y*ml")):
        text = path.read_text("utf-8")
        marked = [index for index, line in enumerate(text.splitlines(), 1) if " #" in f" {line}"]
        assert [line for line, _ in comment_lines(text)] == marked, path
