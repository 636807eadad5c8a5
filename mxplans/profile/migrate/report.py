"""What a migration did, or would do, file by file; typed, so that a terminal and a page tell the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path, PurePath, PurePosixPath

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.places import Finding

_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|/?[\w./-]*\d[\w./-]*|/[\w./-]+")
"""What a sentence says of one file, and not of its kind: quoted texts, numbers, names of objects."""


class Fate(StrEnum):
    """What became of a file."""

    CONVERTED = "converted"
    """It is YAML-B now."""
    UPDATED = "mentions updated"
    """It is as it was, but names files that were converted by their new names."""
    KEPT = "kept"
    """It is what it was, byte for byte."""


class Outcome(StrEnum):
    """How a migration ended."""

    DONE = "done"
    UNCHANGED = "unchanged"
    """The destination held the result already."""
    WOULD_BE_DONE = "would be done"
    """Nothing was written, since that was asked for."""
    REFUSED = "refused"
    """Nothing was written, since something is wrong."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of each there are.

    Attributes:
        objects: Hardware objects.
        references: Mentions of other objects.
        commands: Commands.
        channels: Channels.
        comments: Lines of comments that are not empty.
    """

    objects: int = 0
    references: int = 0
    commands: int = 0
    channels: int = 0
    comments: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    @classmethod
    def of(cls, config: ConfigObject | None) -> Tally:
        """Of one object; nothing of none."""
        if config is None:
            return cls()
        lines = sum(1 for comment in config.comments for line in comment.text.splitlines() if line.strip())
        return cls(1, len(config.references), len(config.commands), len(config.channels), lines)


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file.

    Attributes:
        path: In the source.
        result: In the destination.
        fate: What became of it.
        why: Why it was kept, if that needs a word.
        before: What it holds in the source.
        after: What it holds in the destination.
        literals: Texts that hold a Python or JSON literal, each as `place: text`.
        supplement: Parts that YAML-B has no form for, which stand under `x-mxplans`.
    """

    path: PurePosixPath
    result: PurePosixPath
    fate: Fate
    why: str = ""
    before: Tally = Tally()
    after: Tally = Tally()
    literals: tuple[str, ...] = ()
    supplement: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphReport:
    """What an entry file brings together.

    Attributes:
        name: Path of the entry file; "all files" for the folder as a whole.
        instances_before: Objects that a program would make from the source, one for each name.
        instances_after: The same from the destination.
        missing: Objects that are mentioned and not there, before and after.
    """

    name: str
    instances_before: int
    instances_after: int
    missing: int


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What a migration did, or would do.

    Attributes:
        source: Folder that was read.
        destination: Folder for the result.
        outcome: How it ended.
        files: What became of each file, by path.
        graphs: The folder as a whole, and each entry file.
        findings: What is to be known; with an error the migration is refused.
    """

    source: Path
    destination: Path
    outcome: Outcome
    files: tuple[FileReport, ...] = ()
    graphs: tuple[GraphReport, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def before(self) -> Tally:
        """All that the source holds."""
        return sum((file.before for file in self.files), Tally())

    @property
    def after(self) -> Tally:
        """All that the destination holds."""
        return sum((file.after for file in self.files), Tally())

    @property
    def lost(self) -> int:
        """How much of all that is counted is in the source and not in the destination."""
        return sum(
            max(0, getattr(file.before, each.name) - getattr(file.after, each.name))
            for file in self.files
            for each in fields(Tally)
        )

    def with_fate(self, fate: Fate) -> tuple[FileReport, ...]:
        """The files that this became of."""
        return tuple(file for file in self.files if file.fate is fate)


def shown(path: PurePath) -> str:
    """A path as text that can be printed and written, whatever bytes its name has."""
    return str(path).encode("utf-8", "backslashreplace").decode()


def by_kind(findings: Iterable[Finding]) -> list[tuple[str, str, int]]:
    """How many findings say the same of different things: (severity, what is said, how many), the most frequent first.

    >>> from mxplans.profile.places import Place, Severity
    >>> by_kind(Finding(Severity.WARNING, Place("a.xml"), f"text '{text}' is read as {text}") for text in ("07", "08"))
    [('warning', 'text … is read as …', 2)]
    """
    kinds = Counter((str(finding.severity), _PARTICULAR.sub("…", finding.what)) for finding in findings)
    return [(severity, what, count) for (severity, what), count in kinds.most_common()]
