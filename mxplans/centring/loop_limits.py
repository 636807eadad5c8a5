"""Loops that are there but not to be worked on: where a site draws the line."""

from __future__ import annotations

from dataclasses import dataclass

from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.loop import LoopCentred


@dataclass(frozen=True)
class LoopLimits:
    """Of well-made mounts.

    Attributes:
        neck_range_mm: Where the loop may end along omega, towards the pin positive, from where it should.
        bend_max_deg: Between the mount and the omega axis.
        opaque_max_frac: Of the loop.
    """

    neck_range_mm: tuple[float, float]
    bend_max_deg: float
    opaque_max_frac: float


def refused(found: LoopCentred, limits: LoopLimits) -> LoopNotFound | None:
    """Why a loop is none to work on; None when it is."""
    shortest_mm, longest_mm = limits.neck_range_mm
    neck_mm = found.neck_mm
    evidence = {"bend_deg": found.bend_deg, "neck_mm": neck_mm, "opaque_frac": found.opaque_frac}
    if found.bend_deg > limits.bend_max_deg:
        reason = f"the mount is bent by {found.bend_deg:.0f} deg; allowed are {limits.bend_max_deg:g} deg"
        return LoopNotFound(OpticalFailure.BENT, reason, evidence)
    if not shortest_mm <= neck_mm <= longest_mm:
        failure = OpticalFailure.TOO_LONG if neck_mm < shortest_mm else OpticalFailure.TOO_SHORT
        reason = (
            f"the pin is {failure}: its loop ends at {neck_mm:.2f} mm along omega; allowed are {shortest_mm:g} to "
            f"{longest_mm:g} mm"
        )
        return LoopNotFound(failure, reason, evidence)
    if found.opaque_frac > limits.opaque_max_frac:
        reason = f"{found.opaque_frac:.0%} of the loop are opaque, at most {limits.opaque_max_frac:.0%} are allowed; it is iced"
        return LoopNotFound(OpticalFailure.ICED, reason, evidence)
    return None
