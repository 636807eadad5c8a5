"""Views without a sample: taken while the goniometer is empty, and again when they no longer hold."""

from __future__ import annotations

import time

from bluesky.utils import MsgGenerator

from mxplans.centring.detection import Background, Backgrounds
from mxplans.centring.detection.background import FRAMES_MIN
from mxplans.plans.viewing import light_up, take_image
from mxplans.profile import OpticalCentring
from mxplans.roles import Beamline

LIGHT_FRAC = 1.0
"""The backlight has one level: in."""


def zooms_of(settings: OpticalCentring) -> tuple[str, ...]:
    """Zoom levels at which centring looks, the last one first used."""
    return tuple(dict.fromkeys(zoom for zoom in (settings.fine_zoom, settings.zoom) if zoom is not None))


def wanting(bl: Beamline, settings: OpticalCentring, backgrounds: Backgrounds) -> tuple[str, ...]:
    """Zoom levels without a background, or with one that was found to be stale."""
    return tuple(zoom for zoom in zooms_of(settings) if backgrounds.find(bl.viewer.name, zoom, LIGHT_FRAC) is None)


def take_backgrounds(
    bl: Beamline, settings: OpticalCentring, backgrounds: Backgrounds, zooms: tuple[str, ...] | None = None
) -> MsgGenerator[None]:
    """Take the views without a sample at all zooms, or at some; the goniometer must be empty.

    Args:
        bl: The beamline.
        settings: Its zoom levels.
        backgrounds: Keeps them.
        zooms: Only these.
    """
    for zoom in zooms_of(settings) if zooms is None else zooms:
        yield from light_up(bl, zoom)
        frames = []
        for _ in range(FRAMES_MIN):
            frames.append((yield from take_image(bl)))
        backgrounds.put(Background.of(frames, bl.viewer.name, zoom, LIGHT_FRAC, time.time()))
