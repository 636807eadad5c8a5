"""Plain values as YAML in block style, with comments before what they belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mxplans.profile.yaml12 import InvalidYaml, plain, read_text, written

DocumentPath = tuple[Any, ...]
"""Way into a document: keys of mappings and indices of lists."""

_WIDTH = 100
"""Of a line with a mapping or list in flow style, in characters."""
_KEY_WIDTH = 900
"""Longer keys are marked by `?`: YAML allows 1024 characters, with their quotes, to others."""

_TRUTHS = {"yes", "no", "on", "off", "y", "n"}
"""Texts that YAML 1.1 reads as truth values."""


class BlockWriter:
    """Writes mappings, lists and values.

    Args:
        comments: Lines, with their `#`, to stand before what a path leads to.
        may_flow: Whether what a path leads to stands on one line where it fits.
    """

    def __init__(
        self, comments: Mapping[DocumentPath, Sequence[str]], may_flow: Callable[[DocumentPath], bool]
    ) -> None:
        self._comments = comments
        self._may_flow = may_flow
        self._above_comments = {path[:depth] for path in comments for depth in range(len(path))}

    def lines(self, value: Any, path: DocumentPath = ()) -> list[str]:
        """A mapping or list that is not empty, as lines without indentation of the first level."""
        if isinstance(value, Mapping):
            return [line for key, each in value.items() for line in self._pair(key, each, (*path, key))]
        return [line for index, each in enumerate(value) for line in self._item(each, (*path, index))]

    def _pair(self, key: Any, value: Any, path: DocumentPath) -> list[str]:
        name = _scalar(key)
        # A key in the explicit form is closed by a line of its own.
        *before, head = [f"{name}:"] if len(name) < _KEY_WIDTH else [f"? {name}", ":"]
        before = [*self._comments.get(path, ()), *before]
        inline = self._inline(value, path, len(head))
        if inline is not None:
            first, *rest = inline
            return [*before, f"{head} {first}", *map(_indented, rest)]
        return [*before, head, *map(_indented, self.lines(value, path))]

    def _item(self, value: Any, path: DocumentPath) -> list[str]:
        before = list(self._comments.get(path, ()))
        inline = self._inline(value, path, 1)
        if inline is None:
            inline = self.lines(value, path)
            # Comments of its first key stand above the dash, where the key's line begins.
            while inline[0].startswith("#"):
                before.append(inline.pop(0))
        first, *rest = inline
        return [*before, f"- {first}", *map(_indented, rest)]

    def _inline(self, value: Any, path: DocumentPath, used: int) -> list[str] | None:
        """A value that begins on the line of its key or dash; None if it begins below."""
        if isinstance(value, str):
            return _text(value)
        if not isinstance(value, Mapping | list | tuple):
            return [_scalar(value)]
        if not value:
            return ["{}" if isinstance(value, Mapping) else "[]"]
        if path in self._above_comments or not (self._may_flow(path) or _is_numeric(value)):
            return None
        line = flow(value)
        return [line] if used + len(line) + 2 * len(path) <= _WIDTH else None


def flow(value: Any) -> str:
    """A value on one line.

    >>> flow({"role": "x", "path": ["a", 1], "target": None})
    '{role: x, path: [a, 1], target: null}'
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A value on one line, which readers of YAML 1.1 understand as well.

    Texts with quotes or backslashes stand in single quotes, where those are as they are.

    >>> print(_scalar("yes"), _scalar(1e-05), _scalar('["a"]'), _scalar("mesh scan"))
    "yes" 1.0e-05 '["a"]' mesh scan
    """
    if isinstance(value, float):
        text = written(value)
        return text if "." in text else text.replace("e", ".0e")
    if isinstance(value, str) and value.lower() in _TRUTHS:
        return f'"{value}"'
    if isinstance(value, str) and value.isprintable() and ('"' in value or "\\" in value):
        return "'" + value.replace("'", "''") + "'"
    return written(value)


def _is_numeric(value: Any) -> bool:
    """Whether it is a list of numbers, or of such lists."""
    if isinstance(value, list | tuple):
        return all(_is_numeric(each) for each in value)
    return isinstance(value, int | float)


def _indented(line: str) -> str:
    return f"  {line}" if line else ""


def _text(text: str) -> list[str]:
    if "\n" in text.rstrip("\n"):
        block = _literal(text)
        try:
            if plain(read_text("\n".join(["key: " + block[0], *map(_indented, block[1:]), ""]), "")) == {"key": text}:
                return block
        except InvalidYaml:
            pass  # it holds what may stand in quotes only
    return [_scalar(text)]


def _literal(text: str) -> list[str]:
    """A text as a literal block; one that ends in more than one line break comes back otherwise."""
    indicator = "2" if text[0] in " \n" else ""
    chomping = "" if text.endswith("\n") else "-"
    return [f"|{indicator}{chomping}", *text.removesuffix("\n").split("\n")]
