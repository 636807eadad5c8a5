"""What a plan came to, in a few lines: models of a loop and lists of boxes are no reading for people."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

SHORT_CHARS = 100
"""A value that takes more is left out."""
ITEMS_MOST = 5


def told_of(result: Any) -> str:
    """A `RunEngineResult` for people; all of it is in `_`, and what the plan returned in `_.plan_result`."""
    runs = ", ".join(uid[:8] for uid in result.run_start_uids) or "none"
    head = f"{result.exit_status}{f': {result.reason}' if result.reason else ''}; runs: {runs}"
    # bluesky's mark of a plan that did not come to its end is a bare object
    if type(result.plan_result) in (type(None), object) or result.plan_result is result.exception:
        return head
    return f"{head}\n{short(result.plan_result)}"


def short(value: Any) -> str:
    """A value as Python writes it, without what is long.

    >>> short((1, "a"))
    "(1, 'a')"
    """
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: short(getattr(value, field.name)) for field in fields(value)}
        shown = ", ".join(f"{name}={text}" for name, text in told.items() if len(text) <= SHORT_CHARS)
        return f"{type(value).__name__}({shown})"
    if isinstance(value, tuple | list) and value and is_dataclass(value[0]):
        more = f"\n... {len(value) - ITEMS_MOST} more" if len(value) > ITEMS_MOST else ""
        return "\n".join(short(each) for each in value[:ITEMS_MOST]) + more
    text = repr(value)
    return text if len(text) <= 2 * SHORT_CHARS else f"<{type(value).__name__}>"
