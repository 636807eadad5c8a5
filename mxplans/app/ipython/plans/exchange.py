"""Samples come and go."""

from __future__ import annotations

from functools import partial

from bluesky.utils import MsgGenerator

from mxplans.app.ipython.desk import Desk
from mxplans.model.acquisition import SampleLocation
from mxplans.plans.exchange import ready_for_exchange
from mxplans.plans.exchange import unmount as put_back
from mxplans.plans.pausing import again_after_pauses
from mxplans.plans.points_remount import mount_sample
from mxplans.roles import Beamline


def mount(desk: Desk, bl: Beamline, puck: int, pin: int, sample: str | None = None) -> MsgGenerator[None]:
    """Mount a pin; one that hangs already is put back first.

    Args:
        desk: The session's.
        bl: The beamline.
        puck: Its place in the dewar, from 1.
        pin: Its position in the puck, from 1.
        sample: Name, for files and points; None takes that of the shipment, or the place.

    Raises:
        SampleProblem: If there is no pin at that place.

    Example:
        RE(exchange.mount(1, 2))
    """
    location = SampleLocation(puck=puck, pin=pin)
    desk.sample.forget()
    name = sample or desk.name_at(location)
    yield from again_after_pauses(partial(mount_sample, bl, location, name, desk.points))
    desk.sample.location, desk.sample.name = location, name


def unmount(desk: Desk, bl: Beamline) -> MsgGenerator[bool]:
    """Put the mounted pin back.

    Returns:
        False where nothing was mounted.

    Example:
        RE(exchange.unmount())
    """
    done = yield from again_after_pauses(partial(put_back, bl))
    desk.sample.forget()
    return done


def ready(desk: Desk, bl: Beamline) -> MsgGenerator[None]:
    """Make safe, and bring the goniometer to where the robot expects it.

    Example:
        RE(exchange.ready())
    """
    yield from ready_for_exchange(bl)


PLANS = (mount, unmount, ready)
