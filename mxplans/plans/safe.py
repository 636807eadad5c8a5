"""What every plan leaves behind, whatever happened: shutter closed, detector disarmed, goniometer at rest."""

from __future__ import annotations

from bluesky.utils import Msg, MsgGenerator

from mxplans.plans.waiting import MOVE_TIMEOUT_S, set_and_wait
from mxplans.roles import Beamline, ShutterState


def close_shutter(bl: Beamline) -> MsgGenerator[None]:
    """Close the fast shutter."""
    yield from set_and_wait(MOVE_TIMEOUT_S, bl.fast_shutter, ShutterState.CLOSED)


def rest(bl: Beamline) -> MsgGenerator[None]:
    """Stop the motion program, close the shutter."""
    yield Msg("stop", bl.goniometer)
    yield from close_shutter(bl)


def make_safe(bl: Beamline) -> MsgGenerator[None]:
    """Stop the motion program, close the shutter, disarm the detector, in this order.

    The detector is disarmed even when the shutter does not answer.
    """
    try:
        yield from rest(bl)
    finally:
        yield Msg("unstage", bl.detector)
