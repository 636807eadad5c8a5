"""Rows of ISPyB as what is said to the server: pure, and plain JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from mxplans_lims.delivery import Step
from mxplans_lims.targets.expeye.routes import WIDTHS, Route
from mxplans_lims.targets.ispyb.comments import shortened
from mxplans_lims.targets.ispyb.row import SAMPLE, Row, rows_of


@dataclass(frozen=True)
class Call:
    """A row to be made or changed.

    Attributes:
        table: Whose route it takes.
        proposal: As `mx1234`.
        session: Its number within the proposal; None where the first step finds it.
        parent: Key of the row it hangs on; None when that is the session.
        body: Fields and values.
        match: Fields that tell it from the others beside it.
        mark: Our uid where they do not.
        place: Among those that are the same in all this, counted from 0.
        at_first: Said in `comments` when it is made, and never again.
        known: Identifier of the row, where it is somebody else's.
    """

    table: str
    proposal: str
    session: int | None
    parent: str | None
    body: Mapping[str, Any]
    match: Mapping[str, Any]
    mark: str | None = None
    place: int = 0
    at_first: str = ""
    known: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The payload of its step."""
        return asdict(self)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Self:
        """Read from the payload of a step."""
        return cls(**payload)


def calls_of(steps: Sequence[Step], routes: Mapping[str, Route]) -> Iterator[tuple[str, Call]]:
    """Calls by key, in the order of the rows, without those of tables that have no route.

    Args:
        steps: As `ispyb_rows` makes them; the first says which session and sample are meant.
        routes: By table.
    """
    meant = steps[0].payload
    place = (meant["proposal"]["code"] + meant["proposal"]["number"], meant["session"])
    sample = next((text for text in meant["sample"]["identifiers"] if text.isdigit()), None)
    for row in (row for step in steps[1:] for row in rows_of(step)):
        route = routes.get(row.table)
        if route is None:
            continue
        if row.known_only:
            if sample is not None and route.row is not None:
                yield row.key, Call(row.table, *place, None, _body(row, route), {}, known=sample)
        elif route.create is not None:
            yield row.key, _call(row, route, place, sample)


def _call(row: Row, route: Route, place: tuple[str, int | None], sample: str | None) -> Call:
    body = _body(row, route)
    if sample is not None:
        linked = (column for column, key in row.links.items() if key == SAMPLE and column in route.fields)
        body |= {route.fields[column]: int(sample) for column in linked}
    note = row.note if sample is None else ""
    uid = row.uid if route.mark else None
    natural = () if uid else row.natural
    return Call(
        row.table,
        *place,
        parent=_parent(row, route),
        body=body,
        match={route.fields[column]: row.values[column] for column in natural if column in route.fields},
        mark=uid,
        place=row.place,
        at_first="; ".join(text for text in (note, uid and f"mxplans {uid}") if text),
    )


def _body(row: Row, route: Route) -> dict[str, Any]:
    return {
        route.fields[column]: shortened(value, WIDTHS[column]) if column in WIDTHS else value
        for column, value in row.values.items()
        if column in route.fields
    }


def _parent(row: Row, route: Route) -> str | None:
    """Key of the row that the path goes through: one of the same kind of key, `group/...` or `collection/...`."""
    if route.parent is None:
        return None
    if row.owner is not None:
        return row.owner[0]
    return next(key for column, key in row.links.items() if column == _ID_COLUMN[route.parent])


_ID_COLUMN = {
    "DataCollectionGroup": "dataCollectionGroupId",
    "DataCollection": "dataCollectionId",
    "XrayCentring": "xrayCentringId",
    "Screening": "screeningId",
    "ScreeningOutput": "screeningOutputId",
    "ScreeningStrategy": "screeningStrategyId",
    "ScreeningStrategyWedge": "screeningStrategyWedgeId",
}
"""Columns that a row's parent is named by."""
