"""Where faults come in: the world asks, at the places where things go wrong, whether they go wrong now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Parameters = Mapping[str, Any]


class FaultSource(Protocol):
    """Knows which faults strike when."""

    def take(self, kind: str, **context: Any) -> Parameters | None:
        """Parameters of a fault of this kind that strikes now, which is then counted; None when all is well."""
        ...

    def active(self, kind: str, **context: Any) -> Parameters | None:
        """Parameters of a fault of this kind that lasts at present; None when all is well."""
        ...


class NoFaults:
    """A world in which nothing goes wrong."""

    def take(self, kind: str, **context: Any) -> Parameters | None:
        """Nothing strikes."""
        return None

    def active(self, kind: str, **context: Any) -> Parameters | None:
        """Nothing lasts."""
        return None
