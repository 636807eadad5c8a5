"""Names that messages use: our domain, references, identifiers that follow from others."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mxplans.model.extensions import DOMAIN

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, f"https://{DOMAIN}/mxlims")


def made_uuid(*parts: object) -> str:
    """An identifier that follows from others."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in parts)))


def reference(kind: str, number: int = 1) -> dict[str, str]:
    """A reference inside the message."""
    return {"$ref": f"#/{kind}/{kind}{number}"}


def named(kind: str, *objects: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Objects of a type under their names in the message; no mapping at all when there are none."""
    if not objects:
        return {}
    return {kind: {f"{kind}{number}": dict(content) for number, content in enumerate(objects, start=1)}}


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """MXLIMS knows no null: what is unknown is left out, also inside."""
    return {
        key: without_none(value) if isinstance(value, Mapping) else value
        for key, value in fields.items()
        if value is not None
    }


def finite(value: Any) -> Any:
    """JSON has no word for what is not a number: leave it out; in a list, where places count, null stands for it.

    >>> finite({"a": float("nan"), "b": (1.0, float("inf"))})
    {'b': [1.0, None]}
    """
    if isinstance(value, Mapping):
        return {key: finite(inner) for key, inner in value.items() if not _is_nonfinite(inner)}
    if isinstance(value, list | tuple):
        return [None if _is_nonfinite(inner) else finite(inner) for inner in value]
    return value


def _is_nonfinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def spelled(time: datetime) -> str:
    """A time with its offset, as RFC 3339 has it."""
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")
