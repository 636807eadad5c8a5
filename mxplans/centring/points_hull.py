"""A line of sight that meets the hull: from a single click to a point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.centring.hull import Hull
from mxplans.centring.hull_rays import chord, distance_mm
from mxplans.centring.registration import LineOnly

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OnHull:
    """The middle of what a line crosses of the hull.

    Attributes:
        point_mm: In the sample's frame (3,).
        covariance_mm2: (3, 3); along the line that of a point anywhere between the two ends.
        thickness_um: How much the line crosses there.
    """

    point_mm: Array
    covariance_mm2: Array
    thickness_um: float


@dataclass(frozen=True)
class MissesHull:
    """The line passes the hull."""

    distance_um: float
    reason: str


def meet_hull(line: LineOnly, hull: Hull) -> OnHull | MissesHull:
    """Where a line of sight meets the sample: in the middle of what it crosses, as a crystal is inside its loop."""
    crossed = chord(hull, line.point_mm, line.direction)
    if crossed is None:
        distance_um = distance_mm(hull, line.point_mm, line.direction) * 1000
        reason = (
            f"the click is {distance_um:.0f} um beside the sample's hull; click on the sample, or again at omega "
            f"{line.add_omega_deg:g} deg"
        )
        return MissesHull(distance_um, reason)
    along_mm2 = (crossed.piece_um / 1000) ** 2 / 12
    covariance = line.covariance_mm2 + along_mm2 * np.outer(line.direction, line.direction)
    return OnHull(crossed.middle_mm, covariance, crossed.piece_um)
