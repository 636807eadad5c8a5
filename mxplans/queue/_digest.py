"""The one way a queue item is written down, and the digest of it."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from mxplans.model import QueueItem


class Written(NamedTuple):
    """A queue item as the queue file keeps it."""

    item: QueueItem
    content: str
    digest: str


def written(item: QueueItem) -> Written:
    """An item with its JSON in canonical form, and the digest of that."""
    content = json.dumps(item.to_json(), sort_keys=True, separators=(",", ":"))
    return Written(item, content, hashlib.sha256(content.encode()).hexdigest())


def digest_of(item: QueueItem) -> str:
    """SHA-256 of an item's JSON; the same for the same content, however its keys were ordered."""
    return written(item).digest
