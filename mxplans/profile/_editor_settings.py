"""JSON Schema of models: in words of draft 7, and of settings, in which placeholders may stand for values."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from mxplans.model.reference_fields import without_titles

PLACEHOLDER = {"$ref": "#/definitions/Placeholder"}
_TEXTS = {"type", "description", "default", "examples", "format"}
"""What a schema may say of a text that a placeholder is one of as well."""
_NO_TEXT = {"object", "array", "null"}
"""Types that what fills a placeholder never is."""


def model_schema(model: Any, definitions: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Schema of a model; those of its parts join the definitions, with a prefix to their names."""
    schema = model.model_json_schema(by_alias=True, ref_template=f"#/definitions/{prefix}{{model}}")
    found = {prefix + name: _draft_07(without_titles(part)) for name, part in schema.pop("$defs", {}).items()}
    definitions |= {name: part for name, part in found.items() if name not in definitions}
    whole: dict[str, Any] = _draft_07(without_titles(schema))
    return whole


def _draft_07(schema: Any) -> Any:
    """The same in words of draft 7; mappings whose keys are known have them as properties, which editors complete."""
    if isinstance(schema, list):
        return [_draft_07(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _draft_07(inner) for key, inner in schema.items()}
    if "prefixItems" in schema:
        schema["items"] = schema.pop("prefixItems")
    if isinstance(names := schema.get("propertyNames"), dict) and "enum" in names:
        value = schema.get("additionalProperties", {})
        del schema["propertyNames"]
        schema |= {"properties": dict.fromkeys(names["enum"], value), "additionalProperties": False}
    return schema


def settings_schema(settings: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Schema of a model of settings, in which placeholders may stand; those of its parts join the definitions."""
    parts: dict[str, Any] = {}
    schema = model_schema(settings, parts)
    if any(definitions.get(name, part) not in (part, _with_placeholders(part)) for name, part in parts.items()):
        parts = {}  # another model has the name of one of them
        schema = model_schema(settings, parts, f"{settings.__module__}.{settings.__qualname__}.")
    for name, part in parts.items():
        if name not in definitions:
            definitions[name] = _with_placeholders(part)
    return _with_placeholders(schema)


def _with_placeholders(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema whose values may be placeholders, wherever a text would not be allowed anyway."""
    if "properties" in schema:
        return {**schema, "properties": {name: _with_placeholders(one) for name, one in schema["properties"].items()}}
    if schema.get("type") == "object":
        inner = schema.get("additionalProperties")
        return {**schema, "additionalProperties": _with_placeholders(inner)} if isinstance(inner, dict) else schema
    if schema.get("type") == "array":
        items = schema["items"]
        several = [_with_placeholders(item) for item in items] if isinstance(items, list) else _with_placeholders(items)
        return {**schema, "items": several}
    if "$ref" in schema or (schema.get("type") == "string" and set(schema) <= _TEXTS):
        return schema
    outer = {key: value for key, value in schema.items() if key in ("description", "default")}
    inner = {key: value for key, value in schema.items() if key not in outer}
    choices = [_with_placeholders(one) for one in inner["anyOf"]] if "anyOf" in inner else [inner]
    flat = [choice for one in choices for choice in (one["anyOf"] if set(one) == {"anyOf"} else [one])]
    own = [one for one in flat if one != PLACEHOLDER]
    if all("$ref" in one or one.get("type") in _NO_TEXT for one in own):
        return {**outer, "anyOf": own}
    return {**outer, "anyOf": [*own, PLACEHOLDER]}


def by_choice(key: str, value: str, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """A condition: settings follow a definition where a key has a value.

    Args:
        key: Of the entry.
        value: Of that key.
        name: Of the definition.
        settings: The definition.
    """
    then: dict[str, Any] = {"properties": {"settings": {"$ref": f"#/definitions/{name}"}}}
    if settings.get("required"):
        then["required"] = ["settings"]
    return {"if": {"properties": {key: {"const": value}}, "required": [key]}, "then": then}


def first_line(thing: Any) -> str:
    """First line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]
