"""Where something stands: file, line and column; and what was found there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file, as editors count.

    Attributes:
        file: Path, relative to the folder that is read where it is below it.
        line: From 1; 0 for the file as a whole.
        column: From 1; 0 for the line as a whole.

    >>> str(Place("diffractometer/omega.xml", 3, 5))
    'diffractometer/omega.xml:3:5'
    >>> str(Place("beamline.yaml"))
    'beamline.yaml'
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


class Severity(StrEnum):
    """What a finding means for who reads it."""

    ERROR = "error"
    """It cannot be used as it is."""
    WARNING = "warning"
    """It can be used, and is probably not what its author meant."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a file that somebody should know.

    Attributes:
        severity: What it means.
        place: Where.
        what: The thing, its value and what is allowed.
        remedy: What to do.
        also: Other places that have to do with it, as the first of two definitions.

    >>> print(Finding(Severity.WARNING, Place("a.xml", 2), "text '007' is read as 7", "write 7"))
    a.xml:2: warning: text '007' is read as 7; write 7
    """

    severity: Severity
    place: Place
    what: str
    remedy: str = ""
    also: tuple[Place, ...] = ()

    def __str__(self) -> str:
        also = f" (see {', '.join(map(str, self.also))})" if self.also else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{self.place}: {self.severity}: {self.what}{also}{remedy}"


def errors_of(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that are errors."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)
