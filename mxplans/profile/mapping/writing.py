"""A profile as text, with a comment behind each value that says where it comes from, and a line for what is to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from mxplans.profile.mapping.mapped import Mapped
from mxplans.profile.placeholders import literal

HEAD = """\
# Made from a configuration of MXCuBE. Behind each value stands where it comes from.
# Lines with TODO are for you: values that nothing said, and what to look at before the profile is used.
"""
ORDER = (
    "schema",
    "name",
    "epics",
    "devices",
    "goniometer",
    "storage",
    "experiment",
    "optical",
    "xray",
    "collection",
    "limits",
    "timing",
    "archive",
    "lims",
)
"""Of the sections of a profile."""
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}
_IN_BLOCK = re.compile(r"[A-Za-z_/][A-Za-z0-9_./:-]*[A-Za-z0-9_/-]")
_COMMENT_COLUMN = 60


@dataclass
class _Node:
    """A key on its way to a line: what stands above and behind it, and either a value or keys below."""

    comment: str = ""
    above: list[str] = field(default_factory=list)
    value: Any = None
    below: dict[str, _Node] = field(default_factory=dict)
    todo: str | None = None


_Tree: TypeAlias = dict[str, _Node]


def write_profile(mapped: Mapped) -> str:
    """A profile of mxplans.

    What is missing stands as a comment at its place, so that the profile says itself what it lacks.

    Args:
        mapped: What a configuration gave.
    """
    tree: _Tree = {key: _Node() for key in ORDER}
    _put(tree, "schema", "mxplans.profile/1", "")
    for device in mapped.devices:
        where = f"devices.{device.role}"
        node = _node(tree, where)
        node.comment = device.origin if device.place is None else f"{device.place}: {device.origin}"
        _put(tree, f"{where}.class", device.cls, "")
        for value in device.settings:
            text = value.place is not None and isinstance(value.value, str)  # of MXCuBE, where braces are braces
            _put(tree, f"{where}.settings.{value.key}", literal(value.value) if text else value.value, value.told)
    for value in mapped.sections:
        _put(tree, value.key, value.value, value.told)
    for missing in mapped.missing:
        node = _node(tree, missing.key)
        if not node.below:
            node.todo = missing.what
    for check in mapped.checks:
        _node(tree, check.key).above.append(check.what)
    lines = [line for key, node in tree.items() for line in _section(key, node)]
    return HEAD + "\n".join(lines) + "\n"


def _node(tree: _Tree, key: str) -> _Node:
    parts = key.split(".")
    node = tree.setdefault(parts[0], _Node())
    for part in parts[1:]:
        node = node.below.setdefault(part, _Node())
    return node


def _put(tree: _Tree, key: str, value: Any, comment: str) -> None:
    node = _node(tree, key)
    node.comment = comment
    if isinstance(value, Mapping):
        for name, inner in value.items():
            node.below[str(name)] = _Node(value=inner)
    else:
        node.value = value


def _section(key: str, node: _Node) -> Iterator[str]:
    if node.value is None and not node.below and node.todo is None:
        return
    if node.below:
        yield ""
    yield from _lines(key, node, "")


def _lines(key: str, node: _Node, indent: str) -> Iterator[str]:
    for what in node.above:
        yield f"{indent}# TODO look: {_one_line(what)}"
    if node.todo is not None:
        yield f"{indent}# TODO {_scalar(key)}: {_one_line(node.todo)}"
        return
    value = node.value
    bare = isinstance(value, str) and _IN_BLOCK.fullmatch(value) and value.lower() not in _WORDS
    written = f"{indent}{_scalar(key)}:" + ("" if node.below else f" {value if bare else _flow(value)}")
    comment = f"# {_one_line(node.comment)}" if node.comment else ""
    yield f"{written:<{_COMMENT_COLUMN}} {comment}" if comment else written
    for name, inner in node.below.items():
        yield from _lines(name, inner, f"{indent}  ")


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(str(key))}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    """A value as YAML 1.2 and 1.1 read it alike.

    >>> [_scalar(value) for value in ("mm", "no", "a: b", 1e-05, 2e17, 3.0, True, None)]
    ['mm', '"no"', '"a: b"', '1.0e-05', '2.0e+17', '3.0', 'true', 'null']
    """
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else _quoted(value)
    if isinstance(value, float):
        written = repr(value)
        mantissa, e, exponent = written.partition("e")
        return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent}" if e else written
    return json.dumps(value)


def _quoted(text: str) -> str:
    """In double quotes; JSON's escapes are YAML's, but for pairs of surrogates."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in quoted)


def _one_line(text: str) -> str:
    """Text that cannot leave its comment, whatever a configuration called its files and properties."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
