"""The axes above omega: where they stand, and turning them with the sample kept where it is."""

from __future__ import annotations

from collections.abc import Sequence

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans import geometry as axes_geometry
from mxplans.errors import LimitExceeded
from mxplans.geometry import AxisLimits, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.plans import documents
from mxplans.plans.documents import ScanContext
from mxplans.plans.record import record
from mxplans.plans.viewing import read_pose
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.roles import Beamline

AXES = ("kappa", "chi", "phi")
SAME_DEG = 0.01
"""Less is the same orientation: it shifts what is 1 mm off an axis by 0.2 um."""
CARRIED: dict[str, tuple[str, ...]] = {
    "single-axis": (),
    "smargon": ("chi", "phi"),
    "mini-kappa": ("kappa", "phi"),
}
"""Axes above omega that a kind of goniometer has."""


def read_orientation(bl: Beamline) -> MsgGenerator[Orientation]:
    """Where kappa, chi and phi stand; axes that the goniometer lacks at 0."""
    angles = {}
    for axis in AXES:
        device = getattr(bl.goniometer, axis, None)
        if device is not None:
            angles[f"{axis}_deg"] = float((yield from bps.rd(device)))
    return Orientation(**angles)


def same_orientation(one: Orientation, other: Orientation) -> bool:
    """Whether two orientations differ by no more than nobody sees.

    >>> same_orientation(Orientation(phi_deg=10.0), Orientation(phi_deg=10.001))
    True
    """
    return all(abs(getattr(one, f"{axis}_deg") - getattr(other, f"{axis}_deg")) <= SAME_DEG for axis in AXES)


def require_axes(bl: Beamline, geometry: GoniometerGeometry, orientation: Orientation) -> None:
    """See that an orientation can be had: the axes are there, and it is known where they are.

    Raises:
        LimitExceeded: If not.
    """
    for axis in AXES:
        value_deg = getattr(orientation, f"{axis}_deg")
        if not value_deg:
            continue
        if getattr(bl.goniometer, axis, None) is None:
            has = ", ".join(name for name in AXES if getattr(bl.goniometer, name, None) is not None)
            raise LimitExceeded(
                f"{axis} at {value_deg:g} deg is asked for; this goniometer has omega and {has or 'nothing else'}: "
                f"leave {axis} out"
            )
        if axis not in CARRIED[geometry.kind]:
            raise LimitExceeded(
                f"{axis} at {value_deg:g} deg is asked for; the profile's goniometer is {geometry.kind}, so nobody knows "
                f"where {axis} carries the sample: describe its axes in the profile's goniometer section"
            )


def turn_axes(bl: Beamline, orientation: Orientation, pose: Pose | None = None) -> MsgGenerator[None]:
    """Set kappa, chi and phi, those that the goniometer has, and with a pose all other axes at the same time."""
    gonio = bl.goniometer
    moves = []
    for axis in AXES:
        device = getattr(gonio, axis, None)
        if device is not None:
            moves += [device, getattr(orientation, f"{axis}_deg")]
    if pose is not None:
        moves += [gonio.x, pose.x_mm, gonio.y, pose.y_mm, gonio.z, pose.z_mm, gonio.omega, pose.omega_deg]
    if moves:
        yield from set_and_wait(MOVE_TIMEOUT_S, *moves)


def move_orientation(
    bl: Beamline,
    geometry: GoniometerGeometry,
    orientation: Orientation,
    limits: AxisLimits,
    *,
    on_axis: bool = False,
    context: ScanContext | None = None,
) -> MsgGenerator[Pose]:
    """Turn kappa, chi and phi so that what is in the beam stays there. Omega stays as it is.

    A mini-kappa carries the sample away, so x, y and z go along; a smargon's controller keeps the point itself.

    Args:
        bl: The beamline.
        geometry: Its axes, as calibrated.
        orientation: Where kappa, chi and phi shall stand, all of them.
        limits: Of the axes, checked before anything moves.
        on_axis: What is kept is on the omega axis instead of in the beam: it makes a difference where the beam is off it.
        context: With one, what was done is recorded in the open run.

    Returns:
        The motors as they are then.

    Raises:
        LimitExceeded: If an axis is not there, or cannot go so far; nothing has moved then.
    """
    require_axes(bl, geometry, orientation)
    present = yield from read_orientation(bl)
    pose = yield from read_pose(bl)
    target = geometry.corrected(pose, present, orientation, on_axis)
    limits.require(target, orientation, "the orientation")
    # A smargon's own motors are left alone: its controller moves them.
    yield from turn_axes(bl, orientation, target if geometry.kind == "mini-kappa" else None)
    if context is not None:
        yield from record(documents.ORIENTATION, orientation_values(orientation, target))
    return target


def orientation_values(orientation: Orientation, pose: Pose) -> dict[str, float]:
    """The values of an orientation's event."""
    found = {f"orientation_{name}": value for name, value in orientation.model_dump().items()}
    return found | {f"orientation_{name}": value for name, value in pose.model_dump().items()}


def align_to_spindle(
    bl: Beamline,
    geometry: GoniometerGeometry,
    direction: Sequence[float],
    limits: AxisLimits,
    tolerance_deg: float = 0.1,
    context: ScanContext | None = None,
) -> MsgGenerator[Orientation]:
    """Lay a direction of the sample along omega, either way round, with what is in the beam kept there.

    Args:
        bl: The beamline.
        geometry: Its axes, as calibrated.
        direction: In the sample's frame, of any length: a row of a hull's `principal_axes().directions`, an axis of a cell.
        limits: Of the axes.
        tolerance_deg: How well it has to lie there.
        context: As for `move_orientation`.

    Returns:
        The orientation.

    Raises:
        LimitExceeded: If no orientation within the limits does; it says how near the best comes. Nothing has moved then.
        InvalidInput: If the direction is none.
    """
    present = yield from read_orientation(bl)
    orientation = axes_geometry.align_to_spindle(geometry, direction, limits, present, tolerance_deg)
    yield from move_orientation(bl, geometry, orientation, limits, context=context)
    return orientation
