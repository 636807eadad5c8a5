"""JSON Schema of a profile for editors: what may be written where, with descriptions for hover and completion.

It is of draft 7, which editors of YAML know best. Where it says less than the models do, `mxplans profile check` says it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from mxplans.model.device_settings import CLASS_PATH, PLACEHOLDER_PATTERN, DeviceEntry
from mxplans.model.reference_fields import without_titles
from mxplans.profile._editor_parts import either
from mxplans.profile.casting import ROLE_WORDS, USUAL_DEVICES
from mxplans.profile.class_paths import device_classes, load_class
from mxplans.profile.device_settings import declared_model
from mxplans.profile.schema import Profile
from mxplans.roles import OPTIONAL_ROLES, ROLES

_PLACEHOLDER = {"$ref": "#/definitions/Placeholder"}
_TEXTS = {"type", "description", "default", "examples", "format"}
"""What a schema may say of a text that a placeholder is one of as well."""
_OURS = ("mxplans", "mxplans_devices", "mxplans_lims", "mxplans_sim")


def profile_schema(classes: Sequence[str] | None = None) -> dict[str, Any]:
    """JSON Schema (draft 7) of a profile.

    Args:
        classes: Paths of the device classes that are offered, with their settings; None: all that are registered.

    Raises:
        InvalidProfile: If one of the classes cannot be loaded.
    """
    definitions: dict[str, Any] = {}
    schema = _model_schema(Profile, definitions)
    paths = device_classes() if classes is None else tuple(classes)
    loaded = {path: load_class(path, "devices") for path in paths}
    definitions["Placeholder"] = {
        "type": "string",
        "pattern": PLACEHOLDER_PATTERN,
        "description": "{name} or {service.key}: filled in when it is known",
    }
    for path, cls in loaded.items():
        if (settings := declared_model(cls)) is not None:
            definitions[path] = _settings_schema(settings, definitions)
    definitions["DeviceEntry"] = _device(loaded, definitions)
    schema["properties"]["devices"] = _devices(schema["properties"]["devices"])
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Beamline profile of mxplans"}
    return {**head, **either(schema, definitions, ["schema"])}


def _model_schema(model: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Schema of a model; those of its parts join the definitions."""
    schema = model.model_json_schema(by_alias=True, ref_template="#/definitions/{model}")
    found = {name: _draft_07(without_titles(part)) for name, part in schema.pop("$defs", {}).items()}
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


def _settings_schema(settings: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    schema = _model_schema(settings, parts)
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
    return {**outer, "anyOf": [*(one for one in flat if one != _PLACEHOLDER), _PLACEHOLDER]}


def _device(loaded: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a device: with each class, its settings."""
    parts: dict[str, Any] = {}
    entry = _model_schema(DeviceEntry, parts)
    words = [first_line(cls) for cls in loaded.values()]
    known = {"enum": list(loaded), "markdownEnumDescriptions": words}  # which editors show, and validators pass over
    # A path within our packages that is not registered is a slip.
    other = {"type": "string", "pattern": f"^(?!({'|'.join(_OURS)})[.:])" + CLASS_PATH.removeprefix("^")}
    properties = entry["properties"]
    properties["class"] = {"description": properties["class"]["description"], "anyOf": [known, other]}
    entry["allOf"] = [_by_class(path, definitions[path]) for path in loaded if path in definitions]
    return entry


def _by_class(path: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    then: dict[str, Any] = {"properties": {"settings": {"$ref": f"#/definitions/{path}"}}}
    if settings.get("required"):
        then["required"] = ["settings"]
    return {"if": {"properties": {"class": {"const": path}}, "required": ["class"]}, "then": then}


def _devices(field: Mapping[str, Any]) -> dict[str, Any]:
    roles = {**ROLES, **OPTIONAL_ROLES}
    return {
        "type": "object",
        "description": field["description"],
        "properties": {
            role: {"$ref": "#/definitions/DeviceEntry", "description": ROLE_WORDS.get(role) or first_line(protocol)}
            for role, protocol in roles.items()
        },
        "additionalProperties": False,
        # Another file may bring the rest.
        "examples": [[role for role in ROLES if role not in USUAL_DEVICES]],
    }


def first_line(thing: Any) -> str:
    """First line of a docstring."""
    return (inspect.getdoc(thing) or "").partition("\n")[0]
