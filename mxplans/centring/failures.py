"""How finding a loop can fail: a class for plans, a reason for people, numbers as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class OpticalFailure(StrEnum):
    """Why there is no centre."""

    EMPTY = "empty mount"
    BENT = "bent"
    TOO_LONG = "too long"
    TOO_SHORT = "too short"
    OUT_OF_VIEW = "out of view"
    UNSTEADY = "unsteady"
    ICED = "iced"
    NO_ANSWER = "no answer"
    NO_IMAGE = "no image"
    DARK = "dark image"
    SATURATED = "saturated image"
    FROZEN = "frozen camera"


@dataclass(frozen=True)
class LoopNotFound:
    """There is no loop, or it cannot be told where.

    Attributes:
        failure: Which kind.
        reason: For people.
        evidence: Numbers by name, units as suffixes.
    """

    failure: OpticalFailure
    reason: str
    evidence: Mapping[str, float] = field(default_factory=dict)

    def values(self) -> dict[str, str | float]:
        """The values of its event."""
        evidence = {f"evidence_{name}": float(value) for name, value in self.evidence.items()}
        return {"optical_failure": str(self.failure), "optical_reason": self.reason, **evidence}

    @property
    def empty(self) -> bool:
        """Whether nothing stands there."""
        return self.failure is OpticalFailure.EMPTY
