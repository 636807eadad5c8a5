"""The values of a profile as a whole, defaults included, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from mxplans.profile import PlacedProfile

Loc: TypeAlias = tuple[str | int, ...]
DEFAULT = "default"
_FOLLOWS: Mapping[Loc, Loc] = {("limits", "aperture"): ("collection", "aperture")}
"""Values that others stand in for where they are left out."""


def whole(placed: PlacedProfile) -> dict[str, Any]:
    """All sections as plain values; what was included is in them, and so is no include."""
    return placed.profile.model_dump(mode="json", by_alias=True, exclude={"include"})


def leaves_of(value: Any, loc: Loc = ()) -> Iterator[tuple[Loc, Any]]:
    """Single values, and empty mappings and lists, each with its way.

    >>> list(leaves_of({"a": {"b": [1, 2]}, "c": {}}))
    [(('a', 'b', 0), 1), (('a', 'b', 1), 2), (('c',), {})]
    """
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves_of(inner, (*loc, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves_of(inner, (*loc, index))
    else:
        yield loc, value


def origin(placed: PlacedProfile, loc: Loc) -> str:
    """A place in a file, `environment NAME`, `command line`, or `default`."""
    place = placed.origins.get(loc) or placed.origins.get(_FOLLOWS.get(loc, loc))
    return DEFAULT if place is None else str(place)
