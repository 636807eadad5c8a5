"""Views without a sample: taken while the goniometer is empty, and again when they no longer hold."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bluesky import plan_stubs as bps
from bluesky.utils import MsgGenerator

from mxplans.centring.detection import Background, Backgrounds
from mxplans.centring.detection.background import FRAMES_MIN
from mxplans.centring.outline import LoopView
from mxplans.centring.views import stale_frac
from mxplans.errors import CameraFault, InvalidInput
from mxplans.model.detection import Image
from mxplans.plans import documents
from mxplans.plans.analysing import analysed
from mxplans.plans.record import record
from mxplans.plans.viewing import light_up, take_image
from mxplans.profile import OpticalCentring
from mxplans.roles import Beamline

LIGHT_FRAC = 1.0
"""Of a backlight that has one level: in."""
STALE_FRAC = 0.5
"""In a view or two a flake of ice may hide the light; when most say that the background is stale, the light is another."""


def light_level(bl: Beamline) -> MsgGenerator[float]:
    """Level of the backlight, 0 to 1; 1 where it has no level to set."""
    level = getattr(bl.backlight, "level", None)
    return LIGHT_FRAC if level is None else float((yield from bps.rd(level)))


def background_for(bl: Beamline, backgrounds: Backgrounds, zoom: str) -> MsgGenerator[Background | None]:
    """The view without a sample at a zoom: with the light as it is, else the newest with another light."""
    light_frac = yield from light_level(bl)
    found = backgrounds.find(bl.viewer.name, zoom, light_frac)
    return found or backgrounds.find(bl.viewer.name, zoom)


def discard_stale(bl: Beamline, backgrounds: Backgrounds, zoom: str, views: Sequence[LoopView]) -> MsgGenerator[None]:
    """Forget the background of some views at one zoom if it did not hold in most of them.

    It is then taken again when the goniometer is empty the next time; until then detectors do without it.
    """
    background = yield from background_for(bl, backgrounds, zoom)
    if background is not None and stale_frac(views) > STALE_FRAC:
        backgrounds.discard(background)


def zooms_of(settings: OpticalCentring) -> tuple[str, ...]:
    """Zoom levels at which centring looks, the last one first used."""
    return tuple(dict.fromkeys(zoom for zoom in (settings.fine_zoom, settings.zoom) if zoom is not None))


def wanting(
    bl: Beamline, settings: OpticalCentring, backgrounds: Backgrounds, light_frac: float = LIGHT_FRAC
) -> tuple[str, ...]:
    """Zoom levels without a background, or with one that was found to be stale."""
    return tuple(zoom for zoom in zooms_of(settings) if backgrounds.find(bl.viewer.name, zoom, light_frac) is None)


def take_backgrounds(
    bl: Beamline,
    settings: OpticalCentring,
    backgrounds: Backgrounds,
    zooms: Sequence[str] | None = None,
    in_run: bool = False,
) -> MsgGenerator[None]:
    """Take the views without a sample at all zooms, or at some; the goniometer must be empty.

    Args:
        bl: The beamline.
        settings: Its zoom levels.
        backgrounds: Keeps them.
        zooms: Only these.
        in_run: Whether a run is open, in which each is recorded.

    Raises:
        InvalidInput: If the camera's frames are no images of one shape.
        BeamlineFault: If a device fails.
    """
    for zoom in zooms_of(settings) if zooms is None else zooms:
        yield from light_up(bl, zoom)
        frames = []
        for _ in range(FRAMES_MIN):
            frames.append((yield from take_image(bl)))
        light_frac = yield from light_level(bl)
        background = yield from analysed(
            "background", _made, frames, bl.viewer.name, zoom, light_frac, time.time(), backgrounds
        )
        if in_run:
            yield from record(documents.BACKGROUND, background.values())


def _made(
    frames: Sequence[Image], camera: str, zoom: str, light_frac: float, time_s: float, backgrounds: Backgrounds
) -> Background:
    """Make it and keep it, which may write files.

    Raises:
        CameraFault: If the frames are no images of one size.
    """
    try:
        background = Background.of(frames, camera, zoom, light_frac, time_s)
    except InvalidInput as unusable:
        raise CameraFault(str(unusable)) from unusable
    backgrounds.put(background)
    return background
