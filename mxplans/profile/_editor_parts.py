"""A schema for editors that demands nothing of a file that includes others, which may bring what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PART = "part:"
"""In front of a definition's name: the same with nothing required."""
_REF = "#/definitions/"


def either(whole: Mapping[str, Any], definitions: Mapping[str, Any], always: list[str]) -> dict[str, Any]:
    """Keywords of a file that is the whole, or of one that includes others: one or the other, so that none counts twice.

    Args:
        whole: Schema of a file that includes none.
        definitions: What it refers to.
        always: Keys that each file must have.

    Returns:
        The keywords, with all definitions.
    """
    demanding = {name for name, part in definitions.items() if _requires(part)}
    while more := {name for name, part in definitions.items() if name not in demanding and _refers(part, demanding)}:
        demanding |= more
    partly = {PART + name: _relaxed(definitions[name], demanding) for name in sorted(demanding)}
    part = {**_relaxed(whole, demanding), "required": always}
    found = {**{name: definitions[name] for name in sorted(definitions)}, **partly}
    return {"if": {"required": ["include"]}, "then": part, "else": dict(whole), "definitions": found}


def _inner(schema: Any) -> list[Any]:
    """Schemas within a schema; what a condition asks for is none."""
    if isinstance(schema, list):
        return schema
    return [inner for key, inner in schema.items() if key != "if"] if isinstance(schema, dict) else []


def _requires(schema: Any) -> bool:
    own = isinstance(schema, dict) and isinstance(schema.get("required"), list)
    return own or any(_requires(inner) for inner in _inner(schema))


def _refers(schema: Any, names: set[str]) -> bool:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    own = isinstance(reference, str) and reference.removeprefix(_REF) in names
    return own or any(_refers(inner, names) for inner in _inner(schema))


def _relaxed(schema: Any, names: set[str]) -> Any:
    if isinstance(schema, list):
        return [_relaxed(inner, names) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {}
    for key, inner in schema.items():
        if key == "$ref" and inner.removeprefix(_REF) in names:
            found[key] = _REF + PART + inner.removeprefix(_REF)
        elif key != "required" or not isinstance(inner, list):
            found[key] = inner if key == "if" else _relaxed(inner, names)
    return found
