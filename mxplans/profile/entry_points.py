"""Finding what the core must not import, by the name it is registered under."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from mxplans.errors import InvalidInput, InvalidProfile


def registered(group: str, distributions: Iterable[str] | None = None) -> dict[str, EntryPoint]:
    """What packages have registered in a group, by name, sorted; none of it is loaded.

    Args:
        group: Of entry points.
        distributions: Names of the packages that are asked; None: all that are installed.
    """
    wanted = None if distributions is None else set(distributions)
    points = [
        point
        for point in entry_points(group=group)
        if wanted is None or (point.dist is not None and point.dist.name in wanted)
    ]
    return {point.name: point for point in sorted(points, key=lambda point: point.name)}


def load_entry_point(group: str, name: str, where: str) -> Any:
    """Load a plugin by the name it registered.

    Raises:
        InvalidProfile: If nothing is registered under that name, or a package is missing that it needs.
    """
    found = registered(group)
    if name not in found:
        close = difflib.get_close_matches(name.lower(), found, n=1)
        remedy = f"did you mean {close[0]}?" if close else "install its package or correct the name"
        raise InvalidProfile(f"{where}: {name!r} is not installed; allowed are {', '.join(found) or 'none'}: {remedy}")
    try:
        return found[name].load()
    except (ImportError, AttributeError, InvalidInput) as error:
        raise InvalidProfile(f"{where}: {name} cannot be loaded: {error}") from error
