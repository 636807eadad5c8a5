"""`{name}` and `{service.key}` in a profile: filled in when the value is known, by plain substitution."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mxplans.errors import InvalidProfile

_PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)\}")


def fill(value: Any, known: Mapping[str, str], where: str) -> Any:
    """Replace the placeholders in a string, or in every string of a list or mapping.

    Args:
        value: What stands in the profile.
        known: Values by name.
        where: Place in the profile, for the error.

    Raises:
        InvalidProfile: If a name is not known.

    >>> fill(["--data", "{out}/data", 3], {"out": "night"}, "services.x.command")
    ['--data', 'night/data', 3]
    """
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: _lookup(match.group(1), known, where), value)
    if isinstance(value, Mapping):
        return {key: fill(inner, known, f"{where}.{key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [fill(inner, known, where) for inner in value]
    return value


def _lookup(name: str, known: Mapping[str, str], where: str) -> str:
    if name not in known:
        raise InvalidProfile(f"{where}: {{{name}}} is not known here; known are {', '.join(sorted(known))}")
    return known[name]
