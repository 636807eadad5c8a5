"""Points together: the ends of a helical scan, and the cloud of MXLIMS."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mxplans.centring.points import CentrePoint
from mxplans.errors import InvalidInput
from mxplans.geometry import REST, AxisLimits, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.model.clouds import PointCloud

APART_LEAST_MM = 0.001
"""Nearer points are one."""


def helical_ends(
    first: CentrePoint,
    last: CentrePoint,
    geometry: GoniometerGeometry,
    omega_start_deg: float,
    omega_end_deg: float,
    orientation: Orientation = REST,
    limits: AxisLimits | None = None,
) -> tuple[Pose, Pose]:
    """Motors at the beginning and at the end of a scan from point to point while omega turns.

    The points are brought on the omega axis, so that between the ends too the line between them is on it.

    Raises:
        InvalidInput: If they are not of one mount of one sample, or are one point.
        LimitExceeded: If one of them cannot be reached.
    """
    if (first.sample, first.mount) != (last.sample, last.mount):
        raise InvalidInput(
            f"points {first.id} (sample {first.sample!r}, mount {first.mount}) and {last.id} (sample {last.sample!r}, "
            f"mount {last.mount}) are not of one mount of one sample: choose two that are"
        )
    apart_mm = math.dist(first.s_mm, last.s_mm)
    if apart_mm < APART_LEAST_MM:
        raise InvalidInput(
            f"points {first.id} and {last.id} are {apart_mm * 1000:.2f} um apart; allowed are 1 um or more: collect a "
            "rotation at one of them"
        )
    return (
        first.pose(geometry, omega_start_deg, orientation, limits, on_axis=True),
        last.pose(geometry, omega_end_deg, orientation, limits, on_axis=True),
    )


def point_cloud(
    points: Sequence[CentrePoint],
    geometry: GoniometerGeometry,
    pose: Pose,
    orientation: Orientation = REST,
    *,
    grouping: Sequence[int] | None = None,
    score: float | None = None,
    on_axis: bool = False,
) -> PointCloud:
    """Points as MXLIMS has them.

    `coordinates` are motor travel: `position` plus those of a point brings it into the beam, or on the omega axis.

    Args:
        points: At least one.
        geometry: The goniometer.
        pose: The cloud's position, as it would be collected.
        orientation: Axes above omega.
        grouping: 0 for background, 1 and up for the crystals, one for each point.
        score: How good it is, 0 to 1.
        on_axis: Whether points are collected on the omega axis instead of where the beam is.

    Raises:
        InvalidInput: If there is no point, or the grouping is not one for each.
    """
    if not points or (grouping is not None and len(grouping) != len(points)):
        raise InvalidInput(
            f"a cloud of {len(points)} points with {'no' if grouping is None else len(grouping)} groups; allowed are one "
            "point or more, and a group for each or none"
        )
    above = {"smargon": ("chi", "phi"), "mini-kappa": ("kappa", "phi"), "single-axis": ()}[geometry.kind]
    position = {"omega": pose.omega_deg, "sampleX": pose.x_mm, "sampleY": pose.y_mm, "sampleZ": pose.z_mm}
    travels = []
    for point in points:
        target = point.pose(geometry, pose.omega_deg, orientation, on_axis=on_axis)
        travels.append((target.x_mm - pose.x_mm, target.y_mm - pose.y_mm, target.z_mm - pose.z_mm))
    return PointCloud(
        position=position | {axis: getattr(orientation, f"{axis}_deg") for axis in above},
        coordinates=tuple(travels),
        grouping=None if grouping is None else tuple(grouping),
        score=score,
    )
