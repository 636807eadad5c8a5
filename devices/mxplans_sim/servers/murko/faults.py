"""What may go wrong with replies.

Kinds: murko_slow (seconds), murko_silent, murko_dead, murko_hostile (trick, see `hostile`), and those of `DISTORTIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from mxplans_sim.servers.murko.describe import Description, describe


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


def _partial(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """A notion is left out, in the first `images` images or in all."""
    if not isinstance(reply, dict):
        return reply[:-1]
    images, gone = int(parameters.get("images", 0)), str(parameters.get("notion", "loop"))
    last = images or len(reply["descriptions"])
    descriptions = [
        {key: value for key, value in description.items() if key != gone or index >= last}
        for index, description in enumerate(reply["descriptions"])
    ]
    return {**reply, "descriptions": descriptions}


def _wrong_shape(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """Masks of another size than that of the prediction."""
    if not isinstance(reply, dict):
        return [head[:, ::2] for head in reply]
    small = np.ones((128, 160), np.uint8)
    return _each_notion(reply, {"notion_mask": small}, {"hierarchical_mask": small})


def _lies(reply: Any, parameters: Mapping[str, Any]) -> Any:
    """Something that cannot be true, by `lie`: see `LIES`."""
    if not isinstance(reply, dict) or not reply["descriptions"]:
        return reply
    of_notion, of_image = LIES[str(parameters.get("lie", "elsewhere"))]
    return _each_notion(reply, of_notion, of_image)


def _all_sample() -> tuple[Description, Description]:
    whole = np.ones((256, 320), bool)
    click = {"most_likely_click": (0.5, 0.5), "present": 1, "hierarchical_mask": 6 * whole.astype(np.uint8)}
    return describe(whole), click


LIES: Mapping[str, tuple[Description, Description]] = {
    "elsewhere": ({"present": 1, "r": 5.0, "c": 5.0, "h": 4, "w": 4}, {"present": 1}),
    "outside": ({}, {"present": 1, "most_likely_click": (1.4, 0.5)}),
    "behind": ({}, {"present": 1, "most_likely_click": (0.02, 0.02)}),
    "absent": ({"present": 0}, {"present": 0}),
    "nan": ({"r": float("nan")}, {"most_likely_click": (float("nan"), 0.5)}),
    "everywhere": _all_sample(),
}
"""What is said of each notion and of each image, by name of the lie."""


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
    "murko_partial": _partial,
    "murko_wrong_shape": _wrong_shape,
    "murko_lies": _lies,
}
