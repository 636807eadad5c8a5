"""The role of an outside service that finds crystals in scanned grids."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from mxplans.model.crystal_search import CrystalAnswer
from mxplans.roles._protocols import Status


@runtime_checkable
class CrystalFinder(Protocol):
    """Finds crystals in whole grids, by an analysis of its own: scores of boxes stay with it, unlike a spot finder's.

    Setting it to a `CrystalRequest` ends when the answer is there; `answer` is that of the last request, None before
    it has come. No diffraction is an answer without crystals; a service that is away, late or talks nonsense fails the
    Status with `DeviceFault`.
    """

    @property
    def name(self) -> str:
        """Prefix of its keys in documents."""
        ...

    parent: Any

    def set(self, value: Any) -> Status:
        """Ask for the crystals in one grid or in two."""
        ...

    @property
    def answer(self) -> CrystalAnswer | None:
        """What was found."""
        ...
