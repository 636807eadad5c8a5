"""Who may do what with the queue.

| action       | staff | udc | user | observer | what it is                                                |
|--------------|-------|-----|------|----------|-----------------------------------------------------------|
| see          | any   | any | any  | any      | read the tree, its events and the ledger                  |
| add_session  | any   | any | -    | -        | add a session                                             |
| add          | any   | any | own  | -        | add samples and experiments to a session                  |
| copy         | any   | own | own  | -        | copy an experiment; the copy has no priority              |
| change       | any   | own | own  | -        | give an experiment another content, set a sample group    |
| move         | any   | own | own  | -        | put an experiment or a sample elsewhere in its session    |
| enable       | any   | any | own  | -        | switch an experiment on or off                            |
| priority     | any   | any | -    | -        | set a priority, also one that a new content brings along  |
| remove       | any   | own | own  | -        | take an experiment, a sample or a session out of the tree |
| retry        | any   | any | own  | -        | let an ended experiment wait again                        |
| run          | any   | any | own  | -        | start the queue, go on after a pause                      |
| pause        | any   | any | any  | -        | pause the queue: nobody who works here is refused a stop  |
| abort        | any   | any | own  | -        | end the experiment that runs                              |

`any`: everybody's; `own`: what the caller's own sessions hold, for `run` and `abort` the experiment that is next or runs;
`-`: not at all. Priorities go over all sessions, hence not for users. A group that is not in the table may do nothing.
The `udc` group is for the programs of unattended data collection.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

Scope: TypeAlias = Literal["any", "own", "-"]


class Group(StrEnum):
    """Groups of users."""

    STAFF = "staff"
    UDC = "udc"
    USER = "user"
    OBSERVER = "observer"


class Action(StrEnum):
    """What can be done with the queue."""

    SEE = "see"
    ADD_SESSION = "add_session"
    ADD = "add"
    COPY = "copy"
    CHANGE = "change"
    MOVE = "move"
    ENABLE = "enable"
    PRIORITY = "priority"
    REMOVE = "remove"
    RETRY = "retry"
    RUN = "run"
    PAUSE = "pause"
    ABORT = "abort"


_GROUPS = (Group.STAFF, Group.UDC, Group.USER, Group.OBSERVER)
_SCOPES: dict[Action, tuple[Scope, Scope, Scope, Scope]] = {
    Action.SEE: ("any", "any", "any", "any"),
    Action.ADD_SESSION: ("any", "any", "-", "-"),
    Action.ADD: ("any", "any", "own", "-"),
    Action.COPY: ("any", "own", "own", "-"),
    Action.CHANGE: ("any", "own", "own", "-"),
    Action.MOVE: ("any", "own", "own", "-"),
    Action.ENABLE: ("any", "any", "own", "-"),
    Action.PRIORITY: ("any", "any", "-", "-"),
    Action.REMOVE: ("any", "own", "own", "-"),
    Action.RETRY: ("any", "any", "own", "-"),
    Action.RUN: ("any", "any", "own", "-"),
    Action.PAUSE: ("any", "any", "any", "-"),
    Action.ABORT: ("any", "any", "own", "-"),
}


def may(group: str, action: Action, own: bool) -> bool:
    """Whether a member of a group may do something.

    Args:
        group: See `Group`; any other may do nothing.
        action: What it is.
        own: Whether it concerns what is the member's own.

    >>> may("user", Action.REMOVE, own=True), may("user", Action.REMOVE, own=False), may("visitor", Action.SEE, own=True)
    (True, False, False)
    """
    if group not in tuple(Group):
        return False
    scope = _SCOPES[action][_GROUPS.index(Group(group))]
    return scope == "any" or (scope == "own" and own)
