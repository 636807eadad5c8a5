"""The role of a LIMS that gives identifiers before a collection starts."""

from __future__ import annotations

from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from mxplans.roles._protocols import Readable, Status

Otherwise: TypeAlias = Literal["go_on", "skip", "stop"]
"""What becomes of an experiment without an identifier: collected all the same, left out, or the end of the night."""


@runtime_checkable
class LimsIds(Protocol):
    """Waits for the identifiers that a LIMS gives to an experiment, where a site's processing needs them.

    Setting it to the uuid of a queue item, whose run is open, ends when its target has given them. The Status fails with
    `DeviceFault` after `timeout_s`, or as soon as it is known that they will not come. `ids` reads those of the last
    item, by the key of what they stand for (`{"group": "1234"}`); empty before they have come. `stop` ends the wait, and the Status with it.
    """

    @property
    def name(self) -> str:
        """Prefix of its keys in documents."""
        ...

    parent: Any
    ids: Readable

    @property
    def target(self) -> str:
        """Name of the target, as in the profile."""
        ...

    @property
    def timeout_s(self) -> float:
        """Real seconds to wait."""
        ...

    @property
    def otherwise(self) -> Otherwise:
        """What to do without them."""
        ...

    def set(self, value: Any) -> Status:
        """Ask for those of a queue item, by its uuid."""
        ...

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer."""
        ...
