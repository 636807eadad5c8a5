"""Finding the sample with light."""

from __future__ import annotations

from functools import partial

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.app.ipython.plans.in_run import in_run
from mxplans.plans.backgrounds import take_backgrounds
from mxplans.plans.clicking import WindowClicks
from mxplans.plans.looking import bring_into_view
from mxplans.plans.optical import NoOpticalCentre, OpticalCentre, optical_centring
from mxplans.plans.orienting import read_orientation
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.points import NoPoint, PointFound
from mxplans.plans.points_clicking import click_point, three_click_centring
from mxplans.plans.viewing import CAMERA_TIMEOUT_S, light_up, take_image
from mxplans.plans.waiting import set_and_wait
from mxplans.roles import Beamline


def centre(desk: Desk, bl: Beamline) -> MsgGenerator[OpticalCentre | NoOpticalCentre]:
    """Find the loop, centre it, and turn its flat face to the camera. What it finds, xray.centre() goes on with.

    Returns:
        Where the loop is and how large, or why there is none.

    Example:
        RE(optical.centre())
    """
    look = partial(optical_centring, bl, desk.optics, desk.context)
    found = yield from in_run(again_after_pauses(look), desk.metadata("optical_centring"))
    desk.sample.optical, desk.sample.crystals = None, ()
    if isinstance(found, OpticalCentre):
        desk.sample.optical = found
        desk.sample.found_at = yield from read_orientation(bl)
    return found


def backgrounds(desk: Desk, bl: Beamline) -> MsgGenerator[None]:
    """Take the views without a sample, which make centring surer. The goniometer must be empty.

    Example:
        RE(optical.backgrounds())
    """
    yield from take_backgrounds(bl, desk.settings.optical, desk.sample.backgrounds)


def look(desk: Desk, bl: Beamline, zoom: str | None = None) -> MsgGenerator[None]:
    """Shutter closed, light in, the end of the mount in view.

    Args:
        desk: The session's.
        bl: The beamline.
        zoom: Level of the viewer; None takes that of the profile.

    Example:
        RE(optical.look())
    """
    yield from light_up(bl, zoom or desk.settings.optical.zoom)
    yield from bring_into_view(bl, desk.optics)


def snapshot(desk: Desk, bl: Beamline, label: str = "view") -> MsgGenerator[str]:
    """Keep the present view as a PNG file.

    Args:
        desk: The session's.
        bl: The beamline.
        label: Part of the file's name.

    Returns:
        Its path in the session's folder.

    Example:
        RE(optical.snapshot("before"))
    """
    path = f"snapshots/{desk.sample_name}_{label}.png"
    yield from take_image(bl)
    yield from set_and_wait(CAMERA_TIMEOUT_S, bl.viewer.snapshot_file, path)
    return path


def click(desk: Desk, bl: Beamline, clicks: int = 3, step_deg: float = 90.0) -> MsgGenerator[PointFound | NoPoint]:
    """Register a point of the sample by clicks in images around omega; it is kept among the sample's points.

    Args:
        desk: The session's.
        bl: The beamline.
        clicks: How many; one is enough where the loop was centred before.
        step_deg: Omega from click to click.

    Returns:
        The point with its uncertainty, or why there is none.

    Example:
        RE(optical.click(clicks=3, step_deg=90))
    """
    return (yield from click_point(bl, WindowClicks(), desk.marking, clicks, step_deg))


def three_clicks(desk: Desk, bl: Beamline) -> MsgGenerator[PointFound | NoPoint]:
    """Click a point at three omega, a quarter turn apart, and bring it into the beam.

    Returns:
        The point, or why there is none.

    Example:
        RE(optical.three_clicks())
    """
    return (yield from three_click_centring(bl, WindowClicks(), desk.marking, desk.limits))


PLANS = (centre, look, snapshot, backgrounds, click, three_clicks)
