"""Classes by path: `package.module:Name`, and those that packages have registered for profiles."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any

from mxplans.errors import InvalidProfile

DEVICE_GROUP = "mxplans.devices"
"""Entry points by which packages say which of their classes profiles may name."""


def load_class(path: str, where: str) -> Any:
    """Import `package.module:Name`.

    Raises:
        InvalidProfile: If there is no such module or name.
    """
    module_name, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        close = difflib.get_close_matches(path, device_classes(), n=1)
        remedy = f"did you mean {close[0]}?" if close else "correct the class path in the profile"
        raise InvalidProfile(f"{where}: {path} cannot be loaded: {error}; {remedy}") from error


def device_classes(distributions: Iterable[str] | None = None) -> tuple[str, ...]:
    """Paths of the device classes that are registered, sorted; none of them is loaded.

    Args:
        distributions: Names of the packages whose classes are wanted; None: all that are installed.
    """
    wanted = None if distributions is None else set(distributions)
    points = entry_points(group=DEVICE_GROUP)
    named = [
        point.value for point in points if wanted is None or (point.dist is not None and point.dist.name in wanted)
    ]
    return tuple(sorted(set(named)))
