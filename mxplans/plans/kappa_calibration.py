"""Where the axes of a mini-kappa are: one tip, centred at several positions of each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bluesky.utils import MsgGenerator

from mxplans.centring.kappa_calibration import CentredTip, KappaCalibration, calibrate_kappa
from mxplans.centring.registration import LineOnly, Registered, Sighting, register
from mxplans.errors import InvalidInput
from mxplans.geometry import AxisLimits, GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans.plans import documents
from mxplans.plans.analysing import analysed
from mxplans.plans.clicking import ClickSource
from mxplans.plans.documents import ScanContext
from mxplans.plans.orienting import move_orientation, read_orientation
from mxplans.plans.points_clicking import CLICK_SIGMA_PX, click_here
from mxplans.plans.record import record
from mxplans.plans.viewing import light_up, move_to_pose, read_pose
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.roles import Beamline

POSITIONS = (
    *(Orientation(kappa_deg=kappa_deg) for kappa_deg in (0, 30, 60, 90, 120)),
    *(Orientation(phi_deg=phi_deg) for phi_deg in (60, 120, 180, 240)),
)
"""Each axis while the other one is at 0; the first is of both."""
SEE_DEG = (0.0, 60.0, 120.0, 180.0)
"""Omega at which the tip is looked for: a point and the height of the omega axis, with something left to judge by."""


@dataclass(frozen=True)
class NotCalibrated:
    """Why the axes were not calibrated."""

    reason: str


@dataclass(frozen=True)
class CalibratedAxes:
    """What calibrating came to.

    Attributes:
        calibration: Axes, uncertainties, residuals.
        section: To be pasted into the profile in place of its `goniometer:`.
    """

    calibration: KappaCalibration
    section: str


SeeTip = Callable[[], MsgGenerator[Sighting | None]]
"""Where the tip is seen from where the goniometer stands; None gives up."""


def tip_by_clicks(bl: Beamline, ask: ClickSource, sigma_px: float = CLICK_SIGMA_PX) -> SeeTip:
    """See the tip by clicks, of a person or a program."""
    return lambda: click_here(bl, ask, sigma_px)


def calibrate_axes(
    bl: Beamline,
    geometry: GoniometerGeometry,
    limits: AxisLimits,
    see: SeeTip,
    zoom: str,
    positions: Sequence[Orientation] = POSITIONS,
    context: ScanContext | None = None,
) -> MsgGenerator[CalibratedAxes | NotCalibrated]:
    """Centre one tip at several kappa and phi, and fit directions of both axes and points on them.

    A needle, or a small and well marked thing in a loop, should be near the middle of the image. It is kept there from
    position to position by the axes as they were known before, which may be wrong by a few tenths of a millimetre.

    Args:
        bl: The beamline.
        geometry: The axes as known before.
        limits: Of the axes.
        see: Tells where the tip is, from `tip_by_clicks`.
        zoom: Level of the viewer.
        positions: Four or more of each axis, over 60 deg or more.
        context: With one, the result is recorded in the open run.

    Returns:
        The axes with their uncertainties; or that the tip was not seen.

    Raises:
        LimitExceeded: If a position cannot be reached; all are checked in turn, the first before anything moves.
        InvalidInput: If the positions do not tell the axes, or the tips do not lie on circles.
    """
    if geometry.kind != "mini-kappa":
        raise InvalidInput(
            f"this goniometer is {geometry.kind}; allowed is mini-kappa: a smargon's controller keeps the point in the "
            "beam, and its maker calibrates it"
        )
    yield from light_up(bl, zoom)
    tips: list[CentredTip] = []
    for orientation in positions:
        yield from move_orientation(bl, geometry, orientation, limits)
        pose = yield from centre_tip(bl, geometry, see)
        if pose is None:
            return NotCalibrated(
                f"the tip was not seen at kappa {orientation.kappa_deg:g} deg, phi {orientation.phi_deg:g} deg, after "
                f"{len(tips)} positions: bring it into view there, or leave that position out"
            )
        limits.require(pose, orientation, "the tip")
        yield from move_to_pose(bl, pose)
        tips.append(CentredTip(pose, orientation))
    found = yield from analysed("axes of kappa and phi", calibrate_kappa, tips, geometry)
    if context is not None:
        yield from record(documents.KAPPA, found.values())
    return CalibratedAxes(found, profile_section(found))


def centre_tip(bl: Beamline, geometry: GoniometerGeometry, see: SeeTip) -> MsgGenerator[Pose | None]:
    """Motors that have the tip on the omega axis, at the first omega; None where it was not seen."""
    start = yield from read_pose(bl)
    orientation = yield from read_orientation(bl)
    sightings = []
    for omega_deg in SEE_DEG:
        yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, start.omega_deg + omega_deg)
        sighting = yield from see()
        if sighting is None:
            return None
        sightings.append(sighting)
    found = yield from analysed("place of the tip", _tip, sightings, geometry)
    # One orientation throughout: what the axes above omega are thought to do cancels.
    return geometry.pose_for(found.point_mm, start.omega_deg, orientation, on_axis=True)


def _tip(sightings: Sequence[Sighting], geometry: GoniometerGeometry) -> Registered:
    found = register(sightings, geometry, fit_axis_offset=True)
    if isinstance(found, LineOnly):
        raise InvalidInput(f"the tip cannot be centred: {found.reason}")
    if found.flagged:
        wrong = ", ".join(f"{SEE_DEG[index]:g}" for index in found.flagged)
        raise InvalidInput(
            f"the tip was seen elsewhere {wrong} deg behind the first omega than the others say, by up to "
            f"{abs(found.residual_px).max():.1f} px; allowed are {CLICK_SIGMA_PX:g} px of standard error: choose a tip that "
            "looks alike from all sides, and begin again"
        )
    return found


def profile_section(found: KappaCalibration) -> str:
    """The axes as the `goniometer` section of a profile, their uncertainties as comments."""
    geometry = found.geometry
    lines = [f"goniometer:            # calibrated with {len(found.residual_um)} tips, rms {found.rms_um:.1f} um"]
    lines.append(f"  kind: {geometry.kind}")
    for name in ("kappa", "phi"):
        error = found.uncertainty.get(name)
        axis = ", ".join(f"{value:.6f}" for value in getattr(geometry, f"{name}_axis"))
        point = ", ".join(f"{value:.4f}" for value in getattr(geometry, f"{name}_point_mm"))
        of_axis = "" if error is None else f"        # +- {error.direction_deg:.3f} deg"
        of_point = "" if error is None else f"     # +- {error.point_um:.1f} um across the axis"
        lines += [f"  {name}_axis: [{axis}]{of_axis}", f"  {name}_point_mm: [{point}]{of_point}"]
    if geometry.axis_offset_mm:
        lines.append(f"  axis_offset_mm: {geometry.axis_offset_mm:.4f}")
    return "\n".join(lines) + "\n"
