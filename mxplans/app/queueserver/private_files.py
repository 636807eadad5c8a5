"""Small JSON files that only their owner may read, written as a whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

OWNER_ONLY = 0o600


def write_private(path: Path, content: Any) -> None:
    """Replace a file at once: a reader sees the old one or the new one, and never a part.

    Args:
        path: Its folder must exist.
        content: Anything JSON.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def read_private(path: Path) -> dict[str, Any] | None:
    """What a file holds; None where there is none, or not yet a whole one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None
