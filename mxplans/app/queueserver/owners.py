"""Whose a session is, asked only when it decides something."""

from __future__ import annotations

from mxplans.app.queueserver.desk import Caller, Desk, missing
from mxplans.errors import QueueRefused
from mxplans.queue.permissions import Action, may


def require_in_session(desk: Desk, who: Caller, action: Action, session: str) -> None:
    """See that the caller may do something in a session.

    Raises:
        Refused: 403 if not, 404 if there is no such session.
    """
    if not may(who.group, action, own=False):
        who.require(action, own=owner_of(desk, session) == who.name)


def require_for_item(desk: Desk, who: Caller, action: Action, uuid: str) -> None:
    """See that an experiment is there and that the caller may do something with it.

    Raises:
        Refused: 403 if not, 404 if there is no such experiment.
    """
    try:
        session = desk.store.item(uuid)["session"]
    except QueueRefused:
        missing(f"experiment {uuid}")
    require_in_session(desk, who, action, session)


def owner_of(desk: Desk, session: str) -> str:
    """Who owns a session.

    Raises:
        Refused: 404 if there is no such session.
    """
    owner = desk.store.owner_of(session)
    if owner is None:
        missing(f"session {session}")
    return owner
