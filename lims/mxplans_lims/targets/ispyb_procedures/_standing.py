"""Rows that stand already, found as `targets.ispyb.rows` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from mxplans_lims.targets.ispyb.comments import beside
from mxplans_lims.targets.ispyb.row import PLACE, Row
from mxplans_lims.targets.ispyb.tables import primary_key, table

_OWNER = "DataCollection"
_COMMENTS = 1024
"""Characters of comments in all tables that can be changed."""


def standing(connection: Connection, row: Row, values: Mapping[str, Any], ids: Mapping[str, str]) -> str | None:
    """Identifier of a row that an earlier attempt has left there; None if there is none.

    Args:
        connection: To read with.
        row: What is to be written.
        values: By column, links included.
        ids: Of the rows it may hang on, by key.
    """
    if row.owner is not None:
        owner, column = row.owner
        of = table(_OWNER)
        found = connection.execute(select(of.c[column]).where(primary_key(of) == int(ids[owner]))).scalar()
        return None if found is None else str(found)
    its = table(row.table)
    key = primary_key(its)
    query = select(key).where(*(its.c[name] == values.get(name) for name in row.natural if name != PLACE))
    if row.mark is not None and row.uid is not None:
        query = query.where(its.c[row.mark].contains(row.uid, autoescape=True))
    found = connection.execute(query.order_by(key).limit(1)).scalar()
    return None if found is None else str(found)


def with_comments_of_others(
    connection: Connection, row: Row, values: Mapping[str, Any], ids: Mapping[str, str], known: str
) -> Mapping[str, Any]:
    """Values of a row that stands: what people or programs have written into its comments stays, ours is added once.

    Args:
        connection: To read with.
        row: What is to be changed.
        values: By column.
        ids: Of this experiment so far, by key.
        known: Its identifier.
    """
    said = row.words(ids)
    if not said:
        return values
    its = table(row.table)
    stands = connection.execute(select(its.c.comments).where(primary_key(its) == int(known))).scalar() or ""
    return {**values, "comments": beside(stands, said, _COMMENTS)}
