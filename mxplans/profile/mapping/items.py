"""Everything that stands in a configuration, piece by piece, so that each can be accounted for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from mxplans.profile.dialects.config_object import ConfigObject, Path
from mxplans.profile.places import Place


class Piece(StrEnum):
    """What may stand in a configuration."""

    OBJECT = "object"
    ARGUMENT = "argument"
    PROPERTY = "property"
    REFERENCE = "reference"
    COMMAND = "command"
    CHANNEL = "channel"
    EXTRA = "extra"


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of a configuration.

    Attributes:
        object: Canonical name of the object it stands in.
        piece: What it is.
        path: Which one: of a property the way to its leaf; of all else the index in its tuple; empty for the object.
        name: What its file calls it.
        place: Where.
    """

    object: str
    piece: Piece
    path: Path
    name: str = field(default="", compare=False)
    place: Place = field(default=Place(""), compare=False)


def items_of(config: ConfigObject) -> Iterator[Item]:
    """All pieces of an object, itself first. A list of plain values is one property, a mapping is one for each leaf."""
    yield object_item(config)
    for name in config.arguments:
        yield Item(config.name, Piece.ARGUMENT, (name,), name, config.place)
    for path in leaves(config.properties):
        yield property_item(config, path)
    for index, reference in enumerate(config.references):
        name = reference.role or reference.target
        yield Item(config.name, Piece.REFERENCE, (index,), name, reference.place)
    for piece, calls in ((Piece.COMMAND, config.commands), (Piece.CHANNEL, config.channels)):
        for index, call in enumerate(calls):
            yield Item(config.name, piece, (index,), call.name, call.place)
    for index, extra in enumerate(config.extras):
        yield Item(config.name, Piece.EXTRA, (index,), f"{extra.kind} of {dotted(extra.path)}", extra.place)


def object_item(config: ConfigObject) -> Item:
    """An object as a piece of its own."""
    return Item(config.name, Piece.OBJECT, (), config.name, config.place)


def property_item(config: ConfigObject, path: Path) -> Item:
    """A leaf of an object's properties."""
    return Item(config.name, Piece.PROPERTY, path, dotted(path), place_of(config, path))


def place_of(config: ConfigObject, path: Path) -> Place:
    """Where a property stands; that of what it stands in where nobody noted its own."""
    for length in range(len(path), 0, -1):
        place = config.places.get(path[:length])
        if place is not None:
            return place
    return config.place


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """Ways to all leaves of nested properties; what is empty is a leaf, and so is a list of plain values."""
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, Mapping):
        inner = list(value.items())
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping | list | tuple) for each in value):
        inner = list(enumerate(value))
    if not inner:
        if path:
            yield path
        return
    for key, each in inner:
        yield from leaves(each, (*path, key))


def dotted(path: Path) -> str:
    """A way as one text.

    >>> dotted(("states", "state", 1, "name"))
    'states.state.1.name'
    """
    return ".".join(str(part) for part in path)
