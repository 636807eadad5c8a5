"""ISPyB's tables as the package `ispyb` declares them; loaded when they are needed, since it is an optional extra."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Column, Table

from mxplans.errors import InvalidInput, TargetUnreachable

_SCHEMA = "ispyb.sqlalchemy._auto_db_schema"


def require_packages(url: str) -> None:
    """The optional packages that a database needs are there: asked before anything is sent.

    Raises:
        InvalidInput: If one is not installed.
    """
    for package in ("ispyb", *(("pymysql",) if url.startswith("mysql") else ())):
        if find_spec(package) is None:
            raise _missing(package)


def _missing(package: str | None) -> InvalidInput:
    return InvalidInput(f"package {package} is not installed; ISPyB needs it: pip install 'mxplans[ispyb]'")


def table(name: str) -> Table:
    """A table by ISPyB's name.

    Raises:
        InvalidInput: If the package is not installed.
        TargetUnreachable: If it is of a version without the table: no record is at fault.
    """
    try:
        tables = import_module(_SCHEMA).Base.metadata.tables
    except ModuleNotFoundError as error:
        raise _missing(error.name) from error
    if name not in tables:
        raise TargetUnreachable(f"package ispyb declares no table {name}; allowed is version 12.1 or newer: update it")
    found: Table = tables[name]
    return found


def primary_key(of: Table) -> Column[Any]:
    """The one column that identifies a row."""
    (column,) = of.primary_key.columns
    return column
