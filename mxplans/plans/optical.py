"""Optical centring: the loop in three dimensions from one turn before the camera, confirmed at high zoom."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bluesky.utils import MsgGenerator

from mxplans.centring.agreement import agreement, fits, room_for_neck
from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.hull import Hull, HullNotFound
from mxplans.centring.hull_record import hull_record
from mxplans.centring.light_crystal import LightCrystal, crystal_by_light
from mxplans.centring.loop import LoopCentred, locate_loop
from mxplans.centring.loop_hull import loop_hull
from mxplans.centring.loop_limits import LoopLimits, pin_axis, refused
from mxplans.centring.outline import LoopView
from mxplans.centring.testimony import testimony
from mxplans.errors import CameraFault
from mxplans.geometry import Orientation, motors_pose
from mxplans.model.acquisition import Pose, Vector
from mxplans.plans import documents
from mxplans.plans.analysing import analysed
from mxplans.plans.backgrounds import discard_stale
from mxplans.plans.documents import ScanContext
from mxplans.plans.looking import Optics, Views, bring_into_view, look, look_around, search
from mxplans.plans.optical_evidence import keep_evidence, keep_fault
from mxplans.plans.orienting import read_orientation
from mxplans.plans.record import record
from mxplans.plans.viewing import light_up, move_to_pose, snapshot
from mxplans.roles import Beamline

WHOLE_ENOUGH = 0.8
"""Part of the views in which the end of the loop must be inside the image."""
VIEWS_ENOUGH = 12
"""Or so many of them."""
SIGMA_ENOUGH_MM = 0.03
"""With fewer whole views: no worse than this, the fine view shows all of the loop, from the sides that are missing."""
LOOK_DEG = (90.0, 0.0, 45.0, 135.0)
"""From the flat face: where a centre is confirmed."""
CONFIRMED = 2
"""So many looks do when they agree with the turn; else there are more."""


@dataclass(frozen=True)
class OpticalCentre:
    """The loop, centred.

    Attributes:
        pose: Motor positions that put the loop's centre into the beam, or the crystal if the profile wants that and one
            is seen; omega shows the loop's flat face.
        length_um: Along the omega axis.
        flat_um: Across, seen on the flat face.
        edge_um: Across, seen on the edge.
        axis_offset_mm: Height of the beam below the omega axis.
        sigma_um: Standard errors of x, y and z.
        hull: Its model, in the frame of the sample; None where none was asked for or the views do not make one.
        crystal: The crystal seen with light, in the frame of the sample, mm; None where fewer than half of the views
            show one.
    """

    pose: Pose
    length_um: float
    flat_um: float
    edge_um: float
    axis_offset_mm: float = 0.0
    sigma_um: tuple[float, float, float] = (0.0, 0.0, 0.0)
    hull: Hull | None = None
    crystal: Vector | None = None


@dataclass(frozen=True)
class NoOpticalCentre:
    """Why there is none; `empty` when nothing was seen at all."""

    failure: OpticalFailure
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing stands there."""
        return self.failure is OpticalFailure.EMPTY


def optical_centring(
    bl: Beamline, optics: Optics, context: ScanContext | None = None
) -> MsgGenerator[OpticalCentre | NoOpticalCentre]:
    """Find the loop, centre it, turn its flat face to the camera, keep an image.

    The end of the mount is brought into view; one continuous turn shows it from all sides; the centre that all frames
    give is confirmed at high zoom, at angles of its own. The axes above omega stay where they are.

    Args:
        bl: The beamline, with a pin mounted.
        optics: How to look.
        context: The queue item; with one, results and pictures are recorded in the open run.

    Returns:
        The centre, or why there is none.

    Raises:
        CameraFault: If the camera gives no new image; the run has the last one then, and what is wrong.
        BeamlineFault: If a device, or the detector's service, fails.
        AnalysisFailed: If the detector does.
    """
    try:
        found, turn, stills = yield from _seen(bl, optics)
    except CameraFault as fault:
        if context is not None:
            yield from keep_fault(bl, fault, context)
        raise
    if isinstance(found, LoopNotFound):
        if context is not None:
            yield from keep_evidence(bl, found, (*turn, *stills), context)
        return NoOpticalCentre(found.failure, found.reason, found.evidence)
    return (yield from _centred(bl, optics, found, (turn, stills), context))


def _seen(bl: Beamline, optics: Optics) -> MsgGenerator[tuple[LoopCentred | LoopNotFound, Views, Views]]:
    """The loop, or why there is none; what a turn and what looks at high zoom showed."""
    yield from light_up(bl, optics.settings.zoom)
    found, turn = yield from _find(bl, optics)
    if isinstance(found, LoopNotFound):
        return found, turn, ()
    confirmed, stills = yield from _confirmed(bl, optics, found, turn)
    return confirmed, turn, stills


def _centred(
    bl: Beamline, optics: Optics, found: LoopCentred, seen: tuple[Views, Views], context: ScanContext | None
) -> MsgGenerator[OpticalCentre]:
    """Bring it into the beam, and tell; `seen` in the turn, and at high zoom."""
    turn, stills = seen
    crystal = yield from analysed("place of the crystal", crystal_by_light, (*turn, *stills))
    orientation = yield from read_orientation(bl)
    pose = motors_pose(optics.geometry, _wanted(optics, found, crystal), orientation)
    yield from move_to_pose(bl, pose)
    hull = yield from _hull(bl, optics, turn, found)
    place = None if crystal is None else crystal.in_sample(optics.geometry, orientation)
    if context is not None:
        yield from record(documents.OPTICAL, {**found.values(), **testimony((*turn, *stills))})
        if place is not None:
            yield from record(documents.OPTICAL_CRYSTAL, place.values())
        if hull is not None:
            yield from record(documents.HULL, hull.values() | {"hull_record": json.dumps(hull_record(hull))})
        yield from snapshot(bl, context, "optical")
    return OpticalCentre(
        pose=pose,
        length_um=found.length_um,
        flat_um=found.flat_um,
        edge_um=found.edge_um,
        axis_offset_mm=found.axis_offset_mm,
        sigma_um=found.sigma_um,
        hull=hull,
        crystal=None if place is None else place.centre_mm,
    )


def _wanted(optics: Optics, found: LoopCentred, crystal: LightCrystal | None) -> Pose:
    """What is to stand in the beam: the loop, or its crystal where that is wanted and seen."""
    if crystal is None or optics.settings.centre_on == "loop":
        return found.pose
    return crystal.pose(found.omega_flat_deg)


def _find(bl: Beamline, optics: Optics) -> MsgGenerator[tuple[LoopCentred | LoopNotFound, Views]]:
    """Turn and look; while the loop leaves the image, move it in and look again."""
    settings = optics.settings
    limits = LoopLimits(settings.neck_range_mm, settings.bend_max_deg, settings.opaque_max_frac)
    for _ in range(settings.spins_most):
        missing = yield from bring_into_view(bl, optics)
        views = missing or (yield from look_around(bl, optics))
        if isinstance(views, LoopNotFound):
            return views, ()
        yield from discard_stale(bl, optics.backgrounds, settings.zoom, views)
        orientation = yield from read_orientation(bl)
        found = yield from _located(optics, orientation, views)
        if isinstance(found, LoopNotFound):
            nothing = not found.evidence["views_with_object"]
            missing = (yield from search(bl, optics)) if nothing else found
            if missing is not None:
                return missing, views
            continue
        if found.tip_in_image and not found.neck_in_image and (aside := room_for_neck(found, views[0])) is not None:
            yield from _move(bl, optics, aside)
            continue
        why = refused(found, limits, optics.geometry, orientation)
        if why is not None:
            return why, views
        if found.tip_in_image and (_well_seen(found) or found.axis.sigma_mm <= SIGMA_ENOUGH_MM):
            return found, views
        yield from _move(bl, optics, found.pose)
    reason = f"the loop still leaves the image after {settings.spins_most} turns; it is larger than the view"
    return LoopNotFound(OpticalFailure.OUT_OF_VIEW, reason, {"turns": settings.spins_most}), ()


def _located(
    optics: Optics, orientation: Orientation, views: Sequence[LoopView]
) -> MsgGenerator[LoopCentred | LoopNotFound]:
    straight = pin_axis(optics.geometry, orientation)
    return (yield from analysed("place of the loop", locate_loop, views, straight))


def _well_seen(found: LoopCentred) -> bool:
    """Whether enough views show all of the loop, so that its length and its faces can be told from them."""
    return found.views_whole >= WHOLE_ENOUGH or found.views_used >= VIEWS_ENOUGH


def _confirmed(
    bl: Beamline, optics: Optics, found: LoopCentred, views: Sequence[LoopView]
) -> MsgGenerator[tuple[LoopCentred | LoopNotFound, Views]]:
    """Look at the centre at high zoom, from sides of its own, until what is seen there is what the turn foretold.

    Returns:
        The loop, or why there is none; and what was seen.
    """
    zoom = optics.settings.fine_zoom or optics.settings.zoom
    enough = CONFIRMED if _well_seen(found) else len(LOOK_DEG)
    stills: list[LoopView] = []
    offs_um: list[float] = []
    confirmed = False
    omega_deg = views[-1].pose.omega_deg
    flat_deg = nearest(found.omega_flat_deg, omega_deg - LOOK_DEG[0])
    for number, from_flat_deg in enumerate(LOOK_DEG, start=1):
        pose = found.pose.model_copy(update={"omega_deg": flat_deg + from_flat_deg})
        yield from _move(bl, optics, pose, zoom if number == 1 else None)
        still = yield from look(bl, optics, zoom)
        if number == 1 and isinstance(still, LoopView) and not fits(found, still):
            zoom = optics.settings.zoom  # a pin with several places
            yield from _move(bl, optics, pose, zoom)
            still = yield from look(bl, optics, zoom)
        if isinstance(still, LoopNotFound):
            return still, tuple(stills)
        agreed = agreement(found, still)
        stills.append(still)
        refined = yield from _located(optics, (yield from read_orientation(bl)), [*views, *stills])
        if isinstance(refined, LoopNotFound):
            return refined, tuple(stills)
        found = replace(refined, omega_flat_deg=nearest(refined.omega_flat_deg, flat_deg))
        offs_um.append(agreed.off_um)
        confirmed = number >= enough and agreed.within
        if confirmed:
            break
    yield from discard_stale(bl, optics.backgrounds, zoom, stills)
    if confirmed:
        return found, tuple(stills)
    unsteady = LoopNotFound(
        OpticalFailure.UNSTEADY,
        f"the loop is not where the turn foretold it at {len(offs_um)} angles, {offs_um[-1]:.0f} um off at the last; the "
        "sample moves, or the camera's clock and the goniometer's differ",
        {f"off_{number}_um": off_um for number, off_um in enumerate(offs_um, start=1)},
    )
    return unsteady, tuple(stills)


def nearest(angle_deg: float, to_deg: float) -> float:
    """The angle that shows the same outline, half turns away, nearest to another one.

    >>> nearest(30.0, 350.0)
    390.0
    """
    return angle_deg + 180.0 * round((to_deg - angle_deg) / 180.0)


def _hull(bl: Beamline, optics: Optics, views: Sequence[LoopView], found: LoopCentred) -> MsgGenerator[Hull | None]:
    """The loop's model from the views of the turn; None where they do not make one."""
    number = optics.settings.hull_views
    if not number:
        return None
    orientation = yield from read_orientation(bl)
    hull = yield from analysed("hull of the loop", loop_hull, views, found, optics.geometry, orientation, number)
    return None if isinstance(hull, HullNotFound) else hull


def _move(bl: Beamline, optics: Optics, pose: Pose, zoom: str | None = None) -> MsgGenerator[None]:
    orientation = yield from read_orientation(bl)
    yield from move_to_pose(bl, motors_pose(optics.geometry, pose, orientation), zoom)
