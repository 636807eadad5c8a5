"""A run around a plan that records what it finds."""

from __future__ import annotations

from typing import Any, TypeVar

from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

T = TypeVar("T")


def in_run(plan: MsgGenerator[T], metadata: dict[str, Any]) -> MsgGenerator[T]:
    """Open a run, do it, close the run; gives what the plan returns, where bluesky's wrapper gives the run's uid."""
    found: list[T] = []

    def keep() -> MsgGenerator[None]:
        found.append((yield from plan))

    yield from bpp.run_wrapper(keep(), md=metadata)
    return found[0]
