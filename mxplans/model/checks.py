"""What no schema of MXLIMS checks: whether a message is sound as a whole.

Reading does not do this by itself: a message with a fault in one corner can still be looked at. Who acts on a message
asks first.
"""

from __future__ import annotations

from mxplans.errors import InvalidMessage
from mxplans.model import _check_acquisition as acquisition
from mxplans.model import _check_links as links
from mxplans.model import _check_places as places
from mxplans.model._problem import Problem
from mxplans.model.message import Message

__all__ = ["Problem", "check_message", "require_sound"]

_CHECKS = (
    links.keys,
    links.references,
    links.circles,
    links.uuids,
    places.within,
    places.taken_once,
    places.wells,
    places.regions,
    acquisition.lines,
    acquisition.scans,
    acquisition.ordinals,
    acquisition.clouds,
    acquisition.times,
    acquisition.cells,
)
_TOLD = 10


def check_message(message: Message) -> tuple[Problem, ...]:
    """Everything that is wrong with a message, nothing if it is sound.

    Fields come first: a message with fields that the classes refuse, as a changed copy may have, is told these alone.

    >>> check_message(Message())
    ()
    """
    refused = tuple(links.fields(message))
    return refused or tuple(problem for check in _CHECKS for problem in check(message))


def require_sound(message: Message, origin: str = "MXLIMS message") -> None:
    """Refuse a message that is not sound.

    Args:
        message: The message.
        origin: Where it came from, for the error.

    Raises:
        InvalidMessage: Naming what is wrong, of many problems the first ten.
    """
    problems = check_message(message)
    if problems:
        more = f"; and {len(problems) - _TOLD} more" if len(problems) > _TOLD else ""
        raise InvalidMessage(f"{origin} is not sound: {'; '.join(map(str, problems[:_TOLD]))}{more}")
