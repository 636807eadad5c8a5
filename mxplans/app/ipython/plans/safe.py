"""Leaving the beamline as nobody is hurt by it."""

from __future__ import annotations

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.plans import safe
from mxplans.roles import Beamline


def make_safe(desk: Desk, bl: Beamline) -> MsgGenerator[None]:
    """Stop the motion program, close the shutter, disarm the detector.

    Example:
        RE(safe.make_safe())
    """
    yield from safe.make_safe(bl)


def close_shutter(desk: Desk, bl: Beamline) -> MsgGenerator[None]:
    """Close the fast shutter.

    Example:
        RE(safe.close_shutter())
    """
    yield from safe.close_shutter(bl)


PLANS = (make_safe, close_shutter)
