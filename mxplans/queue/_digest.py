"""The digest of a queue item's content."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from mxplans.model import QueueItem


def digest_of(item: QueueItem) -> str:
    """SHA-256 of an item's JSON; the same for the same content, however its keys were ordered."""
    return digest_of_json(item.to_json())


def digest_of_json(content: dict[str, Any]) -> str:
    """SHA-256 of an item's JSON as `QueueItem.to_json` gives it."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
