"""Phases of an experiment as events, so that their seconds can be read off the documents; and the robot's actions."""

from __future__ import annotations

from typing import TypeVar

from bluesky.utils import MsgGenerator

from mxplans.model.acquisition import SampleLocation
from mxplans.plans import documents
from mxplans.plans.record import record

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


def robot_event(action: str, location: SampleLocation | None, code: int, message: str) -> MsgGenerator[None]:
    """What the robot did; a place of 0 is one that nobody knows."""
    yield from record(
        documents.ROBOT,
        {
            "robot_action": action,
            "robot_puck": location.puck if location else 0,
            "robot_pin": location.pin if location else 0,
            "robot_code": code,
            "robot_message": message,
        },
    )
