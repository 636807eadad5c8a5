"""What a Murko service says of images, checked: shapes, ranges, and numbers against masks.

Coordinates of the service are pixels of its prediction, index = pixel centre, or fractions of the image with the
vertical one first. Only masks and the click are used; the other numbers serve to find out whether they are true.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Levels = npt.NDArray[np.uint8]

NOTIONS: tuple[str | list[str], ...] = (
    "foreground",
    "crystal",
    "loop_inside",
    "loop",
    ["crystal", "loop"],
    ["crystal", "loop", "stem"],
)
"""What has to be asked for; the service fails when one is missing."""
KEYS = tuple(notion if isinstance(notion, str) else ",".join(notion) for notion in NOTIONS)
MIN_SIZE_PX = 64
LEVELS = {"pin": 2, "stem": 3}
"""Where the hierarchical mask tells what has no notion of its own."""

_SLACK_PX = 2.0  # by which numbers may leave the box of their mask: rounding, and what was cleaned away
_OUTSIDE_FRAC = 0.5  # of a notion: the heads of the network are independent, and do not contradict each other
_SIZES_PX = (16, 4096)


class UnusableReply(ValueError):
    """A reply of which nothing can be used, and why."""


@dataclass(frozen=True)
class Described:
    """What is said of one image.

    Attributes:
        masks: By notion, of the size of the prediction; only those that are there.
        levels: The hierarchical mask.
        click: Where the service would click: fractions of width and height, (0, 0) the upper left corner.
        problem: Why nothing of it can be used; empty when it can.
    """

    masks: Mapping[str, Mask] = field(default_factory=dict)
    levels: Levels | None = None
    click: tuple[float, float] | None = None
    problem: str = ""


def read_reply(reply: Any, number: int, shape: tuple[int, int]) -> tuple[Described, ...]:
    """Read a reply.

    Args:
        reply: As it came, plain data.
        number: Images that were sent.
        shape: Their height and width.

    Raises:
        UnusableReply: If it is not about these images.
    """
    descriptions = reply.get("descriptions") if isinstance(reply, dict) else None
    if not isinstance(descriptions, list | tuple):
        keys = ", ".join(sorted(reply)[:10]) if isinstance(reply, dict) else ""
        told = f"a dict with {keys or 'nothing in it'}" if isinstance(reply, dict) else f"a {type(reply).__name__}"
        raise UnusableReply(f"it answered with {told}, without descriptions; its log says what went wrong")
    if len(descriptions) != number:
        raise UnusableReply(f"it described {len(descriptions)} images of {number}, nobody knows which")
    return tuple(_described(description, shape) for description in descriptions)


class _Wrong(ValueError):
    """Why a description cannot be used."""


def _described(description: Any, shape: tuple[int, int]) -> Described:
    try:
        return _read(description, shape)
    except _Wrong as wrong:
        return Described(problem=str(wrong))


def _read(description: Any, shape: tuple[int, int]) -> Described:
    if not isinstance(description, dict):
        raise _Wrong(f"the description is a {type(description).__name__}")
    if (told := _pair(description, "original_shape")) != shape:
        raise _Wrong(f"it is about an image of {told}, {shape} was sent")
    size = _pair(description, "prediction_shape")
    if not all(_SIZES_PX[0] <= length <= _SIZES_PX[1] for length in size):
        raise _Wrong(f"the prediction has {size} pixels, allowed are {_SIZES_PX[0]} to {_SIZES_PX[1]} each way")
    levels = _pixels(description, "hierarchical_mask", size, most=6)
    masks = {key: mask for key in KEYS if (mask := _notion(description, key, size)) is not None}
    present = _number(description, "present", "the description")
    if present not in (0, 1) or bool(present) != ("foreground" in masks):
        raise _Wrong(f"present is {present:g}, foreground {'is' if 'foreground' in masks else 'is not'} there")
    if not present:
        return Described()
    for key, mask in masks.items():
        outside = float((mask & ~masks["foreground"]).sum() / mask.sum())
        if outside > _OUTSIDE_FRAC:
            raise _Wrong(f"{100 * outside:.0f} % of {key} lie outside of the foreground")
    if not levels.any():
        raise _Wrong("something is there, and the hierarchical mask is empty")
    return Described(masks, levels, _click(description, list(masks.values())))


def _notion(description: Mapping[str, Any], key: str, size: tuple[int, int]) -> Mask | None:
    """The mask of a notion; None when it is not there."""
    notion = description.get(key)
    if not isinstance(notion, dict):
        raise _Wrong(f"{key} is missing")
    mask = _pixels(notion, "notion_mask", size, most=255) > 0
    present = _number(notion, "present", key)
    if present == 0:
        if _largest_px(mask) >= MIN_SIZE_PX:
            raise _Wrong(f"{key} is said to be absent, with {int(mask.sum())} pixels of it")
        return None
    if present != 1:
        raise _Wrong(f"present of {key} is {present:g}, allowed are 0 and 1")
    if not mask.any():
        raise _Wrong(f"{key} is said to be there, with an empty mask")
    row, column, height, width = (_number(notion, name, key) for name in "rchw")
    bottom, top, right, left = _box(mask)
    inside = top - _SLACK_PX <= row <= bottom + _SLACK_PX and left - _SLACK_PX <= column <= right + _SLACK_PX
    fits = 0 < height <= bottom - top + 1 + _SLACK_PX and 0 < width <= right - left + 1 + _SLACK_PX
    if not (inside and fits):
        raise _Wrong(f"{key} is said to be {height:g} x {width:g} px at ({row:g}, {column:g}), its mask is elsewhere")
    return mask


def _click(description: Mapping[str, Any], masks: list[Mask]) -> tuple[float, float] | None:
    point = description.get("most_likely_click")
    if not isinstance(point, list | tuple) or len(point) != 2:
        raise _Wrong("most_likely_click is no pair of numbers")
    down, right = (_number({"click": value}, "click", "the description") for value in point)
    if (down, right) == (-1.0, -1.0):
        return None
    whole = np.any(masks, axis=0)
    bottom, top, last, first = _box(whole)
    rows, columns = whole.shape
    row, column = down * rows - 0.5, right * columns - 0.5
    if not (top - _SLACK_PX <= row <= bottom + _SLACK_PX and first - _SLACK_PX <= column <= last + _SLACK_PX):
        raise _Wrong(f"the click is at ({down:.3f}, {right:.3f}) of height and width, where nothing was seen")
    return right, down


def _box(mask: Mask) -> tuple[int, int, int, int]:
    """Last and first row, last and first column of what is set."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[-1]), int(rows[0]), int(columns[-1]), int(columns[0])


def _largest_px(mask: Mask) -> int:
    """Pixels of the largest connected piece."""
    number, _, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return int(statistics[1:, cv2.CC_STAT_AREA].max()) if number > 1 else 0


def _pixels(holder: Mapping[str, Any], key: str, size: tuple[int, int], most: int) -> Levels:
    value = holder.get(key)
    if not isinstance(value, np.ndarray) or value.shape != size or value.dtype.kind not in "bui":
        told = f"{value.shape} of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise _Wrong(f"{key} is {told}; expected are whole numbers of shape {size}")
    if value.min() < 0 or value.max() > most:
        raise _Wrong(f"{key} holds {value.min()} to {value.max()}; allowed is 0 to {most}")
    return value.astype(np.uint8)


def _pair(description: Mapping[str, Any], key: str) -> tuple[int, int]:
    value = description.get(key)
    items = value.tolist() if isinstance(value, np.ndarray) and value.shape == (2,) else value
    if not isinstance(items, list | tuple) or len(items) != 2 or not all(type(item) is int for item in items):
        raise _Wrong(f"{key} is not two whole numbers")
    return items[0], items[1]


def _number(holder: Mapping[str, Any], key: str, whose: str) -> float:
    value = holder.get(key)
    if not isinstance(value, bool | int | float) or not math.isfinite(value):
        raise _Wrong(f"{key} of {whose} is {str(value)[:30]}, a finite number was expected")
    return float(value)
