"""The parts of the schema for editors about `lims`: which targets and sources there are, and the settings of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mxplans.errors import InvalidProfile
from mxplans.profile._editor_settings import by_choice, first_line, settings_schema
from mxplans.profile.entry_points import load_entry_point, registered
from mxplans.profile.lims_settings import FROM_PROFILE, GROUPS, settings_of

_ENTRIES = {"targets": "LimsTarget", "sources": "LimsSource"}
_WORDS = {"targets": "Where records go.", "sources": "Where samples come from."}


def add_lims(definitions: dict[str, Any], distributions: Iterable[str] | None) -> None:
    """See that entries of `lims.targets` and `lims.sources` follow what is registered.

    Args:
        definitions: Of a profile; those of the settings join them.
        distributions: Names of the packages whose targets and sources are known, besides which others may be meant;
            None: those of all that are installed, and no others.
    """
    wanted = None if distributions is None else tuple(distributions)
    entry = definitions.pop("LimsPlugin")
    for section, name in _ENTRIES.items():
        definitions["Lims"]["properties"][section]["additionalProperties"] = {"$ref": f"#/definitions/{name}"}
        words: dict[str, str] = {}
        conditions = []
        for kind in registered(GROUPS[section], wanted):
            words[kind], settings = _of_kind(section, kind, definitions)
            if settings is not None:
                where = definition_of(section, kind)
                definitions[where] = settings
                conditions.append(by_choice("type", kind, where, settings))
        known = {"enum": list(words), "markdownEnumDescriptions": list(words.values())}
        choices = [known] if wanted is None else [known, {"type": "string"}]
        kinds = {"description": entry["properties"]["type"]["description"], "anyOf": choices}
        properties = {**entry["properties"], "type": kinds}
        definitions[name] = {**entry, "description": _WORDS[section], "properties": properties, "allOf": conditions}


def definition_of(section: str, kind: str) -> str:
    """Name of the definition of the settings of a target or source.

    >>> definition_of("targets", "nxmx")
    'lims.targets:nxmx'
    """
    return f"lims.{section}:{kind}"


def _of_kind(section: str, kind: str, definitions: dict[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """What it is, and the schema of its settings; None if it cannot be loaded here, and why instead."""
    where = f"lims.{section}"
    try:
        cls = load_entry_point(GROUPS[section], kind, where)
        schema = settings_schema(settings_of(cls, where), definitions)
    except InvalidProfile as error:
        return str(error), None
    required = [key for key in schema.pop("required", ()) if key != FROM_PROFILE]
    return first_line(cls), {**schema, "required": required} if required else schema
