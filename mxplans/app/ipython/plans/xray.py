"""Finding crystals with X-rays."""

from __future__ import annotations

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.app.ipython.plans.in_run import in_run
from mxplans.errors import InvalidInput
from mxplans.plans.orienting import read_orientation
from mxplans.plans.xray import XrayCentre, move_to_candidate, xray_centring
from mxplans.roles import Beamline


def centre(desk: Desk, bl: Beamline) -> MsgGenerator[XrayCentre]:
    """Scan the loop by the profile's strategy and put the best crystal into the beam; first comes optical.centre().

    Returns:
        The crystals, best first; none when the grids show no diffraction.

    Example:
        RE(xray.centre())
    """
    optical = desk.centred("xray.centre")
    settings, sample = desk.settings, desk.sample
    plan = xray_centring(bl, optical, settings.xray, settings.collection, desk.context, settings.goniometer)
    found = yield from in_run(plan, desk.metadata("xray_centring"))
    sample.crystals = found.crystals
    sample.found_at = yield from read_orientation(bl)
    if found.crystals:
        yield from move_to_candidate(bl, found.candidates[0], settings.limits)
    return found


def move_to(desk: Desk, bl: Beamline, crystal: int = 1) -> MsgGenerator[None]:
    """Put one of the crystals that xray.centre() found into the beam.

    Args:
        desk: The session's.
        bl: The beamline.
        crystal: Its rank, from 1, the best first.

    Example:
        RE(xray.move_to(crystal=2))
    """
    found = desk.sample.candidates
    if not 1 <= crystal <= len(found):
        allowed = f"1 to {len(found)}" if found else "none: first RE(xray.centre())"
        raise InvalidInput(f"crystal {crystal} is asked for; allowed are {allowed}")
    yield from move_to_candidate(bl, found[crystal - 1], desk.settings.limits)


PLANS = (centre, move_to)
