"""What a work source has to give: read from a file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from mxplans_sim.settings.base import SettingsError

Instruction = dict[str, Any]


def load_instructions(path: Path) -> list[Instruction]:
    """Instructions of a file: JSON, a list of objects that are empty or have `wait` or `collect`.

    Raises:
        SettingsError: If it cannot be read, or holds something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; name a file with instructions") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, list):
        raise SettingsError(f"{path} holds no list; it must be a list of instructions")
    for number, entry in enumerate(content):
        if reason := _wrong(entry):
            raise SettingsError(f"{path}: instruction {number} {reason}; allowed are {{}}, wait: seconds, collect: ...")
    return content


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
