"""Taking a value out of an object, as a source of the table says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from mxplans.profile.dialects.config_object import Call, ConfigObject, Path
from mxplans.profile.mapping.items import Item, Piece, dotted, object_item, place_of
from mxplans.profile.mapping.ledger import Ledger
from mxplans.profile.mapping.table import Source
from mxplans.profile.mapping.transforms import NotConverted, literal
from mxplans.profile.places import Place

Find: TypeAlias = Callable[[str, str], ConfigObject | None]
"""The object behind a name as another one mentions it, redirects followed: name and owner's name."""


@dataclass(frozen=True)
class Taken:
    """A value out of an object, or why there is none.

    Attributes:
        value: It, converted.
        place: Where it stands; None if it is the table's own.
        origin: What it was made of, in words.
        items: Pieces that went into it.
        refusal: Why what is there cannot be used; None if it can.
    """

    value: Any
    place: Place | None
    origin: str
    items: tuple[Item, ...] = ()
    refusal: str | None = None


def take(source: Source, config: ConfigObject, find: Find, ledger: Ledger) -> Taken | None:
    """The value of a source; None if nothing is there to take it from.

    Args:
        source: What the table says.
        config: The object it is said of.
        find: The objects.
        ledger: Their pieces.
    """
    owner = config
    ways: tuple[Item, ...] = ()
    if source.child:
        found = _child(source.child, config, find)
        if found is None:
            return None
        owner, ways = found
    if source.value is not None:
        told = f"with {owner.name}" if source.child else "of the table"
        return Taken(source.value, owner.place if source.child else None, told, ways)
    for value, place, told, items in (*_properties(source, owner, ledger), *_calls(source, owner)):
        taken = _converted(source, value, place, told, (*ways, *items))
        if taken is not None:
            return taken
    return _otherwise(source)


def _otherwise(source: Source) -> Taken | None:
    return None if source.otherwise is None else Taken(source.otherwise, None, "of the table, nothing else is said")


def _child(roles: tuple[str, ...], config: ConfigObject, find: Find) -> tuple[ConfigObject, tuple[Item, ...]] | None:
    """The object that plays the first of some roles, and what leads there."""
    for role in roles:
        for index, reference in enumerate(config.references):
            target = find(reference.target, config.name) if reference.role == role else None
            if target is not None:
                return target, (Item(config.name, Piece.REFERENCE, (index,)), object_item(target))
    return None


_Found: TypeAlias = tuple[Any, Place, str, tuple[Item, ...]]


def _properties(source: Source, owner: ConfigObject, ledger: Ledger) -> Iterator[_Found]:
    if source.pair:
        paths = [_path(name, owner.properties) for name in source.pair]
        if all(path is not None for path in paths):
            both = [path for path in paths if path is not None]
            items = tuple(item for path in both for item in ledger.below(owner.name, path))
            values = [_at(owner.properties, path) for path in both]
            yield values, place_of(owner, both[0]), " and ".join(source.pair), items
    for name in source.property:
        path = _path(name, owner.properties)
        if path is not None:
            value = _at(owner.properties, path)
            yield value, place_of(owner, path), f"{dotted(path)}", ledger.below(owner.name, path)


def _calls(source: Source, owner: ConfigObject) -> Iterator[_Found]:
    calls: list[tuple[Piece, int, Call]] = [(Piece.CHANNEL, index, call) for index, call in enumerate(owner.channels)]
    commands = [(Piece.COMMAND, index, call) for index, call in enumerate(owner.commands)]
    for patterns, values in (
        (source.channel, [(*each, each[2].target) for each in calls]),
        (source.address, [(*each, each[2].address) for each in (*calls, *commands)]),
    ):
        for pattern in patterns:
            for piece, index, call, value in values:
                if fnmatchcase(call.name, pattern) and value is not None:
                    yield value, call.place, f"{piece} {call.name or '(no name)'}", (Item(owner.name, piece, (index,)),)


def _path(name: str, properties: Mapping[str, Any]) -> Path | None:
    """The way to a property, by its name with dots, which may stand in a name as well.

    A list of one mapping, as XML has it below the first level, is passed through.
    """
    if name in properties:
        return (name,)
    head, _, rest = name.partition(".")
    inner = properties.get(head)
    way: Path = (head,)
    if isinstance(inner, list | tuple) and len(inner) == 1:
        inner, way = inner[0], (head, 0)
    if not rest or not isinstance(inner, Mapping):
        return None
    below = _path(rest, inner)
    return None if below is None else (*way, *below)


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _converted(source: Source, value: Any, place: Place, told: str, items: tuple[Item, ...]) -> Taken | None:
    """A value after its transforms; None for one that says nothing."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        for part in source.pick.split(".") if source.pick else ():
            value = _picked(literal(value), part)
        for transform in source.transforms:
            value = transform(value)
    except NotConverted as error:
        return Taken(None, place, told, items, f"{told}: {error}")
    return Taken(value, place, told, items)


def _picked(value: Any, part: str) -> Any:
    try:
        return value[int(part)] if isinstance(value, list) else value[part]
    except (KeyError, IndexError, TypeError, ValueError):
        raise NotConverted(f"it has no {part!r}") from None
