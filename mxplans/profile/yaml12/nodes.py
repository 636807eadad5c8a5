"""A YAML document as it stands: scalars, mappings and sequences, each with its place."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from mxplans.profile.places import Place

ScalarValue: TypeAlias = None | bool | int | float | str | bytes | datetime.date | datetime.datetime


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    Attributes:
        value: As YAML 1.2 reads it.
        text: As written, without quotes.
        plain: Whether it stands without quotes, and so may be something else than a text.
        place: Of its first character.
        end: Behind its last character.
    """

    value: ScalarValue
    text: str
    plain: bool
    place: Place
    end: Place


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in their order; no key stands twice.

    Attributes:
        items: Pairs; keys are scalars.
        place: Of its first key.
        end: Behind it.
        tag: As written, `!!omap` for a sequence of single pairs that was read as one; "" for none.
    """

    items: tuple[tuple[Scalar, Node], ...]
    place: Place
    end: Place
    tag: str = ""

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        return next((value for name, value in self.items if name.value == key), None)

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list.

    Attributes:
        items: Its elements.
        place: Of its first one.
        end: Behind it.
    """

    items: tuple[Node, ...]
    place: Place
    end: Place


Node: TypeAlias = Scalar | Mapping | Sequence


def plain(node: Node) -> Any:
    """A node as plain dicts, lists and values; what an anchor repeats is a copy each time."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {key.value: plain(value) for key, value in node.items}
