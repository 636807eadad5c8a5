"""The text of a YAML file in lines, and where in it the entries of its top level stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mxplans.profile.places import Place
from mxplans.profile.yaml12 import Mapping, Node, Scalar, Sequence

_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""Where libyaml begins a new line."""
_BLOCK_SCALAR = re.compile(r"(?:[&!]\S*[ \t]+)*[|>]")
_DOCUMENT_END = re.compile(r"\.\.\.(?:\s|\Z)")


class NotTextual(Exception):
    """A file is written in a way that cannot be rewritten line by line.

    Args:
        why: What it has.
    """

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with its value, and the comments that belong to it.

    Attributes:
        key: The key.
        value: Its value.
        lead: Blank lines and comments before it.
        lines: From the line of the key to the last one of the value, and comments behind that are indented.
        first: Index of the first of its lines in the file.
    """

    key: Scalar
    value: Node
    lead: list[str]
    lines: list[str]
    first: int


class Source:
    """A text whose lines can be asked for by place; lines keep their line break.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        ends = [found.end() for found in _BREAK.finditer(text)]
        self.starts = [0, *ends]
        self.text = text
        self.lines = [text[begin:end] for begin, end in zip(self.starts, [*ends, len(text)], strict=True)]
        if self.lines[-1] == "":
            self.lines.pop()
        self.line_break = next((found[0] for found in _BREAK.finditer(text)), "\n")

    def offset(self, place: Place) -> int:
        """Index of a place in the text."""
        return self.starts[place.line - 1] + place.column - 1

    def slice(self, node: Node) -> str:
        """A node as it is written."""
        return self.text[self.offset(node.place) : self.offset(node.end)]

    def entries(self, node: Mapping, stop: int) -> tuple[list[Entry], list[str]]:
        """The entries of a mapping in block style, and the blank lines and comments behind the last one.

        Args:
            node: The mapping.
            stop: Index of the line behind it.

        Raises:
            NotTextual: If it is in flow style, or several entries share a line.
        """
        firsts = [key.place.line - 1 for key, _ in node]
        columns = {key.place.column for key, _ in node}
        if len(columns) != 1 or firsts != sorted(set(firsts)):
            raise NotTextual("a mapping in flow style where block style is needed")
        margin = columns.pop() - 1
        found: list[Entry] = []
        lead: list[str] = []
        for (key, value), first, behind in zip(node, firsts, [*firsts[1:], stop], strict=True):
            if self.lines[first][:margin].strip(" "):
                raise NotTextual("a mapping in flow style where block style is needed")
            end = self._content_end(value, first, behind)
            # A comment further in than the key belongs to what stands above it.
            inner = [
                index
                for index in range(end, behind)
                if "#" in self.lines[index] and self.lines[index][: margin + 1].strip(" ") == ""
            ]
            end = inner[-1] + 1 if inner else end
            found.append(Entry(key, value, lead, self.lines[first:end], first))
            lead = self.lines[end:behind]
        return found, lead

    def document_end(self, root: Mapping) -> int:
        """Index of the line that ends the document, or of the one behind the last."""
        key, value = root.items[-1]
        content = self._content_end(value, key.place.line - 1, len(self.lines))
        marks = (at for at in range(content, len(self.lines)) if _DOCUMENT_END.match(self.lines[at]))
        return next(marks, len(self.lines))

    def _content_end(self, value: Node, first: int, behind: int) -> int:
        """Index of the line behind the last one of a value that is neither blank nor a comment."""
        floor = max((end for end in self._ends(value) if first < end <= behind), default=first + 1)
        while behind > floor:
            line = self.lines[behind - 1].strip()
            if line and not line.startswith("#") and not _DOCUMENT_END.match(self.lines[behind - 1]):
                break
            behind -= 1
        return behind

    def _ends(self, node: Node) -> Iterator[int]:
        if isinstance(node, Mapping):
            for pair in node:
                for each in pair:
                    yield from self._ends(each)
        elif isinstance(node, Sequence):
            for item in node.items:
                yield from self._ends(item)
        elif _BLOCK_SCALAR.match(self.text, self.offset(node.place)) and node.end.column == 1:
            yield node.end.line - 1
        else:
            yield node.end.line


def shifted(lines: list[str], by: int) -> list[str]:
    """Lines further in by some blanks, or further out; blank lines stay.

    >>> shifted(["a: 1", "", "  # b"], 2), shifted(["  a: 1", " # b"], -2)
    (['  a: 1', '', '    # b'], ['a: 1', '# b'])
    """
    if by >= 0:
        return [" " * by + line if line.strip() else line for line in lines]
    return [line[min(-by, len(line) - len(line.lstrip(" "))) :] for line in lines]
