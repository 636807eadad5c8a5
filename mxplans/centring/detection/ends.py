"""The end of an outline that is away from the pin, and the parts that its width tells apart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mxplans.centring.detection.surface import FloatImage
from mxplans.model.detection import Mask, Notion

Array = npt.NDArray[np.float64]

END_UM = 30.0
"""Length of the end whose middle is the tip's height; a blunt end has no pixel that is farthest out."""
MARGIN_PX = 2
"""An outline that comes as near to the border goes on beyond it."""
EDGE_PX = 8
"""How far around the outline's end its true edge is looked for."""
EDGE_LEVEL = 0.6
"""Of the depth at the end: blur leaves half of the depth of a step where it is, and moves that of a thin line outwards."""
PIN_WIDTH_UM = 450.0
"""What is wider and reaches the pin's side is metal."""
LOOP_LENGTH_MAX_UM = 900.0
NECK_FRAC = 0.2
"""A loop ends where it is wider than its stem by less than this part of what it is at most."""
LOOP_OVER_STEM = 1.3
"""A loop is wider than its stem by this factor, or it is none."""


def extents(mask: Mask) -> tuple[Array, Array]:
    """First and last row of what is seen in each column, NaN where there is nothing."""
    any_row = mask.any(axis=0)
    first = np.where(any_row, mask.argmax(axis=0), np.nan)
    last = np.where(any_row, len(mask) - 1 - mask[::-1].argmax(axis=0), np.nan)
    return first, last


def find_tip(first: Array, last: Array, depth: FloatImage, um_per_px: float) -> tuple[float, float] | None:
    """Column and row of the left end of an outline, to a part of a pixel.

    Its column is where a good half of the depth just inside is reached; its row is the middle of the last few um.

    Args:
        first: First row of the outline in each column, as from `extents`; it holds something.
        last: Last row of it.
        depth: What each pixel differs by from the light.
        um_per_px: Scale of both.

    Returns:
        None when the outline leaves the image there, so that its end is not seen.
    """
    columns = np.flatnonzero(~np.isnan(first))
    column = int(columns[0])
    if column < MARGIN_PX or first[column] < MARGIN_PX or last[column] >= len(depth) - MARGIN_PX:
        return None
    end = columns[columns < column + max(END_UM / um_per_px, 1.0)]
    row = float(((first[end] + last[end]) / 2).mean())
    middle = (int(first[column]) + int(last[column])) // 2
    begin = max(column - EDGE_PX, 0)
    profile = depth[max(middle - 1, 0) : middle + 2, begin : column + EDGE_PX].mean(axis=0)
    return begin + _crossing(profile.astype(np.float64), column - begin), row


def _crossing(profile: Array, inside: int) -> float:
    """Where a profile last comes up to a part of its peak just inside the end."""
    peak = inside + int(profile[inside:].argmax())
    level = EDGE_LEVEL * profile[peak]
    below = np.flatnonzero(profile[:peak] < level)
    if not len(below):
        return float(inside)
    outer = int(below[-1])
    return outer + float((level - profile[outer]) / (profile[outer + 1] - profile[outer]))


def find_parts(
    first: Array, last: Array, um_per_px: float, tip_seen: bool, at_pin_side: bool
) -> Mapping[Notion, tuple[int, int]]:
    """Columns of loop, stem and pin of an outline whose left end is the tip, as far as its width tells them apart.

    The pin is what is as wide as metal at the pin's side; the loop reaches from the tip to the neck, where the outline
    has become nearly as narrow as its stem; the stem is between them. A needle, or a loop without its stem or its tip
    in the image, has no such parts.

    Returns:
        First column of each, and that behind its last.
    """
    columns = np.flatnonzero(~np.isnan(first))
    width_um = (last[columns] - first[columns] + 1) * um_per_px
    found = {}
    pin = int(columns[-1]) + 1
    if at_pin_side and width_um[-1] >= PIN_WIDTH_UM:
        thin = np.flatnonzero(width_um < PIN_WIDTH_UM)
        pin = int(columns[thin[-1]]) + 1 if len(thin) else int(columns[0])
        found[Notion.PIN] = (pin, len(first))
    neck = _neck(width_um[columns < pin], um_per_px) if tip_seen else None
    if neck is not None:
        found[Notion.LOOP] = (int(columns[0]), int(columns[neck]))
        found[Notion.STEM] = (int(columns[neck]), pin)
    return found


def _neck(width_um: Array, um_per_px: float) -> int | None:
    """Index at which a loop ends; None when the profile holds no loop with a stem."""
    if not len(width_um):
        return None
    loop_um = width_um[: max(1, round(LOOP_LENGTH_MAX_UM / um_per_px))]
    widest = int(loop_um.argmax())
    stem_um = float(np.percentile(width_um[widest:], 20))
    if loop_um[widest] < LOOP_OVER_STEM * stem_um:
        return None
    limit_um = stem_um + NECK_FRAC * (loop_um[widest] - stem_um)
    return widest + int(np.flatnonzero(width_um[widest:] <= limit_um)[0])
