"""What may go wrong with replies. Kinds: murko_slow (seconds), murko_silent, murko_dead, and those of `DISTORTIONS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mxplans_sim.servers.murko.describe import Description


def _empty(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """What the service says after most of its errors."""
    return {}


def _wrong_length(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """One answer too few, or `extra` too many."""
    extra = int(parameters.get("extra", 0))
    if isinstance(reply, dict):
        return {**reply, "descriptions": _resized(reply["descriptions"], extra)}
    return _resized(reply, extra)


def _resized(items: list[Any], extra: int) -> list[Any]:
    return items + items[-1:] * extra if extra > 0 else items[:-1]


def _nan_axes(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """Principal axes that could not be computed."""
    return _each_notion(reply, {"pa": float("nan")}, {})


def _zero_masks(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """Masks without content, beside numbers that say otherwise."""
    if not isinstance(reply, dict):
        return [np.zeros_like(head) for head in reply]
    shape = tuple(int(size) for size in reply["descriptions"][0]["prediction_shape"])
    zero = np.zeros(shape, np.uint8)
    return _each_notion(reply, {"notion_mask": zero}, {"hierarchical_mask": zero})


def _each_notion(reply: Any, of_notion: Description, of_image: Description) -> Any:
    if not isinstance(reply, dict):
        return reply
    descriptions = [
        {key: {**value, **of_notion} if isinstance(value, dict) else value for key, value in description.items()}
        | of_image
        for description in reply["descriptions"]
    ]
    return {**reply, "descriptions": descriptions}


DISTORTIONS: Mapping[str, Callable[[Any, Mapping[str, Any]], Any]] = {
    "murko_empty": _empty,
    "murko_wrong_length": _wrong_length,
    "murko_nan_axes": _nan_axes,
    "murko_zero_masks": _zero_masks,
}
