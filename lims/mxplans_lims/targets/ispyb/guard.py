"""What a column takes: checked before anything is sent, since not every database says no (SQLite) or says it aloud."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Enum, String, Table

from mxplans.errors import TargetRefused, TargetUnreachable
from mxplans_lims.targets.ispyb.comments import shortened

FREE_TEXT = ("comments", "message", "statusDescription")
"""Columns with words of ours, which may be shortened; what identifies something is never cut."""


def fitting(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the columns take them: times from their text, words of ours shortened with an ellipsis where they must be.

    Raises:
        TargetRefused: For a text that is too long or a word that is not allowed.
        TargetUnreachable: For a column that the installed package does not know: no record is at fault.
    """
    return {name: _fitting(table, name, value) for name, value in values.items()}


def _fitting(table: Table, name: str, value: Any) -> Any:
    if name not in table.c:
        raise TargetUnreachable(
            f"{table.name} has no column {name} in the installed package ispyb: use version 12.1 or newer"
        )
    column = table.c[name]
    if isinstance(column.type, DateTime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(column.type, Enum):
        return _allowed(column, value)
    if isinstance(column.type, String) and column.type.length is not None and isinstance(value, str):
        return _short(column, value, column.type.length)
    return value


def _allowed(column: Column[Any], value: Any) -> Any:
    words = column.type.enums  # type: ignore[attr-defined]  # an Enum, as its caller has seen
    if value not in words:
        raise TargetRefused(
            f"{column.table.name}.{column.name} is {value!r}; allowed is one of {', '.join(words)}: map it in the "
            "settings of the target, or correct the record"
        )
    return value


def _short(column: Column[Any], value: str, length: int) -> str:
    if len(value) <= length:
        return value
    if column.name in FREE_TEXT:
        return shortened(value, length)
    raise TargetRefused(
        f"{column.table.name}.{column.name} has {len(value)} characters: {value!r}; allowed are {length}: choose a shorter one"
    )


def require_complete(table: Table, values: Mapping[str, Any]) -> None:
    """A new row has all that it must have.

    Raises:
        TargetRefused: If a required column has no value.
    """
    for column in table.c:
        needed = not column.nullable and column.server_default is None and not column.primary_key
        if needed and values.get(column.name) is None:
            raise TargetRefused(f"{table.name}.{column.name} is missing; it is required: complete the record")
