"""Loops that are there but not to be worked on: where a site draws the line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.loop import LoopCentred
from mxplans.geometry import REST, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose, Vector

MOTORS_AT_0 = Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=0.0)


@dataclass(frozen=True)
class LoopLimits:
    """Of well-made mounts.

    Attributes:
        neck_range_mm: Where the loop may end along a straight pin, towards the pin positive, from where it should.
        bend_max_deg: Between the mount and a straight pin.
        opaque_max_frac: Of the loop.
    """

    neck_range_mm: tuple[float, float]
    bend_max_deg: float
    opaque_max_frac: float


def pin_axis(geometry: GoniometerGeometry, orientation: Orientation) -> Vector:
    """Along which a straight pin lies at omega 0: it stands on the uppermost axis.

    >>> smargon = GoniometerGeometry(kind="smargon", chi_axis=(0.0, 0.0, 1.0))
    >>> [round(part, 3) for part in pin_axis(smargon, Orientation(chi_deg=30.0))]
    [0.866, 0.5, 0.0]
    """
    x, y, z = geometry.mount(orientation) @ np.array(geometry.phi_axis)
    return float(x), float(y), float(z)


def refused(
    found: LoopCentred,
    limits: LoopLimits,
    geometry: GoniometerGeometry | None = None,
    orientation: Orientation = REST,
) -> LoopNotFound | None:
    """Why a loop is none to work on; None when it is.

    Args:
        found: The loop; its bend is from `pin_axis`.
        limits: Of the site.
        geometry: Axes of the goniometer; a single one when None.
        orientation: Where the axes above omega stand.
    """
    shortest_mm, longest_mm = limits.neck_range_mm
    neck_mm = _neck_mm(found, geometry or GoniometerGeometry(), orientation)
    evidence = {"bend_deg": found.bend_deg, "neck_mm": neck_mm, "opaque_frac": found.opaque_frac}
    if found.bend_deg > limits.bend_max_deg:
        reason = f"the mount is bent by {found.bend_deg:.0f} deg; allowed are {limits.bend_max_deg:g} deg"
        return LoopNotFound(OpticalFailure.BENT, reason, evidence)
    if not shortest_mm <= neck_mm <= longest_mm:
        failure = OpticalFailure.TOO_LONG if neck_mm < shortest_mm else OpticalFailure.TOO_SHORT
        reason = (
            f"the pin is {failure}: its loop ends at {neck_mm:.2f} mm along it; allowed are {shortest_mm:g} to "
            f"{longest_mm:g} mm"
        )
        return LoopNotFound(failure, reason, evidence)
    if found.opaque_frac > limits.opaque_max_frac:
        reason = f"{found.opaque_frac:.0%} of the loop are opaque, at most {limits.opaque_max_frac:.0%} are allowed; it is iced"
        return LoopNotFound(OpticalFailure.ICED, reason, evidence)
    return None


def _neck_mm(found: LoopCentred, geometry: GoniometerGeometry, orientation: Orientation) -> float:
    """Where the loop ends on its pin, from where it should, towards the pin positive."""
    at_rest = geometry.sample_mm(found.neck_mm, MOTORS_AT_0, orientation)
    towards_pin = 1.0 if found.neck_mm[0] >= found.tip_mm[0] else -1.0
    return towards_pin * float(at_rest @ np.array(geometry.phi_axis))
