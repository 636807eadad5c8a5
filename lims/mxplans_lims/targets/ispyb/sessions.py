"""Which session of a proposal is meant, when a shipment names none: MXLIMS has it so for unattended data collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mxplans.errors import TargetRefused


@dataclass(frozen=True)
class Session:
    """A session as ISPyB tells of it; its times are naive ones of the site, None where nobody entered them."""

    number: int | None
    beamline: str | None
    start: datetime | None
    end: datetime | None

    def takes(self, beamline: str | None, when: datetime) -> bool:
        """Whether something that began then on a beamline belongs to it; without a beamline, on whichever."""
        if self.number is None or self.start is None or self.end is None:
            return False
        return (beamline is None or self.beamline == beamline) and self.start <= when <= self.end

    def __str__(self) -> str:
        return f"{self.number} ({self.beamline or 'no beamline'}, {self.start or '?'} to {self.end or '?'})"


def session_at(sessions: Sequence[Session], meant: Mapping[str, Any]) -> int:
    """Number of the one session of a proposal that an experiment began in.

    Args:
        sessions: All of the proposal.
        meant: Payload of the first step.

    Raises:
        TargetRefused: If there is none or several.
    """
    beamline, when = meant["beamline"], datetime.fromisoformat(meant["began"])
    numbers = {each.number for each in sessions if each.takes(beamline, when)}
    if len(numbers) == 1 and (number := numbers.pop()) is not None:
        return number
    proposal = f"{meant['proposal']['code']}{meant['proposal']['number']}"
    chosen = [each for each in sessions if each.takes(beamline, when)] or sessions
    raise TargetRefused(
        f"the shipment of proposal {proposal} names no session, and {'several are' if numbers else 'none is'} at "
        f"{beamline or 'any beamline'} at {when} (time of the site); there are: {', '.join(map(str, chosen)) or 'none'}: "
        "enter its dates, give the shipment its sessionNumber or the target a `session`, then retry"
    )


def session_unknown(meant: Mapping[str, Any]) -> TargetRefused:
    """What is said where sessions cannot be looked up."""
    proposal = f"{meant['proposal']['code']}{meant['proposal']['number']}"
    return TargetRefused(
        f"the shipment of proposal {proposal} names no session, and without `look_up` none is looked up: give the shipment "
        "its sessionNumber or the target a `session`, then retry"
    )
