"""Mounting and unmounting."""

from __future__ import annotations

from typing import Any

from bluesky import plan_stubs as bps
from bluesky.utils import Msg, MsgGenerator

from mxplans.model.acquisition import SampleLocation
from mxplans.plans.pausing import ScanInterrupted
from mxplans.plans.preparing import oriented_by
from mxplans.plans.safe import make_safe
from mxplans.plans.waiting import MOVE_TIMEOUT_S, ROBOT_TIMEOUT_S, set_and_wait, trigger_and_wait
from mxplans.roles import Beamline

# Where the robot expects the goniometer (x, y, z, mm).
EXCHANGE_POSITION_MM = (0.0, 0.0, 0.0)


def ready_for_exchange(bl: Beamline) -> MsgGenerator[None]:
    """Make safe and bring the goniometer to where the robot expects it."""
    yield from make_safe(bl)
    gonio = bl.goniometer
    x, y, z = EXCHANGE_POSITION_MM
    moves: list[Any] = [gonio.x, x, gonio.y, y, gonio.z, z, gonio.omega, 0.0]
    for axis in oriented_by(bl):
        moves += [axis, 0.0]
    yield from set_and_wait(MOVE_TIMEOUT_S, *moves)


def pin_on_goniometer(bl: Beamline) -> MsgGenerator[bool]:
    """Whether a pin hangs there, by the sensor or by what the robot remembers: ice and a blind sensor hide a pin."""
    sensed = yield from bps.rd(bl.sample_changer.pin_mounted)
    remembered = yield from bps.rd(bl.sample_changer.current_pin)
    return bool(sensed or remembered)


def _put_back(bl: Beamline) -> MsgGenerator[None]:
    """Let the robot take the pin away.

    At a pause the RunEngine stops what was set, the robot's way to the goniometer too, but nothing that was triggered.
    """
    try:
        yield from trigger_and_wait(bl.sample_changer.unload, ROBOT_TIMEOUT_S)
    except ScanInterrupted:
        yield Msg("stop", bl.sample_changer.unload)
        raise


def mount(bl: Beamline, location: SampleLocation) -> MsgGenerator[None]:
    """Mount a pin; one that hangs already is put back first.

    Raises:
        SampleProblem: If there is no pin at that place.
        RobotFault: If the robot stopped for another reason.
    """
    yield from ready_for_exchange(bl)
    if (yield from pin_on_goniometer(bl)):
        yield from _put_back(bl)
    yield from set_and_wait(ROBOT_TIMEOUT_S, bl.sample_changer.load, location)


def unmount(bl: Beamline) -> MsgGenerator[bool]:
    """Put the mounted pin back; returns False when there was none.

    Raises:
        RobotFault: If the robot stopped; the sample is then still known as mounted.
    """
    yield from ready_for_exchange(bl)
    if not (yield from pin_on_goniometer(bl)):
        return False
    yield from _put_back(bl)
    return True
