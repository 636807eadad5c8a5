"""What stands in a role whose device is not there: it says why, to whoever uses it."""

from __future__ import annotations

from typing import Any, NoReturn

from mxplans.errors import DeviceFault


class StandIn:
    """Has a name; everything else that one asks of it is refused.

    Args:
        name: The role.
        reason: Why there is no device.

    Attributes:
        reason: As given.
        parent: None, as of any device that is no part of another.

    >>> StandIn("viewer", "its server is down").frame
    Traceback (most recent call last):
    mxplans.errors.DeviceFault: viewer cannot be used: its server is down; bl.reconnect("viewer") tries again
    """

    parent = None

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason

    def __getattr__(self, attribute: str) -> NoReturn:
        # Python and IPython ask any object for private names, to find out what it can do.
        if attribute.startswith("_"):
            raise AttributeError(attribute)
        raise DeviceFault(f'{self.name} cannot be used: {self.reason}; bl.reconnect("{self.name}") tries again')

    def __dir__(self) -> list[str]:
        return ["name", "reason"]

    def __repr__(self) -> str:
        return f"<{self.name}: not there, {self.reason}>"


def is_there(device: Any) -> bool:
    """Whether a role is played by a device."""
    return device is not None and not isinstance(device, StandIn)
