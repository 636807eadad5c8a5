"""How references that are made from models say type, unit, bounds and meaning of a field, and where they are written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mxplans.model._values import TIME_PATTERN, UUID_PATTERN
from mxplans.model.device_settings import ADDRESS_PATTERN, CLASS_PATH, NO_BLANK_PATTERN, URL_PATTERN

UNITS: Mapping[str, str] = {
    "exposureTime": "s",
    "imageWidth": "deg or mm",
    "overlap": "imageWidth",
    "meshRange": "mm",
    "energy": "eV",
    "transmission": "%",
    "resolution": "A",
    "beamPosition": "px",
    "beamSize": "mm",
    "axisPositionsStart": "deg or mm",
    "axisPositionsEnd": "deg or mm",
    "expectedResolution": "A",
    "requiredResolution": "A",
    "targetCompleteness": "%",
    "targetMultiplicity": "1",
    "aimedTotalRange": "deg",
    "doseBudget": "MGy",
    "radiationSensitivity": "1",
    "wedgeWidth": "deg",
    "measuredFlux": "photons/s",
    "radiationDose": "MGy",
    **dict.fromkeys(("a", "b", "c"), "A"),
    **dict.fromkeys(("alpha", "beta", "gamma"), "deg"),
    "scanPositionStart": "deg or mm",
    "countTimeS": "s",
    "doseLimitMgy": "MGy",
}
"""Unit of every field that is a measure; whole numbers are counts."""

AXES: Mapping[str, tuple[str, str]] = {
    "omega": ("omega_start_deg", "deg"),
    "kappa": ("kappa_deg", "deg"),
    "phi": ("phi_deg", "deg"),
    "chi": ("chi_deg", "deg"),
    "sampleX": ("x_mm", "mm"),
    "sampleY": ("y_mm", "mm"),
    "sampleZ": ("z_mm", "mm"),
    "detectorDistance": ("distance_mm", "mm"),
}
"""Axes of a sweep: the field of `Sweep`, or of its `Position`, that holds them, and the unit."""

_SHOWN = 6


_PATTERNS: Mapping[str, str] = {
    UUID_PATTERN: "a UUID of version 1 to 5",
    TIME_PATTERN: "with seconds, and Z or an offset",
    ADDRESS_PATTERN: "host:port",
    URL_PATTERN: "http:// or https://",
    NO_BLANK_PATTERN: "without blanks",
    CLASS_PATH: "package.module:Class",
}
"""Patterns that are clearer in words."""


def with_choices(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """An object's schema in which fields that are a choice of words say so themselves."""
    return {**part, "properties": {name: _chosen(field, definitions) for name, field in part["properties"].items()}}


def _chosen(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    if "anyOf" in field:
        return {**field, "anyOf": [_chosen(part, definitions) for part in field["anyOf"]]}
    named = definitions.get(str(field.get("$ref")).rpartition("/")[2], {})
    if "enum" not in named:
        return dict(field)
    return {**named, **{key: value for key, value in field.items() if key != "$ref"}}


def type_of(field: Mapping[str, Any]) -> str:
    """Type of a field in words.

    >>> type_of({"anyOf": [{"type": "number"}, {"type": "null"}]})
    'number'
    >>> type_of({"type": "array", "items": {"$ref": "#/$defs/SweepRequest"}})
    'list of SweepRequest'
    """
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(type_of(part) for part in field["anyOf"] if part.get("type") != "null"))
    if field.get("type") == "array":
        if several := _several(field):
            return f"{len(several)} × {type_of(several[0])}"
        return f"list of {type_of(field.get('items', {}))}"
    return "time" if field.get("format") == "date-time" else str(field.get("type", "any"))


def _several(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Schemas of the elements of a list of so many, in words of either draft."""
    found = field.get("prefixItems", field.get("items"))
    return found if isinstance(found, list) else []


def bounds_of(field: Mapping[str, Any]) -> str:
    """Bounds of a field in words: of a number, a text, a list, a choice.

    >>> bounds_of({"exclusiveMinimum": 0, "maximum": 3600, "type": "number"})
    'more than 0 to 3600'
    >>> bounds_of({"anyOf": [{"minimum": 1, "type": "integer"}, {"type": "null"}]})
    '1 or more'
    """
    if "anyOf" in field:
        return "; ".join(bounds for part in field["anyOf"] if (bounds := bounds_of(part)))
    if "enum" in field:
        shown = ", ".join(f"`{value}`" for value in field["enum"][:_SHOWN])
        more = len(field["enum"]) - _SHOWN
        return f"{shown} and {more} more: see the schema" if more > 0 else shown
    found = [text for text in (_range_of(field), _length_of(field)) if text]
    if "pattern" in field:
        found.append(_PATTERNS.get(field["pattern"], f"`{field['pattern']}`"))
    return "; ".join(found)


def _range_of(field: Mapping[str, Any]) -> str:
    least, above = field.get("minimum"), field.get("exclusiveMinimum")
    most, below = field.get("maximum"), field.get("exclusiveMaximum")
    low = "" if least is None and above is None else f"{least:.10g}" if above is None else f"more than {above:.10g}"
    high = "" if most is None and below is None else f"{most:.10g}" if below is None else f"less than {below:.10g}"
    if low and high:
        return f"{low} to {high}"
    if high:
        return f"{high} or less" if below is None else high
    return f"{low} or more" if low and above is None else low


def _length_of(field: Mapping[str, Any]) -> str:
    least, most = field.get("minLength", 0), field.get("maxLength")
    if most is not None:
        return f"{least} to {most} characters"
    return f"up to {field['maxItems']}" if "maxItems" in field and not _several(field) else ""


def table_of(part: Mapping[str, Any], units: Mapping[str, str]) -> str:
    """The fields of an object as a table (Markdown), from its schema.

    Args:
        part: The object's schema.
        units: Unit by name of a field.
    """
    rows = ["| field | type | unit | bounds | default | meaning |", "|---|---|---|---|---|---|"]
    required = part.get("required", ())
    for name, field in part["properties"].items():
        default = "required" if name in required else _default(field)
        cells = (f"`{name}`", type_of(field), units.get(name, ""), bounds_of(field), default, _meaning(field))
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("const", field.get("default"))
    return "" if value is None else f"`{json.dumps(value)}`"


def _meaning(field: Mapping[str, Any]) -> str:
    meaning = str(field.get("description", "Type of the MXLIMS object" if "const" in field else ""))
    return re.sub(r"\bNone\b", "null", meaning.replace("\n", " "))


def without_titles(schema: Any) -> Any:
    """A schema without titles, which say a field's name again; a field that is called title would be a dict."""
    if isinstance(schema, dict):
        kept = {key: inner for key, inner in schema.items() if key != "title" or not isinstance(inner, str)}
        return {_portable(key): without_titles(inner) for key, inner in kept.items()}
    return [without_titles(inner) for inner in schema] if isinstance(schema, list) else schema


def _portable(key: str) -> str:
    """A pattern for names, without the flag that regular expressions of ECMA 262 do not have."""
    return key.removeprefix("(?i)").replace("a-z", "A-Za-z") if key.startswith("(?i)") else key


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files of a reference, by name, into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
