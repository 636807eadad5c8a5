"""Points of a sample: registered from clicks, brought into the beam, ends of a helical scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bluesky.utils import MsgGenerator
from scipy.stats import chi2

from mxplans.centring.hull import Hull
from mxplans.centring.points import CentrePoint, PointSource, centre_point
from mxplans.centring.points_cloud import helical_ends
from mxplans.centring.points_hull import MissesHull, OnHull, meet_hull
from mxplans.centring.registration import GATE_SIGMA, Registered, Sighting, register
from mxplans.geometry import REST, AxisLimits, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.model.sweeps import Position
from mxplans.plans import documents
from mxplans.plans.analysing import analysed
from mxplans.plans.documents import ScanContext
from mxplans.plans.orienting import read_orientation, require_axes, turn_axes
from mxplans.plans.points_files import PointFiles
from mxplans.plans.record import record
from mxplans.plans.viewing import read_pose
from mxplans.roles import Beamline


@dataclass(frozen=True)
class PointFound:
    """A point, and what speaks for it.

    Attributes:
        point: With its covariance, `sigma_um`, the residual of each click and the clicks that the others contradict.
        left_out_sigma: How far each click is from what the others say, in standard errors; NaN where they say nothing.
        axis_offset_mm: Height of the beam below the omega axis, as the clicks or the goniometer's geometry have it.
    """

    point: CentrePoint
    left_out_sigma: tuple[float, ...] = ()
    axis_offset_mm: float = 0.0


@dataclass(frozen=True)
class NoPoint:
    """Why there is no point.

    Attributes:
        reason: For people.
        add_omega_deg: Where a further click would give one; None where that is not what is missing.
        evidence: Numbers by name.
    """

    reason: str
    add_omega_deg: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Marking:
    """What points are registered for, and how.

    Attributes:
        geometry: The goniometer's axes, as calibrated.
        sample: Whose points they are.
        files: Keeps them; None keeps nothing.
        hull: Of the sample; with it a single click gives a point.
        fit_axis_offset: Let the clicks tell how high the omega axis is; needs clicks from three directions.
        model_sigma_um: What axes and calibration add to each coordinate, standard error.
        refuse_contradictions: No point from clicks that do not belong together, instead of a flag at those.
    """

    geometry: GoniometerGeometry = field(default_factory=GoniometerGeometry)
    sample: str = "manual"
    files: PointFiles | None = None
    hull: Hull | None = None
    fit_axis_offset: bool = False
    model_sigma_um: float = 0.0
    refuse_contradictions: bool = False


def register_point(
    sightings: Sequence[Sighting],
    marking: Marking,
    source: PointSource = PointSource.CLICKS,
    context: ScanContext | None = None,
) -> MsgGenerator[PointFound | NoPoint]:
    """A point from where it was seen, at any omega, kappa, chi and phi; kept in the sample's file.

    Args:
        sightings: One or more.
        marking: What it is registered for.
        source: How it was seen.
        context: With one, it is recorded in the open run.

    Returns:
        The point; or why there is none: from one direction only, or beside the hull.

    Raises:
        InvalidInput: If there are no sightings.
    """
    found = yield from analysed("place of a point", _register, sightings, marking)
    if isinstance(found, NoPoint):
        return found
    last = sightings[-1]
    store = None if marking.files is None else marking.files.load(marking.sample)
    point = centre_point(
        found,
        sample=marking.sample,
        source=PointSource.HULL if isinstance(found, OnHull) else source,
        origin=last.pose,
        orientation=last.orientation,
        mount=0 if store is None else store.mount,
    )
    if store is not None and marking.files is not None:
        marking.files.save(store.added(point))
    if context is not None:
        yield from record(documents.POINT, point_values(point))
    if isinstance(found, OnHull):
        return PointFound(point, axis_offset_mm=marking.geometry.axis_offset_mm)
    return PointFound(point, tuple(found.left_out_sigma.tolist()), found.axis_offset_mm)


def point_values(point: CentrePoint) -> dict[str, Any]:
    """The values of a point's event: what it is, how well it is known, and all of it as JSON."""
    covariance = [value for row in point.covariance_um2 for value in row]
    return point.values() | {
        "point_sample": point.sample,
        "point_mount": point.mount,
        "point_covariance_um2": covariance,
        "point_record": point.model_dump_json(),
    }


def move_to_point(
    bl: Beamline,
    point: CentrePoint,
    geometry: GoniometerGeometry,
    limits: AxisLimits,
    omega_deg: float | None = None,
    orientation: Orientation | None = None,
    *,
    on_axis: bool = False,
) -> MsgGenerator[Pose]:
    """Bring a point into the beam, all axes at the same time.

    Args:
        bl: The beamline.
        point: Which one; take it from its store, which knows whether it has expired.
        geometry: The goniometer's axes.
        limits: Of the axes, checked before anything moves.
        omega_deg: Where omega shall stand; whole turns away, the nearest within the limits is taken. None: as it stands.
        orientation: Where kappa, chi and phi shall stand; None: as they stand.
        on_axis: Bring it on the omega axis instead, where it stays while omega turns.

    Returns:
        The motors as they are then.

    Raises:
        LimitExceeded: If it cannot be reached there; nothing has moved then.
    """
    present = yield from read_pose(bl)
    above = yield from read_orientation(bl)
    target = above if orientation is None else orientation
    require_axes(bl, geometry, target)
    omega = present.omega_deg if omega_deg is None else nearest_turn(omega_deg, present.omega_deg, limits)
    pose = point.pose(geometry, omega, target, limits, on_axis)
    yield from turn_axes(bl, target, pose)
    return pose


def nearest_turn(angle_deg: float, now_deg: float, limits: AxisLimits) -> float:
    """The same angle, whole turns away: that with least travel within the limits; the nearest where none is within.

    >>> nearest_turn(10.0, 350.0, AxisLimits())
    370.0
    >>> nearest_turn(10.0, 350.0, AxisLimits(omega_range_deg=(-360.0, 360.0)))
    10.0
    """
    turns = round((now_deg - angle_deg) / 360.0)
    nearest = sorted((angle_deg + 360.0 * turn for turn in range(turns - 2, turns + 3)), key=lambda a: abs(a - now_deg))
    span = limits.omega_range_deg
    return next((angle for angle in nearest if span is None or span[0] <= angle <= span[1]), nearest[0])


def helical_positions(
    first: CentrePoint,
    last: CentrePoint,
    geometry: GoniometerGeometry,
    orientation: Orientation = REST,
    limits: AxisLimits | None = None,
) -> tuple[Position, Position]:
    """Start and end of a helical collection from point to point, for a sweep or for `kinds.helical`.

    Both are on the omega axis, so they hold at any omega. They are of one orientation: give the sweep the same one.

    Raises:
        InvalidInput: If they are not of one mount of one sample, or are one point.
        LimitExceeded: If one of them cannot be reached.
    """
    ends = helical_ends(first, last, geometry, 0.0, 0.0, orientation, limits)
    begin, end = (Position(x_mm=pose.x_mm, y_mm=pose.y_mm, z_mm=pose.z_mm) for pose in ends)
    return begin, end


def _register(sightings: Sequence[Sighting], marking: Marking) -> Registered | OnHull | NoPoint:
    found = register(
        sightings,
        marking.geometry,
        fit_axis_offset=marking.fit_axis_offset,
        model_sigma_um=marking.model_sigma_um,
    )
    if isinstance(found, Registered):
        return _contradiction(found) or found if marking.refuse_contradictions else found
    if marking.hull is None:
        return NoPoint(found.reason, found.add_omega_deg, {"clicks": len(sightings)})
    met = meet_hull(found, marking.hull)
    if isinstance(met, MissesHull):
        return NoPoint(met.reason, found.add_omega_deg, {"distance_um": met.distance_um})
    return met


def _contradiction(found: Registered) -> NoPoint | None:
    """That the clicks are not of one point, if that is as sure as with one click beyond the gate of a registration."""
    if not found.freedom:
        return None
    allowed = float(chi2.isf(chi2.sf(GATE_SIGMA**2, 1), found.freedom))
    if found.chi2 <= allowed:
        return None
    worst_px = float(np.abs(found.residual_px).max())
    return NoPoint(
        f"the clicks contradict each other by up to {worst_px:.1f} px: chi2 is {found.chi2:.0f}, allowed is "
        f"{allowed:.0f}; click again",
        evidence={"chi2": found.chi2, "freedom": found.freedom, "residual_px": worst_px},
    )
