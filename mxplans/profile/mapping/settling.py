"""What becomes of all that nothing was taken from: the last word on every piece."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.mapping.items import Item, Piece, object_item
from mxplans.profile.mapping.ledger import Fate, Ledger
from mxplans.profile.mapping.matching import class_of
from mxplans.profile.mapping.table import Row, Table, Verdict
from mxplans.profile.mapping.taking import Find

WITH_OBJECT = "goes with its object"
"""What becomes of a piece of an object that is to be done as a whole."""
Rows = list[tuple[ConfigObject, Row | None]]


def settle_rest(rows: Rows, table: Table, find: Find, ledger: Ledger) -> None:
    """Settle objects, then what stands in them, then references, which follow their objects."""
    for config, row in rows:
        _settle_object(config, row, ledger)
    for config, row in rows:
        _settle_pieces(config, row, table, ledger)
    for config, row in rows:
        _settle_references(config, row, table, find, ledger)


def _settle_object(config: ConfigObject, row: Row | None, ledger: Ledger) -> None:
    mine = [object_item(config)]
    if ledger.fate(mine[0]) is Fate.MAPPED:
        return
    if config.redirect is not None:
        ledger.settle(mine, Fate.MAPPED, f"another name of {config.redirect}")
    elif ledger.any_mapped(config.name):
        ledger.settle(mine, Fate.MAPPED, "parts of it")
    elif row is None:
        ledger.settle(
            mine, Fate.TODO, f"no row of the table is for class {class_of(config)}: add one, or do it by hand"
        )
    elif row.not_needed or row.unused:
        ledger.settle(mine, Fate.NOT_NEEDED, row.not_needed or row.unused or "")
    else:
        ledger.settle(mine, Fate.TODO, row.todo or f"row {row.name} found nothing to take in it")


def _settle_pieces(config: ConfigObject, row: Row | None, table: Table, ledger: Ledger) -> None:
    whole = ledger.fate(object_item(config))
    for item in [item for item in ledger.open(config.name) if item.piece is not Piece.REFERENCE]:
        if item.piece is Piece.EXTRA:
            ledger.settle([item], Fate.NOT_NEEDED, "MXCuBE itself does not hear it")
        elif whole is Fate.NOT_NEEDED:
            ledger.settle([item], Fate.NOT_NEEDED, "as its object")
        else:
            default = "nothing of mxplans takes it" if whole is Fate.MAPPED else WITH_OBJECT
            _judge(config, item, (*(row.verdicts if row else ()), *table.common), default, ledger)


def _settle_references(config: ConfigObject, row: Row | None, table: Table, find: Find, ledger: Ledger) -> None:
    for item in list(ledger.open(config.name)):
        reference = config.references[int(item.path[0])]
        target = find(reference.target, config.name)
        if target is None and ledger.fate(object_item(config)) is Fate.NOT_NEEDED:
            ledger.settle([item], Fate.NOT_NEEDED, "as its object")
        elif target is None:
            ledger.settle([item], Fate.TODO, f"there is no object {reference.target}")
        else:
            fate = ledger.fate(object_item(target)) or Fate.TODO
            verdicts = row.verdicts if row else ()
            if not any(fnmatchcase(reference.role or "", each) for v in verdicts for each in v.references):
                ledger.settle([item], fate, f"as {target.name}")
            _judge(config, item, verdicts, f"as {target.name}", ledger)


def _judge(config: ConfigObject, item: Item, verdicts: Iterable[Verdict], default: str, ledger: Ledger) -> None:
    for verdict in verdicts:
        if any(fnmatchcase(item.name, pattern) for pattern in _patterns(config, item, verdict)):
            if verdict.not_needed is not None:
                ledger.settle([item], Fate.NOT_NEEDED, verdict.not_needed)
            else:
                ledger.settle([item], Fate.TODO, verdict.todo or "")
            return
    ledger.settle([item], Fate.TODO, default)


def _patterns(config: ConfigObject, item: Item, verdict: Verdict) -> tuple[str, ...]:
    """The patterns of a verdict that may be for a piece."""
    if item.piece in (Piece.COMMAND, Piece.CHANNEL):
        calls, patterns = (
            (config.commands, verdict.commands) if item.piece is Piece.COMMAND else (config.channels, verdict.channels)
        )
        protocol = calls[int(item.path[0])].protocol
        return patterns if not verdict.protocols or protocol in verdict.protocols else ()
    return {
        Piece.PROPERTY: verdict.properties,
        Piece.REFERENCE: verdict.references,
        Piece.ARGUMENT: verdict.arguments,
    }.get(item.piece, ())
