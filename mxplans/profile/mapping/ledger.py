"""What became of each piece of a configuration: no piece twice, none left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mxplans.profile.dialects.config_object import ConfigObject, Path
from mxplans.profile.mapping.items import Item, Piece, items_of


class Fate(StrEnum):
    """What became of a piece."""

    MAPPED = "mapped"
    NOT_NEEDED = "not needed"
    TODO = "to do"


@dataclass(frozen=True, slots=True)
class Entry:
    """A piece and what became of it.

    Attributes:
        item: The piece.
        fate: What became of it.
        why: Where its value stands now, why it is not needed, or what to do.
    """

    item: Item
    fate: Fate
    why: str


class Ledger:
    """Takes down what becomes of the pieces of some objects.

    The first word on a piece stands, unless it is to be done and a later one maps it.
    """

    def __init__(self, objects: Iterable[ConfigObject]) -> None:
        self._items = {item: item for config in objects for item in items_of(config)}
        self._by_object: dict[str, list[Item]] = {}
        for item in self._items:
            self._by_object.setdefault(item.object, []).append(item)
        self._entries: dict[Item, Entry] = {}

    def settle(self, items: Iterable[Item], fate: Fate, why: str) -> None:
        """Take down what became of some pieces.

        Raises:
            KeyError: If one of them stands in none of the objects.
        """
        for item in items:
            known = self._items[item]
            before = self._entries.get(known)
            if before is None or (before.fate is not Fate.MAPPED and fate is Fate.MAPPED):
                self._entries[known] = Entry(known, fate, why)
            elif before.fate is fate is Fate.MAPPED and why not in before.why.split(", "):
                self._entries[known] = Entry(known, fate, f"{before.why}, {why}")

    def below(self, name: str, path: Path) -> tuple[Item, ...]:
        """All leaves at or below a property of an object."""
        return tuple(
            item
            for item in self._by_object[name]
            if item.piece is Piece.PROPERTY and item.path[: len(path)] == path[: len(item.path)]
        )

    def open(self, name: str) -> Iterator[Item]:
        """Pieces of an object of which nothing is taken down yet."""
        return (item for item in self._by_object[name] if item not in self._entries)

    def fate(self, item: Item) -> Fate | None:
        """What became of a piece so far."""
        entry = self._entries.get(item)
        return None if entry is None else entry.fate

    def any_mapped(self, name: str) -> bool:
        """Whether something of an object is mapped."""
        return any(self.fate(item) is Fate.MAPPED for item in self._by_object[name])

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What became of all pieces, in the order of the objects."""
        return tuple(self._entries[item] for item in self._items)
