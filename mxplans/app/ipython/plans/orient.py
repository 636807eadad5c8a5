"""The axes above omega, and points of the sample."""

from __future__ import annotations

from collections.abc import Sequence

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.centring.points import CentrePoint
from mxplans.geometry import Orientation
from mxplans.model.acquisition import Pose
from mxplans.plans.orienting import align_to_spindle, move_orientation, read_orientation
from mxplans.plans.points import move_to_point
from mxplans.roles import Beamline


def turn(
    desk: Desk,
    bl: Beamline,
    kappa_deg: float | None = None,
    chi_deg: float | None = None,
    phi_deg: float | None = None,
) -> MsgGenerator[Pose]:
    """Turn kappa, chi and phi so that what is in the beam stays there. What is None stays as it is.

    Args:
        desk: The session's.
        bl: The beamline.
        kappa_deg: Where the goniometer has kappa.
        chi_deg: Where it has chi.
        phi_deg: Where it has phi.

    Returns:
        Where the motors stand then.

    Raises:
        LimitExceeded: If an axis is not there, or cannot go so far; nothing has moved then.

    Example:
        RE(orient.turn(phi_deg=30))
    """
    asked = {"kappa_deg": kappa_deg, "chi_deg": chi_deg, "phi_deg": phi_deg}
    present = yield from read_orientation(bl)
    given = {name: float(value) for name, value in asked.items() if value is not None}
    target = Orientation(**{**present.model_dump(), **given})
    return (yield from move_orientation(bl, desk.settings.goniometer, target, desk.limits))


def align(
    desk: Desk, bl: Beamline, direction: Sequence[float], tolerance_deg: float = 0.1
) -> MsgGenerator[Orientation]:
    """Lay a direction of the sample along omega, with what is in the beam kept there.

    Args:
        desk: The session's.
        bl: The beamline.
        direction: In the sample's frame, three numbers of any length.
        tolerance_deg: How well it has to lie there.

    Returns:
        How kappa, chi and phi stand then.

    Raises:
        LimitExceeded: If no orientation within the limits does it; nothing has moved then.

    Example:
        RE(orient.align([1, 0.2, 0], tolerance_deg=0.5))
    """
    return (yield from align_to_spindle(bl, desk.settings.goniometer, direction, desk.limits, tolerance_deg))


def to_point(desk: Desk, bl: Beamline, point: CentrePoint, omega_deg: float | None = None) -> MsgGenerator[Pose]:
    """Bring a point of the sample into the beam.

    Args:
        desk: The session's.
        bl: The beamline.
        point: One of those in points.load(sample).valid.
        omega_deg: Where omega shall stand; None leaves it.

    Returns:
        Where the motors stand then.

    Raises:
        LimitExceeded: If it cannot be reached; nothing has moved then.

    Example:
        RE(orient.to_point(points.load("demo-1").valid[0]))
    """
    return (yield from move_to_point(bl, point, desk.settings.goniometer, desk.limits, omega_deg))


PLANS = (turn, align, to_point)
