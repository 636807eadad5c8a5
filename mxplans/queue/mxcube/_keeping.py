"""What an answer must say beyond what the item says: kept when a task is read, laid over when it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal; true is not 1 here.

    >>> same(1, 1.0), same(True, 1), same([0], [False])
    (True, False, False)
    """
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def difference(posted: Mapping[str, Any], written: Mapping[str, Any]) -> dict[str, Any]:
    """What was posted and would not be written: as posted, by the same names.

    Parameters and wedges are compared field by field, so that as little as possible is kept.

    >>> difference({"label": "a", "parameters": {"x": 1, "y": 2}}, {"label": "a", "parameters": {"x": 1}})
    {'parameters': {'y': 2}}
    """
    kept: dict[str, Any] = {}
    for name, value in posted.items():
        if name not in written:
            kept[name] = value
        elif name == "parameters":
            kept |= {name: inner} if (inner := difference(value, written[name])) else {}
        elif name == "wedges" and value and len(value) == len(written[name]):
            wedges = [difference(*pair) for pair in zip(value, written[name], strict=True)]
            kept |= {name: wedges} if any(wedges) else {}
        elif not same(value, written[name]):
            kept[name] = value
    return kept


def overlaid(written: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The opposite of `difference`.

    Wedges that are kept for another number of sweeps than there are now are left out.

    >>> overlaid({"label": "a", "parameters": {"x": 1}}, {"parameters": {"y": 2}})
    {'label': 'a', 'parameters': {'x': 1, 'y': 2}}
    """
    whole = dict(written)
    for name, value in kept.items():
        if name == "parameters":
            whole[name] = overlaid(written.get(name, {}), value)
        elif name == "wedges" and written.get(name):
            if len(value) == len(written[name]):
                whole[name] = [overlaid(*pair) for pair in zip(written[name], value, strict=True)]
        else:
            whole[name] = value
    return whole
