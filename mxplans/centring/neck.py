"""Where a loop ends: its neck, from the width of the outline behind the tip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mxplans.centring.outline import Outline

Array = npt.NDArray[np.float64]

NECK_FRACTION = 0.08
"""The loop ends where it is wider than its stem by less than this part of what it is at most."""
PIN_WIDTH_MM = 0.45
"""What is wider and reaches the pin's side is metal."""
BLUNT_MM = 0.04
"""A bare pin is as wide as metal so soon; between a loop and its pin there is a stem."""
LENGTH_MM = (0.02, 0.9)
STEP_MM = 0.002


def width_profile(outlines: Sequence[Outline]) -> tuple[Array, Array]:
    """Depths behind the tip (n,) and the width there (n,), mm, as far as most views reach.

    The root of the mean square over the views: for a flat loop it is the same whatever the angles are, if they are
    equally spaced.
    """
    reach_mm = max(float(np.median([outline.depth_mm[-1] for outline in outlines])), STEP_MM)
    depth_mm = np.arange(0.0, reach_mm, STEP_MM)  # half of the views or more reach each of these
    widths = np.stack([outline.at(depth_mm, outline.width_mm) for outline in outlines])
    return depth_mm, np.sqrt(np.nanmean(widths**2, axis=0))


def without_pin(depth_mm: Array, width_mm: Array) -> tuple[Array, Array]:
    """Cut the metal off the far end; nothing is left of a pin without a loop."""
    thin = np.flatnonzero(width_mm < PIN_WIDTH_MM)
    if not len(thin) or (width_mm[-1] >= PIN_WIDTH_MM and depth_mm[thin[-1]] < BLUNT_MM):
        return depth_mm[:0], width_mm[:0]
    return depth_mm[: thin[-1] + 1], width_mm[: thin[-1] + 1]


def loop_length_mm(depth_mm: Array, width_mm: Array) -> float:
    """From the tip to where the outline has become nearly as narrow as its stem."""
    loop = width_mm[depth_mm <= LENGTH_MM[1]]
    widest = int(loop.argmax())
    stem_mm = float(np.percentile(width_mm[widest:], 20))
    narrow = np.flatnonzero(width_mm[widest:] <= stem_mm + NECK_FRACTION * (loop[widest] - stem_mm))
    return float(np.clip(depth_mm[widest + int(narrow[0])], *LENGTH_MM))
