"""How a sample ended: a typed verdict with its reason and its evidence. A beamline's faults are exceptions instead."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Verdict(StrEnum):
    """What became of a sample."""

    COLLECTED = "COLLECTED"
    DONE = "DONE"
    EMPTY_MOUNT = "EMPTY_MOUNT"
    PIN_MISSING = "PIN_MISSING"
    NOT_CENTRED = "NOT_CENTRED"
    NO_DIFFRACTION = "NO_DIFFRACTION"
    NO_LIMS_ID = "NO_LIMS_ID"


class Outcome(BaseModel):
    """A verdict, why, and the numbers that it rests on.

    Attributes:
        verdict: What became of the sample.
        reason: For people.
        evidence: Numbers by name, units as suffixes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    verdict: Verdict
    reason: str = Field(min_length=1)
    evidence: Mapping[str, float] = {}

    @property
    def collected(self) -> bool:
        """Whether data were taken."""
        return self.verdict is Verdict.COLLECTED

    @property
    def succeeded(self) -> bool:
        """Whether what was asked for was done, with or without data."""
        return self.verdict in (Verdict.COLLECTED, Verdict.DONE)

    def values(self) -> dict[str, str | float]:
        """The values of its event."""
        evidence = {f"evidence_{name}": float(value) for name, value in self.evidence.items()}
        return {"verdict": str(self.verdict), "verdict_reason": self.reason, **evidence}
