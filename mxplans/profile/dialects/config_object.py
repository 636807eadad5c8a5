"""A hardware object as MXCuBE's files describe it, the same whatever dialect it was read from.

Nothing here is instantiated: a class is a path, a reference is a name. Two objects are equal when they mean the same:
places, comments and the dialect take no part in that, nor does the order of commands and channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from mxplans.profile.places import Place

Value: TypeAlias = Any
"""None, bool, int, float, str, a date, or lists and dicts of these; keys are texts, but for what YAML nests."""
Path: TypeAlias = tuple[str | int, ...]
"""Way into nested properties: keys, and indices of repeated elements: `("states", "state", 2, "name")`."""


class Dialect(StrEnum):
    """How a file is written."""

    XML = "xml"
    YAML_A = "yaml-a"
    YAML_B = "yaml-b"


class CallKind(StrEnum):
    """What a call does."""

    COMMAND = "command"
    CHANNEL = "channel"


@dataclass(frozen=True)
class Reference:
    """A mention of another object. The role belongs to the mention, never to the object.

    Attributes:
        role: As it is looked up, in lower case in XML; None for a mention without one.
        target: Canonical name of the object: path below the look-up folder, without extension, with a leading `/`.
        path: Nested property it stands in; empty at the top.
        tag: Element it was written as in XML, which some classes look it up by; "object" otherwise.
        written: The target as written.
        place: Where.
    """

    role: str | None
    target: str
    path: Path = ()
    tag: str = "object"
    written: str = field(default="", compare=False)
    place: Place = field(default=Place(""), compare=False)


@dataclass(frozen=True)
class Call:
    """A command or channel.

    Attributes:
        kind: Which of both.
        protocol: As written: tango, exporter, epics, spec, sardana, tine, taco, ...
        name: What the object calls it.
        target: What is called or read there: a command, attribute, macro or process variable; None if nothing is said.
        address: Of the server, its own or that of the object's property that stands in for it; None if there is
            none, or where the target says it all (epics).
        attributes: All else, typed: polling_period (int, ms) or polling ("events"), timeout (int, ms), onchange, ...
        arguments: Further elements of the long form, in their order, as (tag, value).
        path: Nested property it stands in; empty at the top.
        place: Where.
    """

    kind: CallKind
    protocol: str
    name: str
    target: str | None = None
    address: str | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)
    arguments: tuple[tuple[str, Value], ...] = ()
    path: Path = ()
    place: Place = field(default=Place(""), compare=False)


class ExtraKind(StrEnum):
    """What XML may say and MXCuBE does not hear."""

    ATTRIBUTES = "attributes"
    """Attributes on a leaf or a nested element."""
    TEXT = "text"
    """Text beside child elements."""
    SHADOWED = "shadowed"
    """A leaf whose tag comes again later in the same element."""
    ELEMENT = "element"
    """A whole element: a channel without name or type, a command without one of its parts."""


@dataclass(frozen=True)
class Extra:
    """Something that MXCuBE leaves unheard, kept so that nothing is lost.

    Attributes:
        kind: What it is.
        path: Of the property it belongs to; `("@reference", index)`, `("@command", name)` or `("@channel", name)` where
            it belongs to one of these; of what it stands in, for a whole element.
        value: Attributes by name (typed); the text as written; for a whole element, and for a shadowed leaf with
            attributes, {"tag": ..., "attributes": {...}, "text": ..., "children": [...]} without what is empty.
        place: Where.
    """

    kind: ExtraKind
    path: Path
    value: Value
    place: Place = field(default=Place(""), compare=False)


@dataclass(frozen=True)
class Comment:
    """A comment.

    Attributes:
        text: Without its marks, as written; may have several lines.
        line: Where it begins, from 1.
        before: What it stands before: `("property", *path)`, `("reference", index)`, `("command", index)`,
            `("channel", index)` with indices into the object's tuples; `("root",)`; `("end",)` for the end of the file.
    """

    text: str
    line: int
    before: Path


@dataclass(frozen=True)
class ConfigObject:
    """A hardware object.

    Attributes:
        name: Canonical: path below the look-up folder, without extension, with a leading `/`.
        class_path: `module.Class` in full, as Python imports it; None for a plain object.
        root: Element that the file consists of in XML (object, device, equipment, procedure or any other), which
            picks the base class of an object without a class; "object" in YAML.
        redirect: Canonical name of the object that this name stands for (`hwr_import`); all else is empty then.
        arguments: Further arguments of the constructor (YAML-A), further attributes of the root (XML).
        properties: In their order; nested ones are dicts, repeated nested ones lists of dicts.
        references: In their order, which is the order of loading.
        commands: Commands.
        channels: Channels.
        extras: What MXCuBE leaves unheard.
        comments: In their order.
        dialect: How it was written.
        place: Of its root.
        places: Of its properties, by path.
        texts: Properties as they are written in XML, by path, where that differs from `str(value)`.
    """

    name: str
    class_path: str | None = None
    root: str = "object"
    redirect: str | None = None
    arguments: Mapping[str, Value] = field(default_factory=dict)
    properties: Mapping[str, Value] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    commands: tuple[Call, ...] = ()
    channels: tuple[Call, ...] = ()
    extras: tuple[Extra, ...] = ()
    comments: tuple[Comment, ...] = field(default=(), compare=False)
    dialect: Dialect = field(default=Dialect.XML, compare=False)
    place: Place = field(default=Place(""), compare=False)
    places: Mapping[Path, Place] = field(default_factory=dict, compare=False)
    texts: Mapping[Path, str] = field(default_factory=dict, compare=False)

    @property
    def roles(self) -> dict[str, str]:
        """Canonical names by role: of two with the same role, the first one."""
        found: dict[str, str] = {}
        for reference in self.references:
            if reference.role is not None:
                found.setdefault(reference.role, reference.target)
        return found


def same_value(one: Value, other: Value) -> bool:
    """Whether two values are equal in type as well, in all their depth; nan is nan, 0.0 is not -0.0, keys are in order.

    >>> same_value(1, 1.0), same_value({"a": [True]}, {"a": [1]}), same_value(float("nan"), float("nan"))
    (False, False, True)
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(same_value(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same_value, one, other))
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return repr(one) == repr(other)
    return bool(one == other)


def differences(one: ConfigObject, other: ConfigObject) -> list[str]:
    """What is not the same about two objects, each in words; empty when they are equal."""
    found = [
        f"{part} is {getattr(one, part)!r}, was expected {getattr(other, part)!r}"
        for part in ("name", "class_path", "root", "redirect", "references")
        if getattr(one, part) != getattr(other, part)
    ]
    found += [
        f"{part}: {dict(getattr(one, part))!r}, was expected {dict(getattr(other, part))!r}"
        for part in ("arguments", "properties")
        if not same_value(getattr(one, part), getattr(other, part))
    ]
    for part in ("commands", "channels", "extras"):
        mine, theirs = (sorted(map(_sortable, getattr(each, part))) for each in (one, other))
        found += [f"{part}: {text} is new" for text in mine if text not in theirs]
        found += [f"{part}: {text} is lost" for text in theirs if text not in mine]
        if len(mine) != len(theirs):
            found.append(f"{part}: {len(mine)}, were expected {len(theirs)}")
    return found


def _sortable(part: Call | Extra) -> str:
    """All that counts of a part as one text, which tells 1 from 1.0 and True."""
    if isinstance(part, Call):
        attributes = sorted((key, repr(value)) for key, value in part.attributes.items())
        return repr(
            (
                part.kind.value,
                part.path,
                part.protocol,
                part.name,
                part.target,
                part.address,
                attributes,
                part.arguments,
            )
        )
    return repr((part.kind.value, part.path, part.value))
