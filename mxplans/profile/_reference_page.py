"""The page of the profile: every section, device class, LIMS target and sample source, made from the schema for editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mxplans.model.reference_fields import table_of, with_choices
from mxplans.profile._editor_lims import definition_of
from mxplans.profile.known_keys import UNIT_WORDS, unit_of
from mxplans.profile.lims_settings import GROUPS

_TOLD = ("DeviceEntry", "GoniometerGeometry", "Placeholder", "Secret")
"""Definitions that the page tells of elsewhere."""
COMMAND = "python -m mxplans.profile.reference"
SCHEMA_FILE = "profile.schema.json"
_HEAD = f"""# The profile

<!-- Written by `{COMMAND}`: change the models, not this page. -->

A profile describes a beamline in one YAML file, or in several that one includes. YAML is read as 1.2: `yes` and `On` are texts. A key that is not
listed here is refused with its place, and so are a wrong type, a value beyond its bounds and a unit other than the key's.
`mxplans profile check FILE` says all that is wrong at once, `mxplans profile show FILE` shows the profile with all defaults,
`--origins` with where each value comes from.

The [JSON Schema]({SCHEMA_FILE}) has editors complete keys and show what they mean. A first line as that of `profiles/sim/beamline.yaml`,
`# yaml-language-server: $schema=PATH`, tells the YAML extension of VS Code where it is; `mxplans profile schema` prints it with the
device classes of all packages that are installed.

**Placeholders.** `{{out}}`, `{{data}}`, `{{profile_dir}}`, `{{python}}`, `{{shipment}}` and `{{speed_up}}` in commands, in `epics` and in settings are filled in when a session
begins; `{{service.key}}` is what that service printed when it was ready. In a device's settings one may stand for a number as well.
`{{{{Name}}}}` is the text `{{Name}}`, which names of process variables may have.

**Precedence.** `--set limits.energy_ev=12700` on the command line goes before `MXPLANS__limits__energy_ev=12700` in the environment, and that
before the file; a file goes before those that it includes.

**Secrets** stand elsewhere: `{{file: PATH}}` or `{{env: NAME}}`."""

_DEVICES = """Each role is played by a device: its `class`, by path, and the `settings` of that class, listed below. Roles without a default
must be named. A package of your own adds classes to the schema by the entry-point group `mxplans.devices`; a class whose attribute `Settings` is a
model derived from `mxplans.model.device_settings.DeviceSettings` has its settings checked as ours are, another one their names."""


_PLUGINS = "What a `type` may be is listed below. A package of your own adds to it by the entry-point group"


def profile_page(schema: Mapping[str, Any]) -> str:
    """The page (Markdown).

    Args:
        schema: The schema for editors.
    """
    definitions = schema["definitions"]
    top = schema["else"]
    parts = [_HEAD, "## The whole\n\n" + _table(top, definitions)]
    for key, field in top["properties"].items():
        parts += _devices(field, definitions) if key == "devices" else _section(key, field, definitions)
    return "\n\n".join(parts) + "\n"


def _section(where: str, field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    """A section, and the sections within it."""
    name, many = _model_of(field)
    if name is None or "properties" not in definitions[name]:
        return
    where = f"{where}.NAME" if many else where
    part = {**definitions[name], "properties": _plain_choice(definitions[name]["properties"], "type")}
    yield f"{'#' * (2 + where.count('.'))} {where}\n\n{part.get('description', '')}\n\n{_table(part, definitions)}".replace(
        "\n\n\n\n", "\n\n"
    )
    for key, inner in part["properties"].items():
        yield from _section(f"{where}.{key}", inner, definitions)
    if many and where.startswith("lims."):
        section = where.split(".")[1]
        yield f"{_PLUGINS} `{GROUPS[section]}`; the settings of a class are checked with the model that it names `Settings`."
        for kind, words in _offered(definitions[name]["properties"]["type"]):
            yield f"##### {where} of type {kind}\n\n{words}"
            yield from _settings(definition_of(section, kind), definitions)


def _devices(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    rows = ["| role | what plays it |", "|---|---|"]
    rows += [f"| `{role}` | {inner['description']} |" for role, inner in field["properties"].items()]
    yield "## devices\n\n" + _DEVICES + "\n\n" + "\n".join(rows)
    entry = definitions["DeviceEntry"]
    yield "### devices.ROLE\n\n" + _table(
        {**entry, "properties": _plain_choice(entry["properties"], "class")}, definitions
    )
    for path, words in _offered(entry["properties"]["class"]):
        yield f"### {path}\n\n{words}"
        yield from _settings(path, definitions)


def _offered(choice: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Classes or types that are known, each with its words."""
    known = choice["anyOf"][0]
    return zip(known["enum"], known["markdownEnumDescriptions"], strict=True)


def _settings(where: str, definitions: Mapping[str, Any]) -> Iterator[str]:
    """Tables of settings, and of what stands within them."""
    if not (fields := definitions.get(where, {}).get("properties")):
        return
    yield _table(definitions[where], definitions)
    for key, inner in fields.items():
        listed = inner.get("items")
        name, many = _model_of(listed if isinstance(listed, Mapping) else inner)
        if name is not None and name not in _TOLD:
            shown = f"each of `{key}`" if listed else f"`{key}.NAME`" if many else f"`{key}`"
            yield f"Of {shown}:\n\n{_table(definitions[name], definitions)}"


def _plain_choice(properties: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Fields in which that of a class or type is a text; what is known is listed below."""
    if "markdownEnumDescriptions" not in properties.get(key, {}).get("anyOf", [{}])[0]:
        return dict(properties)
    return {**properties, key: {"type": "string", "description": properties[key]["description"]}}


def _table(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    part = with_choices(part, definitions)
    units = {name: UNIT_WORDS.get(unit, unit) for name in part["properties"] if (unit := unit_of(name)) is not None}
    fields = {name: _without_placeholder(field) for name, field in part["properties"].items()}
    return table_of({**part, "properties": fields}, units)


def _without_placeholder(field: Mapping[str, Any]) -> dict[str, Any]:
    """A field that may be a placeholder, as it is without; the head of the page says that it may."""
    if "const" in field:
        return {**{key: value for key, value in field.items() if key != "const"}, "enum": [field["const"]]}
    if "$ref" in field and isinstance(field.get("default"), Mapping):  # whose own table says it
        return {key: value for key, value in field.items() if key != "default"}
    if isinstance(several := field.get("items"), list):
        field = {**field, "items": [_without_placeholder(one) for one in several]}
    choices = [one for one in field.get("anyOf", ()) if one != {"$ref": "#/definitions/Placeholder"}]
    if not choices:
        return dict(field)
    rest = {key: value for key, value in field.items() if key != "anyOf"}
    return {**choices[0], **rest} if len(choices) == 1 else {**rest, "anyOf": choices}


def _model_of(field: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Name of the definition that a field follows, and whether it is one of many under names of their own."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2], False
    if isinstance(inner := field.get("additionalProperties"), Mapping) and "$ref" in inner:
        return str(inner["$ref"]).rpartition("/")[2], True
    for inner in field.get("properties", {}).values():
        return (_model_of(inner)[0], True)
    for inner in field.get("anyOf", ()):
        name, many = _model_of(inner)
        if name not in (None, "Placeholder"):
            return name, many
    return None, False
