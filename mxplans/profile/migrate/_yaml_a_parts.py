"""The parts of YAML-A that look otherwise in YAML-B, rewritten line by line: `_initialise_class` and `_objects`."""

from __future__ import annotations

import re

from mxplans.profile.migrate._source import Entry, NotTextual, Source, shifted
from mxplans.profile.yaml12 import Mapping, Node, Scalar, Sequence, comment_lines

_AFTER_KEY = re.compile(r"[ \t]*:[ \t]*(?P<comment>#.*)?$")
_OMAP = re.compile(r"(?P<anchor>(?:&\S+\s+)?)(?:!!omap|!<tag:yaml\.org,2002:omap>)")
_EMPTY = re.compile(r"\[\s*\]")
_DASH = re.compile(r"( *)-[ \t]+\Z")


def class_lines(source: Source, entry: Entry) -> tuple[list[str], list[str]]:
    """`_initialise_class` as lines with `class`, and the lines of further arguments, without indentation.

    Raises:
        NotTextual: If it holds what has to be written anew.
    """
    value = entry.value
    if not isinstance(value, Mapping):
        raise NotTextual("_initialise_class is no mapping")
    if value.place.line == entry.key.place.line:
        if not source.slice(value).startswith("{"):
            raise NotTextual("an anchor or tag on _initialise_class")
        return _class_of_flow(source, entry, value)
    rest = source.lines[entry.first][entry.key.end.column - 1 :].rstrip()
    found = _AFTER_KEY.match(rest)
    if found is None:
        raise NotTextual("_initialise_class as an explicit key")
    inner, behind = source.entries(value, entry.first + len(entry.lines))
    margin = inner[0].key.place.column - 1
    first = [f"{found['comment']}{source.line_break}"] if found["comment"] else []
    first += source.lines[entry.first + 1 : inner[0].first]
    kept, arguments = first, list[str]()
    for each in inner:
        (kept if each.key.value == "class" else arguments).extend(each.lead + each.lines)
    return shifted(kept + behind, -margin), shifted(arguments, -margin)


def _class_of_flow(source: Source, entry: Entry, value: Mapping) -> tuple[list[str], list[str]]:
    text = "".join(entry.lines)
    kept = [f"#{comment}{source.line_break}" for _, comment in comment_lines(text)]
    arguments: list[str] = []
    for key, each in value:
        line = f"{source.slice(key)}: {source.slice(each)}{source.line_break}"
        (kept if key.value == "class" else arguments).append(line)
    return kept, arguments


def objects_lines(source: Source, entry: Entry) -> list[str]:
    """`_objects` as lines with `objects`, a plain mapping.

    Raises:
        NotTextual: If it holds what has to be written anew.
    """
    lines = list(entry.lines)
    key, value = entry.key, entry.value
    tagged = value.place.line - 1 - entry.first if isinstance(value, Mapping) and value.tag else None
    if tagged is not None:
        lines[tagged] = _without_tag(lines[tagged], value.place.column - 1)
    pairs = _pairs(value)
    if pairs:
        _without_dashes(source, entry, pairs, lines)
    elif isinstance(value, Sequence):
        lines[value.end.line - 1 - entry.first] = _EMPTY.sub("{}", lines[value.end.line - 1 - entry.first], 1)
    elif isinstance(value, Scalar):  # MXCuBE wants a mapping, also of nothing
        at, start, end = value.place.line - 1 - entry.first, value.place.column - 1, value.end.column - 1
        lines[at] = f"{lines[at][:start]}{'' if value.text else ' '}{{}}{lines[at][end:]}"
    lines[0] = f"{lines[0][: key.place.column - 1]}objects{lines[0][key.end.column - 1 :]}"
    if tagged is not None and not lines[tagged].strip():
        del lines[tagged]
    return lines


def _without_tag(line: str, column: int) -> str:
    found = _OMAP.match(line, column)
    if found is None:
        raise NotTextual("a tag on _objects in an unusual place")
    head, tail = f"{line[:column]}{found['anchor']}", line[found.end() :]
    return head.rstrip(" \t") + tail if head.strip() else head + tail.lstrip(" \t")


def _pairs(value: Node) -> list[tuple[Scalar, Node]]:
    """The pairs of an `!!omap`, or of a list of single pairs; none of what can stay as it is."""
    if isinstance(value, Mapping):
        return list(value) if value.tag else []
    if isinstance(value, Sequence):
        return [pair for item in value.items if isinstance(item, Mapping) for pair in item]
    return []


def _without_dashes(source: Source, entry: Entry, pairs: list[tuple[Scalar, Node]], lines: list[str]) -> None:
    margins = set()
    for key, _ in pairs:
        at = key.place.line - 1 - entry.first
        before = source.lines[key.place.line - 1][: key.place.column - 1]
        found = _DASH.match(before)
        if found is None:
            raise NotTextual("_objects in flow style")
        margins.add(len(found[1]))
        lines[at] = found[1] + lines[at][key.place.column - 1 :]
    if len(margins) != 1:
        raise NotTextual("_objects whose entries are not in one column")
    if margins == {entry.key.place.column - 1}:
        # Entries of a list may stand as far out as its key, those of a mapping may not.
        lines[1:] = shifted(lines[1:], 2)
