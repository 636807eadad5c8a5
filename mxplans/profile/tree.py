"""Sections of several sources in one tree, in which each value keeps the place it comes from.

A leaf is a single value, an element of a list, or an empty list or mapping. Mappings are merged key by key; a list, and
an empty mapping, is taken whole.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from mxplans.profile.places import Place
from mxplans.profile.yaml12 import Mapping, Node, Scalar, Sequence

Loc: TypeAlias = tuple[str | int, ...]
"""Way to a value: keys as they are written, and indices of lists."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A value that two sources give of which neither goes before the other.

    Attributes:
        loc: The value.
        first: Where one stands.
        second: Where the other stands.
    """

    loc: Loc
    first: Place
    second: Place


def merged(upper: Mapping, lower: Mapping) -> Mapping:
    """Both in one; where both give a value, it is that of the upper one. Keys are in the order of the upper one first."""
    below = {key.text: value for key, value in lower}
    items = []
    for key, value in upper:
        other = below.pop(key.text, None)
        if isinstance(value, Mapping) and value.items and isinstance(other, Mapping):
            value = merged(value, other)
        items.append((key, value))
    items += [(key, value) for key, value in lower if key.text in below]
    return Mapping(tuple(items), upper.place, upper.end)


def joined(one: Mapping, other: Mapping, loc: Loc = ()) -> tuple[Mapping, list[Clash]]:
    """Both in one, of which neither goes before the other, with the values that both give.

    A value that reaches both from the same place is one, not two.
    """
    theirs = {key.text: (key, value) for key, value in other}
    items: list[tuple[Scalar, Node]] = []
    clashes: list[Clash] = []
    for key, value in one:
        found = theirs.pop(key.text, None)
        if found is not None:
            if isinstance(value, Mapping) and isinstance(found[1], Mapping) and value.items and found[1].items:
                value, more = joined(value, found[1], (*loc, key.text))
                clashes += more
            elif value.place != found[1].place:
                clashes.append(Clash((*loc, key.text), key.place, found[0].place))
        items.append((key, value))
    items += theirs.values()
    return Mapping(tuple(items), one.place, one.end), clashes


def without(root: Mapping, key: str) -> Mapping:
    """The mapping without one of its keys."""
    return Mapping(tuple(item for item in root if item[0].text != key), root.place, root.end)


def leaves(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Node]]:
    """All leaves with their ways, in order."""
    if isinstance(node, Mapping) and node.items:
        for key, value in node:
            yield from leaves(value, (*loc, key.text))
    elif isinstance(node, Sequence) and node.items:
        for index, item in enumerate(node.items):
            yield from leaves(item, (*loc, index))
    else:
        yield loc, node


def find(root: Node, loc: Loc) -> tuple[Loc, Scalar | None, Node]:
    """How far a way leads: the way as far as it does, the key it ends at (None in a list), and what stands there."""
    node, key = root, None
    for depth, part in enumerate(loc):
        step = _step(node, part)
        if step is None:
            return loc[:depth], key, node
        key, node = step
    return loc, key, node


def _step(node: Node, part: str | int) -> tuple[Scalar | None, Node] | None:
    if isinstance(node, Mapping):
        return next(((key, value) for key, value in node if key.text == str(part)), None)
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return None, node.items[part]
    return None


def size(node: Node) -> int:
    """Number of nodes, what anchors repeat counted each time."""
    number, waiting = 0, [node]
    while waiting:
        found = waiting.pop()
        number += 1
        if isinstance(found, Mapping):
            waiting += [value for _, value in found]
        elif isinstance(found, Sequence):
            waiting += found.items
    return number


def repeated_keys(node: Node, loc: Loc = ()) -> Iterator[tuple[Loc, Place, Place]]:
    """Keys that are written alike and read differently, as `20` and `"20"`: both places."""
    if isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            yield from repeated_keys(item, (*loc, index))
    elif isinstance(node, Mapping):
        seen: dict[str, Place] = {}
        for key, value in node:
            if key.text in seen:
                yield (*loc, key.text), seen[key.text], key.place
            seen.setdefault(key.text, key.place)
            yield from repeated_keys(value, (*loc, key.text))


def content(node: Node) -> Any:
    """A node as JSON has it: keys are texts as they are written, dates are texts."""
    if isinstance(node, Mapping):
        return {key.text: content(value) for key, value in node}
    if isinstance(node, Sequence):
        return [content(item) for item in node.items]
    return node.text if isinstance(node.value, datetime.date | bytes) else node.value


def at(node: Node, source: str) -> Node:
    """The same, come from somewhere that has no lines: the environment, or the command line."""
    place = Place(source)
    if isinstance(node, Mapping):
        return Mapping(tuple((_scalar_at(key, place), at(value, source)) for key, value in node), place, place)
    if isinstance(node, Sequence):
        return Sequence(tuple(at(item, source) for item in node.items), place, place)
    return _scalar_at(node, place)


def under(loc: tuple[str, ...], node: Node) -> Mapping:
    """A node as the value of a way of keys, at least one."""
    inner = under(loc[1:], node) if len(loc) > 1 else node
    key = Scalar(loc[0], loc[0], False, node.place, node.place)
    return Mapping(((key, inner),), node.place, node.place)


def _scalar_at(scalar: Scalar, place: Place) -> Scalar:
    return Scalar(scalar.value, scalar.text, scalar.plain, place, place)


def node_of(value: Any, place: Place) -> Node:
    """Plain values as a node, all of it at one place."""
    if isinstance(value, dict):
        keys = [Scalar(str(key), str(key), False, place, place) for key in value]
        return Mapping(
            tuple((key, node_of(inner, place)) for key, inner in zip(keys, value.values(), strict=True)), place, place
        )
    if isinstance(value, list | tuple):
        return Sequence(tuple(node_of(item, place) for item in value), place, place)
    plain = value if isinstance(value, str | int | float | None) else str(value)
    return Scalar(plain, str(value), not isinstance(plain, str), place, place)
