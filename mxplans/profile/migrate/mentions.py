"""Mentions of files in YAML, changed at their places, with all else of the text as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mxplans.profile import yaml12
from mxplans.profile.dialects.config_object import same_value
from mxplans.profile.dialects.yaml_file import CLASS_A, OBJECTS_A
from mxplans.profile.migrate._source import Source

_NAME = "the text"
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*")
"""Anchor and tag before a value."""
_ALIAS = re.compile(r"[ \t]*:[ \t\r\n]*(\*[^\s,\[\]{}]+)")
_QUOTABLE = re.compile(r"[^'\"\\]*\Z")


def update_mentions(text: str, files: Mapping[str, str]) -> str:
    """Change which files a text mentions.

    Args:
        text: YAML of either dialect.
        files: New mentions by those that stand there, both as written.

    Raises:
        InvalidYaml: If the text is no YAML, or an anchor ties a mention to something that is none.
    """
    source = Source(text)
    root = yaml12.read_text(text, _NAME)
    edits: dict[int, tuple[int, str]] = {}
    for key, value in _mentions(root):
        wanted = files.get(value.text)
        if wanted is not None and wanted != value.text:
            begin, end = _span(source, key, value)
            edits[begin] = end, _written(text[begin:end], wanted)
    if not edits:
        return text
    parts, done = [], 0
    for begin, (end, written) in sorted(edits.items()):
        parts += [text[done:begin], written]
        done = end
    result = "".join([*parts, text[done:]])
    if not same_value(yaml12.plain(yaml12.read_text(result, _NAME)), _expected(root, files)):
        raise yaml12.InvalidYaml(root.place, "a mention is tied to something else by an anchor; write both out")
    return result


def _section(root: yaml12.Node) -> str:
    """Where mentions stand: dialect A may have a property of the name that dialect B has for them."""
    return OBJECTS_A if isinstance(root, yaml12.Mapping) and root.get(CLASS_A) is not None else "objects"


def _mentions(root: yaml12.Node) -> Iterator[tuple[yaml12.Scalar, yaml12.Scalar]]:
    """Roles and files."""
    objects = root.get(_section(root)) if isinstance(root, yaml12.Mapping) else None
    pairs: list[tuple[yaml12.Scalar, yaml12.Node]] = []
    if isinstance(objects, yaml12.Mapping):
        pairs = list(objects)
    elif isinstance(objects, yaml12.Sequence):
        pairs = [pair for item in objects.items if isinstance(item, yaml12.Mapping) for pair in item]
    for key, value in pairs:
        if isinstance(value, yaml12.Scalar) and isinstance(value.value, str):
            yield key, value


def _span(source: Source, key: yaml12.Scalar, value: yaml12.Scalar) -> tuple[int, int]:
    """Where a mention stands: of an alias, the alias itself."""
    alias = _ALIAS.match(source.text, source.offset(key.end))
    if alias is not None:
        return alias.span(1)
    begin, end = source.offset(value.place), source.offset(value.end)
    properties = _PROPERTIES.match(source.text, begin)
    begin = properties.end() if properties else begin
    return begin, begin + len(source.text[begin:end].rstrip())


def _written(old: str, new: str) -> str:
    """A mention in the quotes of the one before."""
    quote = old[0] if old[0] in "'\"" else ""
    return f"{quote}{new}{quote}" if quote and _QUOTABLE.match(new) and new.isprintable() else yaml12.written(new)


def _expected(root: yaml12.Node, files: Mapping[str, str]) -> object:
    """The text as plain values, with its mentions changed."""
    expected = yaml12.plain(root)
    objects = expected[_section(root)]
    for part in objects if isinstance(objects, list) else [objects]:
        if isinstance(part, dict):
            part.update({key: files.get(each, each) for key, each in part.items() if isinstance(each, str)})
    return expected
