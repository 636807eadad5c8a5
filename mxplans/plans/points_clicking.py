"""Points by clicks: n images around omega with a click in each, and three-click centring."""

from __future__ import annotations

from dataclasses import replace

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring.registration import Sighting
from mxplans.errors import InvalidInput
from mxplans.geometry import AxisLimits
from mxplans.plans.analysing import analysed
from mxplans.plans.clicking import ClickSource, Image, Pixel, checked_pixel
from mxplans.plans.documents import ScanContext
from mxplans.plans.orienting import read_orientation
from mxplans.plans.points import Marking, NoPoint, PointFound, move_to_point, register_point
from mxplans.plans.viewing import read_camera, read_pose, take_image
from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.roles import BacklightState, Beamline, ShutterState

CLICK_SIGMA_PX = 2.0
"""Of a careful person's click on a crystal of a few tens of pixels."""
CLICK_TIMEOUT_S = 600.0
"""More than a window waits for a click by itself."""


def click_point(
    bl: Beamline,
    ask: ClickSource,
    marking: Marking,
    clicks: int = 3,
    step_deg: float = 90.0,
    sigma_px: float = CLICK_SIGMA_PX,
    context: ScanContext | None = None,
) -> MsgGenerator[PointFound | NoPoint]:
    """Register a point by clicks in images around omega, from where the goniometer stands, at the zoom that is set.

    Nothing but omega moves, the light is put in and the shutter closed. The RunEngine goes on with its other work while
    somebody thinks where to click.

    Args:
        bl: The beamline.
        ask: Says where the point is in an image.
        marking: Whose point it is, and how it is registered.
        clicks: One or more. One gives a point where there is a hull; two from different directions do without.
        step_deg: From click to click.
        sigma_px: Standard error of a click.
        context: With one, the point is recorded in the open run.

    Returns:
        The point with its uncertainty and residuals; or why there is none, and at which omega to click besides.

    Raises:
        InvalidInput: If no click is asked for, or one is no place in its image.
    """
    if clicks < 1:
        raise InvalidInput(f"{clicks} clicks are asked for; allowed are 1 or more, 3 are usual")
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.fast_shutter, ShutterState.CLOSED, bl.backlight, BacklightState.IN)
    first_deg = float((yield from bps.rd(bl.goniometer.omega)))
    sightings: list[Sighting] = []
    for number in range(clicks):
        if number:
            yield from set_and_wait(MOVE_TIMEOUT_S, bl.goniometer.omega, first_deg + number * step_deg)
        sighting = yield from click_here(bl, ask, sigma_px)
        if sighting is None:
            return NoPoint(f"given up at click {number + 1} of {clicks}", evidence={"clicks": number})
        sightings.append(sighting)
    return (yield from register_point(sightings, marking, context=context))


def click_here(bl: Beamline, ask: ClickSource, sigma_px: float = CLICK_SIGMA_PX) -> MsgGenerator[Sighting | None]:
    """One click in a new image, with the goniometer and the light as they are; None when it was given up.

    Sightings of several calls, at any omega, kappa, chi and phi, go to `register_point` together.

    Raises:
        InvalidInput: If it is no place in the image.
    """
    image = yield from take_image(bl)
    camera = yield from read_camera(bl)
    pose = yield from read_pose(bl)
    orientation = yield from read_orientation(bl)

    def asked(image: Image) -> Pixel | None:
        return checked_pixel(image, ask(image, camera, pose))

    pixel = yield from analysed("click", asked, image, timeout_s=CLICK_TIMEOUT_S)
    return None if pixel is None else Sighting(*pixel, camera, pose, orientation, sigma_px)


def three_click_centring(
    bl: Beamline,
    ask: ClickSource,
    marking: Marking,
    limits: AxisLimits,
    sigma_px: float = CLICK_SIGMA_PX,
    context: ScanContext | None = None,
) -> MsgGenerator[PointFound | NoPoint]:
    """Click a point at three omega, a quarter turn apart, and bring it into the beam.

    The height of the omega axis is found with the point, so that of a badly known axis does no harm. Clicks that
    contradict each other move nothing.

    Args:
        bl: The beamline.
        ask: Says where the point is in an image.
        marking: Whose point it is.
        limits: Of the axes, checked before the sample is moved.
        sigma_px: Standard error of a click.
        context: As for `click_point`.

    Raises:
        LimitExceeded: If the point cannot be brought into the beam; only omega has moved then.
        InvalidInput: If a click is no place in its image.
    """
    strict = replace(marking, hull=None, fit_axis_offset=True, refuse_contradictions=True)
    found = yield from click_point(bl, ask, strict, 3, 90.0, sigma_px, context)
    if isinstance(found, PointFound):
        level = marking.geometry.model_copy(update={"axis_offset_mm": found.axis_offset_mm})
        yield from move_to_point(bl, found.point, level, limits)
    return found
