"""Which row of the table is for an object."""

from __future__ import annotations

from collections.abc import Collection
from fnmatch import fnmatchcase

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.mapping.table import Row, Table

PLAIN = "(none)"
"""What a row calls objects without a class."""
ADDRESSES = {
    "tangoname": "tango",
    "exporter_address": "exporter",
    "taconame": "taco",
    "specversion": "spec",
    "tinename": "tine",
    "taurusname": "sardana",
    "doorname": "sardana",
}
"""Properties that say which protocol an object speaks."""


def class_of(config: ConfigObject) -> str:
    """Last part of the class path."""
    return (config.class_path or PLAIN).rpartition(".")[2]


def speaks(config: ConfigObject) -> set[str]:
    """Protocols of an object's commands and channels, and of its addresses."""
    calls = {call.protocol for call in (*config.commands, *config.channels)}
    return calls | {protocol for name, protocol in ADDRESSES.items() if config.properties.get(name)}


def row_for(config: ConfigObject, roles: Collection[str], table: Table) -> Row | None:
    """The row for an object; None if the table has none.

    An exact class comes before one behind a site's prefix, that before a pattern, that before a protocol; of equal
    ones a row for a role comes first, then the order of the table decides.

    Args:
        config: The object.
        roles: In which others mention it.
        table: The rows.
    """
    spoken = speaks(config)
    best: tuple[tuple[int, bool], Row] | None = None
    for row in table.rows:
        if row.mentioned_as and not set(row.mentioned_as) & set(roles):
            continue
        if row.protocols and not set(row.protocols) & spoken:
            continue
        rank = (_closeness(class_of(config), row.classes, table.prefixes), bool(row.mentioned_as))
        if rank[0] >= 0 and (best is None or rank > best[0]):
            best = (rank, row)
    return None if best is None else best[1]


def _closeness(name: str, patterns: tuple[str, ...], prefixes: tuple[str, ...]) -> int:
    """How well a class fits: 3 by itself, 2 without a site's prefix, 1 as a pattern, 0 for any class; -1 not at all."""
    if not patterns:
        return 0
    if name in patterns:
        return 3
    bare = {name.removeprefix(prefix) for prefix in prefixes if name.startswith(prefix)} - {""}
    if bare & set(patterns):
        return 2
    return 1 if any(fnmatchcase(each, pattern) for each in (name, *bare) for pattern in patterns) else -1
