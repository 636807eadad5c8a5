"""Rows of ISPyB as plain data: which table, which values, which rows they hang on, how to find them again.

Whoever sends them (SQLAlchemy, stored procedures, REST) knows from here alone what is there already, so that no row comes
twice.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from mxplans_lims.delivery import Step

SESSION = "session"
"""Key of the identifier of the session, which the first step resolves."""
SAMPLE = "sample"
"""Key of the identifier of the sample; there is none where ISPyB does not know it."""
RESOLVE = "resolve"
"""Key of the first step, which finds the two."""
PLACE = "#"
"""Among the columns that tell a row from others: its place, which ends its key, among those that equal it in the rest."""


@dataclass(frozen=True)
class Row:
    """A row to write.

    Attributes:
        key: Under which its identifier is remembered; the same in each fold.
        table: As ISPyB names it.
        values: By column, in the units of the columns; times as ISO text without a zone; `scanParameters` as text.
        links: Columns that hold the identifier of another row, by its key.
        natural: Columns that tell it from all others of the table, when its identifier is not known.
        mark: Column whose text holds `uid`, in place of `natural` (which then only narrows the search).
        uid: Of ours.
        owner: Key of the data collection that points to this one, and the column in which it does.
        note: Added to `comments` where the sample is not known to ISPyB.
        known_only: Not written unless its identifier is known: it is somebody else's row.
    """

    key: str
    table: str
    values: Mapping[str, Any]
    links: Mapping[str, str] = field(default_factory=dict)
    natural: tuple[str, ...] = ()
    mark: str | None = None
    uid: str | None = None
    owner: tuple[str, str] | None = None
    note: str = ""
    known_only: bool = False

    @property
    def place(self) -> int:
        """How many rows stand before it among those that are alike in `natural`, where it is told by its place."""
        return int(self.key.rsplit("/", 1)[1]) - 1 if PLACE in self.natural else 0

    def to_json(self) -> dict[str, Any]:
        """The same as plain JSON."""
        owner = list(self.owner) if self.owner else None
        return {**asdict(self), "natural": list(self.natural), "owner": owner}

    def words(self, ids: Mapping[str, str]) -> tuple[str, ...]:
        """What it says in `comments`: the note where the sample is not among what is known, then its own."""
        note = "" if SAMPLE in ids else self.note
        return tuple(text for text in (note, self.values.get("comments")) if text)

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Read from the payload of a step."""
        owner = content["owner"]
        given = {**content, "natural": tuple(content["natural"]), "owner": tuple(owner) if owner else None}
        return cls(**given)


def step_of(key: str, rows: Sequence[Row]) -> Step:
    """A step that writes rows together, or none of them."""
    return Step(key, {"rows": [row.to_json() for row in rows]})


def rows_of(step: Step) -> tuple[Row, ...]:
    """The rows of a step."""
    return tuple(Row.of(content) for content in step.payload["rows"])


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what is known: a column that is not mentioned keeps what it has. What is no number is not known."""
    return {column: value for column, value in values.items() if value is not None and not _is_nonfinite(value)}


def _is_nonfinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
