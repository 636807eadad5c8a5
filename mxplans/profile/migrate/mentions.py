"""Mentions of files in YAML: given the extension that the file has now, all else of the text as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

from mxplans.profile.yaml12 import Mapping, Node, Scalar, read_text

_SECTIONS = ("objects", "_objects")
_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""Where libyaml begins a new line."""


def respell_mentions(text: str, name: str, extension: Callable[[str], str | None]) -> str:
    """Give each mention of a file the extension that it has now.

    Args:
        text: YAML of either dialect.
        name: What places call its file.
        extension: The extension, with its dot, of the file behind a mention as written; None to leave it.

    Raises:
        InvalidYaml: If the text is no YAML.
    """
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    edits: dict[int, tuple[int, str]] = {}
    for mention in _mentions(read_text(text, name)):
        suffix = extension(mention.text)
        old = PurePosixPath(mention.text).suffix
        if suffix is None or not old or suffix == old or mention.place.line != mention.end.line:
            continue
        begin = starts[mention.place.line - 1] + mention.place.column - 1
        end = starts[mention.end.line - 1] + mention.end.column - 1
        head, _, tail = text[begin:end].rpartition(old)
        edits[begin] = end, f"{head}{suffix}{tail}"
    for begin, (end, new) in sorted(edits.items(), reverse=True):
        text = text[:begin] + new + text[end:]
    return text


def _mentions(node: Node) -> Iterator[Scalar]:
    if not isinstance(node, Mapping):
        return
    for section in _SECTIONS:
        objects = node.get(section)
        if isinstance(objects, Mapping):
            yield from (value for _, value in objects if isinstance(value, Scalar) and isinstance(value.value, str))
