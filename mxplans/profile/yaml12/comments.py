"""The comments of a YAML text, which the nodes do not hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from mxplans.profile.yaml12.reading import PARSER

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""Where libyaml begins a new line."""
_COMMENT = re.compile(r"#([^\r\n\x85\u2028\u2029]*)")
_HEADER_COMMENT = re.compile(r"[^#\r\n\x85\u2028\u2029]*#([^\r\n\x85\u2028\u2029]*)")
"""Behind the mark of a block scalar, on its line."""


def comment_lines(text: str) -> list[tuple[int, str]]:
    r"""The comments of a YAML text, in their order.

    What looks like a comment within quotes, block scalars and plain texts is none.

    Args:
        text: One that `read_text` reads; of others, the comments before the first error are found.

    Returns:
        For each its line, from 1, and its text behind the `#` as written, without blanks at its end.

    >>> comment_lines("a: '# none'  # one\nb: |  # two\n  # none\n#three\n")
    [(1, ' one'), (2, ' two'), (4, 'three')]
    """
    if "#" not in text:
        return []
    found: list[tuple[int, str]] = []
    line, counted = 1, 0
    for begin, comment in _comments(text):
        line += sum(1 for _ in _BREAK.finditer(text, counted, begin))
        counted = begin
        found.append((line, comment.rstrip()))
    return found


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Where each comment begins, and what it says: between tokens stand blanks and comments alone."""
    done = 0
    for token in _tokens(text):
        begin, end = token.start_mark.index, token.end_mark.index
        if begin > done:
            yield from ((found.start(), found[1]) for found in _COMMENT.finditer(text, done, begin))
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            header = _HEADER_COMMENT.match(text, begin, end)
            if header:
                yield header.start(1) - 1, header[1]
        done = max(done, end)


def _tokens(text: str) -> Iterator[Any]:
    loader: Any = None
    try:
        loader = PARSER(text)
        while loader.check_token():
            yield loader.get_token()
    except yaml.YAMLError:
        return
    finally:
        if loader is not None:
            loader.dispose()
