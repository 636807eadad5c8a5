"""JSON Schema of a profile for editors: what may be written where, with descriptions for hover and completion.

It is of draft 7, which editors of YAML know best. Where it says less than the models do, `mxplans profile check` says it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mxplans.model.device_settings import CLASS_PATH, PLACEHOLDER_PATTERN, DeviceEntry
from mxplans.profile._editor_lims import add_lims
from mxplans.profile._editor_parts import either
from mxplans.profile._editor_settings import by_choice, first_line, model_schema, settings_schema
from mxplans.profile.casting import ROLE_WORDS, USUAL_DEVICES
from mxplans.profile.class_paths import device_classes, load_class
from mxplans.profile.device_settings import declared_model
from mxplans.profile.schema import Profile
from mxplans.roles import OPTIONAL_ROLES, ROLES

_OURS = ("mxplans", "mxplans_devices", "mxplans_lims", "mxplans_sim")


def profile_schema(classes: Sequence[str] | None = None, distributions: Iterable[str] | None = None) -> dict[str, Any]:
    """JSON Schema (draft 7) of a profile.

    Args:
        classes: Paths of the device classes that are offered, with their settings; None: all that are registered.
        distributions: Names of the packages whose LIMS targets and sample sources are offered, with their settings; None:
            all that are installed, and then no others are right.

    Raises:
        InvalidProfile: If one of the classes cannot be loaded.
    """
    definitions: dict[str, Any] = {}
    schema = model_schema(Profile, definitions)
    paths = device_classes() if classes is None else tuple(classes)
    loaded = {path: load_class(path, "devices") for path in paths}
    definitions["Placeholder"] = {
        "type": "string",
        "pattern": PLACEHOLDER_PATTERN,
        "description": "{name} or {service.key}: filled in when it is known",
    }
    for path, cls in loaded.items():
        if (settings := declared_model(cls)) is not None:
            definitions[path] = settings_schema(settings, definitions)
    add_lims(definitions, distributions)
    definitions["DeviceEntry"] = _device(loaded, definitions)
    schema["properties"]["devices"] = _devices(schema["properties"]["devices"])
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Beamline profile of mxplans"}
    return {**head, **either(schema, definitions, ["schema"])}


def _device(loaded: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of a device: with each class, its settings."""
    parts: dict[str, Any] = {}
    entry = model_schema(DeviceEntry, parts)
    words = [first_line(cls) for cls in loaded.values()]
    known = {"enum": list(loaded), "markdownEnumDescriptions": words}  # which editors show, and validators pass over
    # A path within our packages that is not registered is a slip.
    other = {"type": "string", "pattern": f"^(?!({'|'.join(_OURS)})[.:])" + CLASS_PATH.removeprefix("^")}
    properties = entry["properties"]
    properties["class"] = {"description": properties["class"]["description"], "anyOf": [known, other]}
    entry["allOf"] = [by_choice("class", path, path, definitions[path]) for path in loaded if path in definitions]
    return entry


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
