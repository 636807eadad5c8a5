"""Finding what the core must not import, by the name it is registered under."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from mxplans.errors import InvalidProfile


def load_entry_point(group: str, name: str, where: str) -> Any:
    """Load a plugin by the name it registered.

    Raises:
        InvalidProfile: If nothing is registered under that name.
    """
    found = entry_points(group=group)
    if name not in found.names:
        raise InvalidProfile(
            f"{where}: {name!r} is not installed; allowed are {', '.join(sorted(found.names)) or 'none'}: "
            "install its package or correct the name"
        )
    return found[name].load()
