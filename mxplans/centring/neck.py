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
LENGTH_MM = (0.02, 1.6)
"""Of loops; the longest are those of pins with several places."""
USUAL_MM = 0.9
"""Most loops have ended by then. Farther on there may be metal that is wider than they are."""
STEP_MM = 0.002
STEM_MM, LONG_STEM_MM = 0.05, 0.3
"""So much of a stem is one; so much, however wide."""
STEM_OVER_LOOP = 0.33
"""A stem is narrower than its loop by this factor, unless much of it is seen."""


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
    neck_mm = _neck_mm(depth_mm, width_mm, USUAL_MM, len(width_mm))
    if neck_mm > USUAL_MM:
        # Of a long loop little stem is in the image, at its end.
        neck_mm = _neck_mm(depth_mm, width_mm, LENGTH_MM[1], round(LONG_STEM_MM / STEP_MM))
    return float(np.clip(neck_mm, *LENGTH_MM))


def _neck_mm(depth_mm: Array, width_mm: Array, limit_mm: float, tail: int) -> float:
    """Where it is, behind the widest place before a limit; the stem is among the last columns, at most `tail` of them."""
    widest = int(width_mm[depth_mm <= limit_mm].argmax())
    stem_mm = float(np.percentile(width_mm[max(widest, len(width_mm) - tail) :], 20))
    narrow = np.flatnonzero(width_mm[widest:] <= stem_mm + NECK_FRACTION * (width_mm[widest] - stem_mm))
    return float(depth_mm[widest + int(narrow[0])])


def stem_seen(depth_mm: Array, width_mm: Array, length_mm: float) -> bool:
    """Whether what is seen behind a loop of this length is its stem, and not more of a loop that leaves the image."""
    behind_mm = float(depth_mm[-1]) - length_mm
    if behind_mm >= LONG_STEM_MM:
        return True
    neck_mm = float(np.interp(length_mm, depth_mm, width_mm))
    return behind_mm >= STEM_MM and neck_mm <= STEM_OVER_LOOP * float(width_mm[depth_mm <= LENGTH_MM[1]].max())
