"""Rows into tables: found again or new, in the transaction of a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from mxplans.errors import TargetRefused
from mxplans_lims.targets.ispyb.comments import beside
from mxplans_lims.targets.ispyb.guard import fitting, require_complete
from mxplans_lims.targets.ispyb.row import PLACE, SAMPLE, Row
from mxplans_lims.targets.ispyb.tables import primary_key, table

_OWNER = "DataCollection"
_CENTRING, _CRYSTAL = "XrayCentring", "XrayCentringResult"


def write(connection: Connection, step_key: str, rows: Sequence[Row], ids: Mapping[str, str]) -> dict[str, str]:
    """Write the rows of a step.

    Args:
        connection: In a transaction.
        step_key: Of the step.
        rows: In order: each may hang on those before.
        ids: Identifiers by key, of this experiment so far.

    Returns:
        Identifiers of the rows, by key.

    Raises:
        TargetRefused: If a value does not fit its column.
    """
    known = dict(ids)
    written: dict[str, str] = {}
    for row in rows:
        identifier = _Writer(connection, row, known).write()
        if identifier is not None:
            known[row.key] = written[row.key] = str(identifier)
    _take_away(connection, step_key, rows, ids)
    return written


class _Writer:
    """One row on its way."""

    def __init__(self, connection: Connection, row: Row, ids: Mapping[str, str]) -> None:
        self._connection = connection
        self._row = row
        self._ids = ids
        self._table: Table = table(row.table)
        self._key = primary_key(self._table)

    def write(self) -> int | None:
        """Identifier of the row; None where it cannot or need not be written."""
        row = self._row
        links = self._links()
        if links is None or (row.known_only and row.key not in self._ids):
            return None
        values = fitting(self._table, self._noted()) | links
        found = self._standing(values)
        if found is None and not row.known_only:
            require_complete(self._table, values)
            result = self._connection.execute(insert(self._table).values(values))
            found = int(result.inserted_primary_key[0])  # type: ignore[index]  # an insert of one row has one
            self._point_to(found)
        return found

    def _links(self) -> dict[str, int] | None:
        """Identifiers of the rows it hangs on; None where it must hang on a sample that ISPyB does not know."""
        links: dict[str, int] = {}
        for column, key in self._row.links.items():
            if key in self._ids:
                links[column] = int(self._ids[key])
            elif key != SAMPLE:
                raise TargetRefused(f"{self._row.key} hangs on {key}, which was never sent: replay the experiment")
            elif not self._table.c[column].nullable:
                return None
        return links

    def _noted(self) -> Mapping[str, Any]:
        said = self._row.words(self._ids)
        return {**self._row.values, "comments": "; ".join(said)} if said else self._row.values

    def _standing(self, values: Mapping[str, Any]) -> int | None:
        """The row as it stands, brought up to date; None if it is new, or if somebody has taken it away."""
        known = self._ids.get(self._row.key)
        found = int(known) if known is not None else self._find(values)
        if found is None or not values:
            return found
        values = self._beside_others(values, found)
        result = self._connection.execute(update(self._table).where(self._key == found).values(values))
        return found if result.rowcount else None

    def _beside_others(self, values: Mapping[str, Any], found: int) -> Mapping[str, Any]:
        said = self._row.words(self._ids)
        if not said:
            return values
        column = self._table.c["comments"]
        stands = str(self._connection.execute(select(column).where(self._key == found)).scalar() or "")
        return {**values, "comments": beside(stands, said, column.type.length)}  # type: ignore[attr-defined]  # a text

    def _find(self, values: Mapping[str, Any]) -> int | None:
        row = self._row
        if row.owner is not None:
            return self._owned(*row.owner)
        places = [name for name in row.natural if name != PLACE]
        query = select(self._key).where(*(self._table.c[name] == values.get(name) for name in places))
        if row.mark is not None and row.uid is not None:
            query = query.where(self._table.c[row.mark].contains(row.uid, autoescape=True))
        found = self._connection.execute(query.order_by(self._key).offset(row.place).limit(1)).scalar()
        return None if found is None else int(found)

    def _owned(self, owner: str, column: str) -> int | None:
        of = table(_OWNER)
        query = select(of.c[column]).where(primary_key(of) == int(self._ids[owner]))
        found = self._connection.execute(query).scalar()
        return None if found is None else int(found)

    def _point_to(self, identifier: int) -> None:
        if self._row.owner is None:
            return
        owner, column = self._row.owner
        of = table(_OWNER)
        found = primary_key(of) == int(self._ids[owner])
        self._connection.execute(update(of).where(found).values({column: identifier}))


def _take_away(connection: Connection, step_key: str, rows: Sequence[Row], ids: Mapping[str, str]) -> None:
    """Crystals that we told of before and that are there no more: a later attempt has centred anew."""
    if rows[0].table != _CENTRING:
        return
    told = {row.key for row in rows}
    gone = [int(ids[key]) for key in ids if key.startswith(f"{step_key}/") and key not in told]
    if gone:
        of = table(_CRYSTAL)
        connection.execute(delete(of).where(primary_key(of).in_(gone)))
