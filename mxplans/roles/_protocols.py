"""What bluesky asks of devices, as far as roles are made of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable


class Status(Protocol):
    """Outcome of a set or trigger, as in `bluesky.protocols`."""

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        ...

    @property
    def success(self) -> bool:
        """Whether it ended well."""
        ...

    def add_callback(self, callback: Callable[[Any], None]) -> None:
        """Call when it ends."""
        ...

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """The reason of a failure."""
        ...


@runtime_checkable
class Readable(Protocol):
    """Gives values with names; `bluesky.protocols.Readable`."""

    @property
    def name(self) -> str:
        """Prefix of its keys in documents."""
        ...

    parent: Any

    def read(self) -> Any:
        """Present values."""
        ...

    def describe(self) -> Any:
        """Their types, shapes and units."""
        ...


@runtime_checkable
class Movable(Readable, Protocol):
    """Can be set to a value; `bluesky.protocols.Movable`."""

    def set(self, value: Any) -> Status:
        """Start towards a value."""
        ...


@runtime_checkable
class Triggerable(Protocol):
    """Does its one thing when triggered; `bluesky.protocols.Triggerable`."""

    @property
    def name(self) -> str:
        """Prefix of its keys in documents."""
        ...

    parent: Any

    def trigger(self) -> Status:
        """Start the one thing."""
        ...
