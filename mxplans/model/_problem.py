"""One thing that is wrong with a message, and how it is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mxplans.model._outside import shown


@dataclass(frozen=True)
class Problem:
    """Something that no schema sees.

    Attributes:
        path: Where it is: type, key and fields by their MXLIMS names.
        value: What stands there.
        allowed: What may stand there.
        remedy: What to do.

    >>> print(Problem("Pin.Pin1.positionInPuck", 17, "1 to 16, as Puck1 has room for", "correct either"))
    Pin.Pin1.positionInPuck is 17; allowed is 1 to 16, as Puck1 has room for: correct either
    """

    path: str
    value: object
    allowed: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.path} is {shown(self.value)}; allowed is {self.allowed}: {self.remedy}"


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names in a row, the first few of many.

    >>> listed(["a", "b", "c"], most=2), listed([])
    ('a, b and 1 more', 'none')
    """
    known = list(names)
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return (", ".join(known[:most]) or "none") + more
