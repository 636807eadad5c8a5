"""The table that comes with mxplans, and those of sites on top of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mxplans.errors import InvalidProfile
from mxplans.profile.mapping.table import FORMAT, Table
from mxplans.profile.yaml12 import plain, read_node

ROWS = Path(__file__).parent / "rows"
"""Files of the shipped table; their rows are independent of each other."""


def load_table(paths: Iterable[Path] = ()) -> Table:
    """The shipped table, with those of a site before it.

    Rows of a site are looked at before the shipped ones. A row with the name of an earlier one replaces it; so does
    a key of `needed`, `derived` or `usual`. Of several files the last has the last word.

    Args:
        paths: Files of the site.

    Raises:
        InvalidProfile: If a file is missing, malformed, or names what does not exist.
    """
    table = _shipped()
    for path in paths:
        table = _over(_read(path), table)
    return table


@cache
def _shipped() -> Table:
    table = Table(format=FORMAT)
    for path in sorted(ROWS.glob("*.yaml")):
        table = _over(table, _read(path))
    return table


def _over(upper: Table, lower: Table) -> Table:
    names = {row.name for row in upper.rows}
    return Table(
        format=FORMAT,
        prefixes=tuple(dict.fromkeys((*upper.prefixes, *lower.prefixes))),
        rows=(*upper.rows, *(row for row in lower.rows if row.name not in names)),
        common=(*upper.common, *lower.common),
        needed={**lower.needed, **upper.needed},
        derived={**lower.derived, **upper.derived},
        usual={**lower.usual, **upper.usual},
    )


def _read(path: Path) -> Table:
    content: Any = plain(read_node(path))
    try:
        table = Table.model_validate(content)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'table'}: {each['msg']}" for each in error.errors())
        raise InvalidProfile(f"table {path}: {told}") from error
    names = [row.name for row in table.rows]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidProfile(f"table {path}: rows {', '.join(twice)} stand twice; give each a name of its own")
    return table
