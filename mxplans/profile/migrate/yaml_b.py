"""A hardware object as YAML-B, with all that its own dialect says of it.

What YAML-B has no form for stands in the extension block (`dialects.extension`), comments stand before what they
belong to, and MXCuBE reads the rest as it would read a file written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mxplans.profile.dialects.config_object import Call, CallKind, Comment, ConfigObject, Dialect, Path, Reference
from mxplans.profile.dialects.extension import EXTENSION_KEY, extension_of
from mxplans.profile.dialects.names import EXTENSIONS, canonical_name
from mxplans.profile.dialects.section_forms import (
    BLUESKY,
    CALL_FORMS,
    section_attributes,
    split_pv,
    stand_in_objects,
    stand_in_sections,
)
from mxplans.profile.migrate._block import BlockWriter, DocumentPath
from mxplans.profile.migrate.comments import comment_lines
from mxplans.profile.migrate.literals import Literals, structured

_END: DocumentPath = ("", "end")
"""Leads to nothing in a document, whose keys at the top are never empty."""


def to_yaml_b(config: ConfigObject, files: Mapping[str, str], literals: Literals = Literals.TEXT) -> str:
    """Write an object as YAML-B.

    Args:
        config: The object.
        files: Files as they are to be mentioned, by canonical name of the object in them; an object that is not
            among them is mentioned as it was, with `.xml` if that says no extension.
        literals: What becomes of texts that hold a list or mapping.
    """
    config = _in_section_order(config)
    properties, texts = structured(config.properties) if literals is Literals.YAML else (dict(config.properties), {})
    document = _document(config, properties, files)
    extension = extension_of(config, texts)
    if extension is not None:
        document[EXTENSION_KEY] = extension
    comments = _placed(config)
    writer = BlockWriter(comments, _may_flow)
    header = comments.get((), [])
    blocks = [writer.lines({key: value}) for key, value in document.items()]
    footer = comments.get(_END, [])
    parts = ["\n".join(header + blocks[0]), *map("\n".join, blocks[1:]), *(["\n".join(footer)] if footer else [])]
    return "\n\n".join(parts) + "\n"


def _may_flow(path: DocumentPath) -> bool:
    """Calls, and entries of the extension, are short enough to be read on one line."""
    if path[0] == EXTENSION_KEY:
        return len(path) > 2
    return path[0] not in ("configuration", "objects") and len(path) > 3


def _in_section_order(config: ConfigObject) -> ConfigObject:
    """An object with its calls in the order in which the file is read: that of the sections, then the extension."""
    protocols = [*dict.fromkeys(protocol for protocol, _ in CALL_FORMS), BLUESKY]
    places = dict.fromkeys(_call_path(call)[:2] for call in (*config.commands, *config.channels))
    rank_of = {place: rank for rank, place in enumerate(places)}
    comments = config.comments
    ordered: dict[str, tuple[Call, ...]] = {}
    for kind, calls in (("command", config.commands), ("channel", config.channels)):
        stands = stand_in_sections(calls)
        ranks = [
            (0, protocols.index(call.protocol), rank_of[_call_path(call)[:2]]) if here else (1, 0, 0)
            for call, here in zip(calls, stands, strict=True)
        ]
        order = sorted(range(len(calls)), key=ranks.__getitem__)
        ordered[kind] = tuple(calls[index] for index in order)
        ways: dict[Path, Path] = {(kind, old): (kind, new) for new, old in enumerate(order)}
        comments = tuple(replace(each, before=ways.get(each.before[:2], each.before)) for each in comments)
    return replace(config, commands=ordered["command"], channels=ordered["channel"], comments=comments)


def _document(config: ConfigObject, properties: Mapping[str, Any], files: Mapping[str, str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    if config.class_path is not None:
        document["class"] = config.class_path
    if properties:
        document["configuration"] = properties
    standing = zip(config.references, stand_in_objects(config), strict=True)
    objects = {each.role: _mention(each, files) for each, stands in standing if stands}
    if objects:
        document["objects"] = objects
    calls = [*_standing(config.commands), *_standing(config.channels)]
    for protocol in dict.fromkeys(protocol for protocol, _ in CALL_FORMS):
        for call in (each for each in calls if each.protocol == protocol):
            *way, name = _call_path(call)
            section = document
            for step in way:
                section = section.setdefault(step, {})
            section[name] = _call(call)
    servers = [each.address for each in calls if each.protocol == BLUESKY]
    if servers:
        document[BLUESKY] = servers[0]
    return document


def _standing(calls: tuple[Call, ...]) -> Iterator[Call]:
    return (call for call, stands in zip(calls, stand_in_sections(calls), strict=True) if stands)


def _mention(reference: Reference, files: Mapping[str, str]) -> str:
    if reference.target in files:
        return files[reference.target]
    # As it was written only if that leads there: XML writes no extension, may write a path from the file's folder, and
    # begins at the look-up folder with a slash, which YAML leaves out.
    written = reference.written
    if written.endswith(EXTENSIONS) and not written.startswith("/") and canonical_name(written) == reference.target:
        return written
    return f"{reference.target.removeprefix('/')}.xml"


def _call_path(call: Call) -> tuple[str, ...]:
    if call.protocol == BLUESKY:
        return (BLUESKY,)
    place = split_pv(call.target or "")[0] if call.protocol == "epics" else call.address or ""
    return call.protocol, place, f"{call.kind}s", call.name


def _call(call: Call) -> dict[str, Any] | None:
    target = split_pv(call.target or "")[1] if call.protocol == "epics" else call.target
    attributes = dict(section_attributes(call))
    if target == call.name and not attributes:
        return None
    return {CALL_FORMS[call.protocol, call.kind].target_key: target, **attributes}


def _placed(config: ConfigObject) -> dict[DocumentPath, list[str]]:
    """Lines of comments by what they stand before in the document."""
    found: dict[DocumentPath, list[str]] = {}
    ways = {
        "reference": _reference_paths(config),
        "command": _call_paths(config.commands, CallKind.COMMAND),
        "channel": _call_paths(config.channels, CallKind.CHANNEL),
    }
    for comment in config.comments:
        lines = comment_lines(comment.text) if config.dialect is Dialect.XML else [f"#{comment.text}"]
        found.setdefault(_place(comment, config, ways), []).extend(lines)
    return found


def _place(comment: Comment, config: ConfigObject, ways: Mapping[str, list[DocumentPath]]) -> DocumentPath:
    what, *rest = comment.before
    if what == "root":
        return ()
    if what == "property" and config.properties:
        return ("configuration", *_existing(config.properties, tuple(rest)))
    known = ways.get(str(what), [])
    if rest and isinstance(rest[0], int) and rest[0] < len(known):
        return known[rest[0]]
    return _END


def _existing(value: Any, path: Path) -> Path:
    """As much of a path as leads to something."""
    found: list[str | int] = []
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        found.append(step)
    return tuple(found)


def _reference_paths(config: ConfigObject) -> list[DocumentPath]:
    paths: list[DocumentPath] = []
    others = 0
    for reference, stands in zip(config.references, stand_in_objects(config), strict=True):
        paths.append(("objects", reference.role) if stands else (EXTENSION_KEY, "references", others))
        others += not stands or bool(reference.path) or reference.tag != "object"
    return paths


def _call_paths(calls: tuple[Call, ...], kind: CallKind) -> list[DocumentPath]:
    """Ways to commands or channels; those in the extension come among supplements to those in sections."""
    paths: list[DocumentPath] = []
    others = 0
    for call, stands in zip(calls, stand_in_sections(calls), strict=True):
        paths.append(_call_path(call) if stands else (EXTENSION_KEY, f"{kind}s", others))
        others += not stands or len(call.attributes) > len(dict(section_attributes(call)))
    return paths
