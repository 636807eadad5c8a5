"""Phases of an experiment as events, so that their seconds can be read off the documents; and the robot's actions."""

from __future__ import annotations

from typing import TypeVar

from bluesky.utils import MsgGenerator

from mxplans.model.acquisition import SampleLocation
from mxplans.plans import documents
from mxplans.plans.record import record
from mxplans.plans.waiting import value_of
from mxplans.roles import Beamline

T = TypeVar("T")


def phase(name: str, plan: MsgGenerator[T]) -> MsgGenerator[T]:
    """Run a plan between two events."""
    yield from phase_event(name, "begin")
    result = yield from plan
    yield from phase_event(name, "end")
    return result


def phase_event(name: str, state: str) -> MsgGenerator[None]:
    """A phase begins or ends."""
    yield from record(documents.PHASE, {"phase": name, "state": state})


def robot_event(
    bl: Beamline, action: str, location: SampleLocation | None, code: int, message: str, start_s: float
) -> MsgGenerator[None]:
    """What the robot has done; a place of 0 is one that nobody knows.

    Args:
        bl: The beamline, for the barcode of the pin that hangs now, where its robot reads one.
        action: LOAD or UNLOAD.
        location: Where the pin belongs.
        code: 0 for done.
        message: For people.
        start_s: When it began, seconds since 1970.
    """
    reader = getattr(bl.sample_changer, "barcode", None)
    barcode = "" if reader is None else str((yield from value_of(reader)))
    yield from record(
        documents.ROBOT,
        {
            "robot_action": action,
            "robot_puck": location.puck if location else 0,
            "robot_pin": location.pin if location else 0,
            "robot_code": code,
            "robot_message": message,
            "robot_start_s": start_s,
            "robot_barcode": barcode,
        },
    )
