"""What a work source may give."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from mxplans_sim.settings.base import SettingsError

Instruction = dict[str, Any]


def checked(instructions: Iterable[Any]) -> list[Instruction]:
    """Instructions that are: objects that are empty or have `wait` or `collect`.

    Raises:
        SettingsError: If one is something else.
    """
    entries = list(instructions)
    for number, entry in enumerate(entries, start=1):
        if reason := _wrong(entry):
            raise SettingsError(
                f"instruction {number} of the work source {reason}; allowed are {{}}, wait: seconds, collect: ..."
            )
    return entries


def _wrong(entry: Any) -> str:
    """What is not allowed about an instruction; empty when all is well."""
    if not isinstance(entry, dict):
        return "is not an object"
    if set(entry) not in (set(), {"wait"}, {"collect"}):
        return f"has {', '.join(sorted(map(str, entry)))[:200]}"
    wait_s = entry.get("wait", 0)
    if isinstance(wait_s, bool) or not isinstance(wait_s, int | float) or not 0 <= wait_s < math.inf:
        return f"waits for {wait_s!r:.40} s, which is not a number >= 0"
    return ""
