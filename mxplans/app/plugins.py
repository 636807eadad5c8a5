"""Finding what the core must not import: classes by path, targets by entry point."""

from __future__ import annotations

import importlib
from importlib.metadata import entry_points
from typing import Any

from mxplans.errors import InvalidProfile


def load_class(path: str, where: str) -> Any:
    """Import `package.module:Name`.

    Raises:
        InvalidProfile: If there is no such module or name.
    """
    module_name, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise InvalidProfile(
            f"{where}: {path} cannot be loaded: {error}; correct the class path in the profile"
        ) from error


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
