"""Looks at the mount: one picture, or a whole turn, each with what a detector found in it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring.detection import Backgrounds
from mxplans.centring.failures import LoopNotFound, OpticalFailure
from mxplans.centring.outline import LoopView, outline_of
from mxplans.centring.views import views_of
from mxplans.errors import TurnUntold
from mxplans.geometry import GoniometerGeometry, motors_pose, spindle_pose
from mxplans.model.acquisition import Pose, Spin
from mxplans.model.detection import Image, PinSide
from mxplans.plans.analysing import analysed
from mxplans.plans.backgrounds import background_for
from mxplans.plans.orienting import read_orientation
from mxplans.plans.spinning import NothingSeen, rate_for, spin_and_see
from mxplans.plans.viewing import move_to_pose, read_camera, read_pose, take_image
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.profile import OpticalCentring
from mxplans.roles import Beamline

TURN_SIGMA_MM = 0.003
"""Heights in frames of a turn: omega is known to a tenth of a degree, the exposure smears a little."""
log = logging.getLogger(__name__)

RUN_UP_S = 0.225
"""Half of the time in which omega comes to speed, with a margin; with another one it first goes a few degrees."""
STILL_SIGMA_PX = 1.0
QUARTER_DEG, FULL_DEG = 90.0, 360.0
FRAMES_ENOUGH = 12
"""Fewer frames of a turn tell too little: the camera is slow, or time runs faster than it."""
Views = tuple[LoopView, ...]


@dataclass(frozen=True)
class Optics:
    """What optical centring works with.

    Attributes:
        settings: Of the profile.
        backgrounds: Views without a sample.
        geometry: Axes of the goniometer.
    """

    settings: OpticalCentring
    backgrounds: Backgrounds = field(default_factory=Backgrounds)
    geometry: GoniometerGeometry = field(default_factory=GoniometerGeometry)


def look(bl: Beamline, optics: Optics, zoom: str) -> MsgGenerator[LoopView | LoopNotFound]:
    """One picture from where the goniometer stands, with the light as it is, at the zoom that is set."""
    image = yield from take_image(bl)
    pose = yield from _spindle_pose(bl, optics)
    camera = yield from read_camera(bl)
    views = yield from _detected(bl, optics, zoom, [image], [pose], STILL_SIGMA_PX * camera.um_per_px / 1000)
    return views if isinstance(views, LoopNotFound) else views[0]


def look_around(bl: Beamline, optics: Optics) -> MsgGenerator[Views | LoopNotFound]:
    """Views from all sides at the present translation: from one continuous turn, or from steps.

    Steps are for cameras whose clock is not the goniometer's, and where a turn gave too few frames.
    """
    if optics.settings.turn == "continuous":
        seen = yield from _turn(bl, optics)
        if isinstance(seen, LoopNotFound) or len(seen) >= FRAMES_ENOUGH:
            return seen
    return (yield from _steps(bl, optics))


def _turn(bl: Beamline, optics: Optics) -> MsgGenerator[Views | LoopNotFound]:
    """It begins to speed up where omega stands."""
    settings = optics.settings
    pose = yield from _spindle_pose(bl, optics)
    sense = _sense(pose.omega_deg)
    spin = Spin(
        start_deg=pose.omega_deg + sense * settings.spin_speed_deg_s * RUN_UP_S,
        sweep_deg=sense * settings.spin_deg,
        speed_deg_s=settings.spin_speed_deg_s,
    )
    try:
        seen = yield from spin_and_see(bl, spin, rate_for(spin, settings.frames_per_turn))
    except TurnUntold as untold:
        log.warning("looking in steps instead of one turn: %s", untold)
        return ()
    if isinstance(seen, NothingSeen):
        if seen.evidence["frames"] and not seen.evidence["repeated_frames"]:
            log.warning("looking in steps instead of one turn: %s", seen.reason)  # two clocks that differ
            return ()
        return LoopNotFound(OpticalFailure.FROZEN, seen.reason, seen.evidence)
    poses = [pose.model_copy(update={"omega_deg": each.omega_deg}) for each in seen]
    return (yield from _detected(bl, optics, settings.zoom, [each.frame.image for each in seen], poses, TURN_SIGMA_MM))


def _sense(omega_deg: float) -> int:
    """Which way to turn, so that omega does not wander off."""
    return 1 if omega_deg <= QUARTER_DEG else -1


def _steps(bl: Beamline, optics: Optics) -> MsgGenerator[Views | LoopNotFound]:
    settings = optics.settings
    begin_deg = yield from bps.rd(bl.goniometer.omega)
    step_deg = _sense(begin_deg) * FULL_DEG / settings.steps
    images, poses = [], []
    for index in range(settings.steps):
        yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, begin_deg + index * step_deg)
        images.append((yield from take_image(bl)))
        poses.append((yield from _spindle_pose(bl, optics)))
    if all(np.array_equal(image, images[0]) for image in images[1:]):
        # A real sensor's noise is never twice the same.
        reason = f"all {len(images)} images of a turn are the same to the last bit; restart the camera"
        return LoopNotFound(OpticalFailure.FROZEN, reason, {"repeated_frames": len(images) - 1})
    return (yield from _detected(bl, optics, settings.zoom, images, poses, TURN_SIGMA_MM))


def _detected(
    bl: Beamline, optics: Optics, zoom: str, images: Sequence[Image], poses: Sequence[Pose], sigma_mm: float
) -> MsgGenerator[Views | LoopNotFound]:
    camera = yield from read_camera(bl)
    background = yield from background_for(bl, optics.backgrounds, zoom)
    return (
        yield from analysed(
            f"{len(images)} on-axis images",
            views_of,
            bl.sample_detector,
            images,
            poses,
            camera,
            None if background is None else background.image,
            optics.settings.pin_side,
            sigma_mm,
        )
    )


def bring_into_view(bl: Beamline, optics: Optics) -> MsgGenerator[LoopNotFound | None]:
    """Where the mount reaches beyond the image from here, move it along omega until its end is inside.

    Returns:
        None when it is, or when nothing is to be seen from here; else why not.
    """
    settings = optics.settings
    for _ in range(settings.search_steps + 1):
        view = yield from look(bl, optics, settings.zoom)
        if isinstance(view, LoopNotFound):
            return view
        outline = outline_of(view)
        if outline is None or outline.tip_in_image:
            return None
        yield from _shift_by(bl, optics, settings.search_step_mm)
    return LoopNotFound(
        OpticalFailure.TOO_LONG,
        f"the mount reaches beyond the image after {settings.search_steps} steps of {settings.search_step_mm:g} mm",
        {"search_steps": settings.search_steps},
    )


def search(bl: Beamline, optics: Optics) -> MsgGenerator[LoopNotFound | None]:
    """After a turn that showed nothing: look where the mount of a pin that is too short would be.

    Returns:
        None when something is in view; else that there is nothing.
    """
    settings = optics.settings
    for _ in range(settings.search_steps):
        yield from _shift_by(bl, optics, -settings.search_step_mm)
        for side in range(2):
            if side:
                # What stands above or below the image from here is before or behind the axis from there.
                yield from turn_by(bl, -QUARTER_DEG)
            view = yield from look(bl, optics, settings.zoom)
            if isinstance(view, LoopNotFound) or view.detection.present:
                return view if isinstance(view, LoopNotFound) else None
    return LoopNotFound(
        OpticalFailure.EMPTY,
        f"nothing to be seen in a turn, nor {settings.search_steps} steps of {settings.search_step_mm:g} mm towards the pin",
        {"search_steps": settings.search_steps},
    )


def _spindle_pose(bl: Beamline, optics: Optics) -> MsgGenerator[Pose]:
    pose = yield from read_pose(bl)
    orientation = yield from read_orientation(bl)
    return spindle_pose(optics.geometry, pose, orientation)


def turn_by(bl: Beamline, change_deg: float) -> MsgGenerator[None]:
    """Turn omega on from where it stands."""
    omega_deg = yield from bps.rd(bl.goniometer.omega)
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, omega_deg + change_deg)


def _shift_by(bl: Beamline, optics: Optics, away_mm: float) -> MsgGenerator[None]:
    """Move the mount along omega, towards the pin's side of the image where positive."""
    pose = yield from _spindle_pose(bl, optics)
    orientation = yield from read_orientation(bl)
    change_mm = away_mm if optics.settings.pin_side is PinSide.RIGHT else -away_mm
    there = pose.model_copy(update={"x_mm": pose.x_mm + change_mm})
    yield from move_to_pose(bl, motors_pose(optics.geometry, there, orientation))
