"""A reply: what the service says of the images, as the protocol has it, its defect included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mxplans_sim.servers.murko.describe import NOWHERE, Description, Point, cleaned, describe
from mxplans_sim.servers.murko.eyes import COLUMNS, ROWS, Heads
from mxplans_sim.servers.murko.request import HEADS, Request, joined
from mxplans_sim.world.recent import Mask

_THRESHOLD = 0.5


def make_reply(request: Request, outputs: Sequence[Heads]) -> Any:
    """A dict with a description per image, or the network's six outputs when no description was asked for."""
    if request.notions is None:
        return _raw(outputs)
    shape = request.images[0].shape
    reply: dict[str, Any] = {
        "original_image_shape": tuple(int(size) for size in shape),
        "descriptions": [_description(heads, request, shape) for heads in outputs],
    }
    if request.raw:
        reply["predictions"] = _raw(outputs)
    return reply


def _raw(outputs: Sequence[Heads]) -> list[Any]:
    return [np.stack([heads[head] for heads in outputs])[..., None] for head in HEADS]


def _description(heads: Heads, request: Request, shape: tuple[int, ...]) -> Description:
    masks = {head: cleaned(heads[head] > _THRESHOLD, request.min_size_px) for head in HEADS}
    notions = {
        joined(notion): describe(np.any([masks[head] for head in notion], axis=0)) for notion in request.notions or ()
    }
    area = _box(notions["crystal,loop"])
    return {
        "original_shape": np.array(shape[:2]),
        "prediction_shape": np.array([ROWS, COLUMNS]),
        "hierarchical_mask": _hierarchical(masks),
        **notions,
        "present": notions["foreground"]["present"],
        "most_likely_click": _click(notions),
        "aoi_bbox": area,
        "crystal_bbox": area,  # the service's defect: not that of the crystal
        "extreme": _fractions(notions["foreground"]["epo"]),
        "end_likely": _fractions(notions["crystal,loop"]["epo"]),
        "start_likely": _fractions(notions["crystal,loop"]["epi"]),
        "start_possible": _fractions(notions["crystal,loop,stem"]["epi"]),
    }


def _hierarchical(masks: dict[str, Mask]) -> Any:
    """Crystal 6, loop_inside 5, loop 4, stem 3, pin 2, foreground 1: the highest of what is there."""
    whole = np.zeros((ROWS, COLUMNS), np.uint8)
    for level, head in enumerate(reversed(HEADS), start=1):
        whole[masks[head]] = level
    return whole


def _click(notions: dict[str, Description]) -> Point:
    """Vertical first."""
    for notion in ("crystal", "loop_inside", "loop"):
        if notions[notion]["present"]:
            return _fractions((notions[notion]["r"], notions[notion]["c"]))
    return _fractions(notions["foreground"]["epo"])


def _box(notion: Description) -> tuple[float, ...]:
    """Present, centroid (not the middle of the box), height, width."""
    if not notion["present"]:
        return (0, *NOWHERE, 0.0, 0.0)
    return (1, *_fractions((notion["r"], notion["c"])), notion["h"] / ROWS, notion["w"] / COLUMNS)


def _fractions(point: Point) -> Point:
    """A pixel's centre as fractions of the image, (0, 0) its upper left corner."""
    if point == NOWHERE:
        return NOWHERE
    return (float(point[0]) + 0.5) / ROWS, (float(point[1]) + 0.5) / COLUMNS
