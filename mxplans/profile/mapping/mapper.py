"""From the objects of a configuration to what a profile can say of them."""

from __future__ import annotations

from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import ConfigObject
from mxplans.profile.mapping.ledger import Ledger
from mxplans.profile.mapping.making import Workshop
from mxplans.profile.mapping.mapped import Check, Mapped, MappedValue, Missing
from mxplans.profile.mapping.matching import row_for
from mxplans.profile.mapping.settling import settle_rest
from mxplans.profile.mapping.table import Table
from mxplans.roles import OPTIONAL_ROLES, ROLES


def map_beamline(graph: ConfigGraph, table: Table) -> Mapped:
    """Map a configuration.

    Every object, property, channel, command and reference is accounted for: it stands in the profile, is not needed
    for a reason, or is to be done. Nothing is instantiated, and nothing is asked of a control system.

    Args:
        graph: The objects, as they are loaded.
        table: What becomes of which class.
    """
    objects = graph.objects

    def find(name: str, owner: str) -> ConfigObject | None:
        target = graph.resolve(name, owner)
        return None if target is None else objects[target]

    ledger = Ledger(objects.values())
    roles = _mentions(graph)
    rows = [
        (config, None if config.redirect else row_for(config, roles.get(config.name, set()), table))
        for config in objects.values()
    ]
    shop = Workshop(ledger, find)
    shop.make_all((config, row) for config, row in rows if row is not None and row.not_needed is None)
    shop.add_usual(table.usual)
    _derive(shop, table)
    settle_rest(rows, table, find, ledger)
    _miss(shop, table)
    made = shop.devices
    return Mapped(
        devices=tuple(made[role] for role in (*ROLES, *OPTIONAL_ROLES) if role in made),
        sections=tuple(shop.sections.values()),
        entries=ledger.entries,
        missing=tuple(shop.missing.values()),
        checks=tuple(shop.checks),
    )


def _mentions(graph: ConfigGraph) -> dict[str, set[str]]:
    """Roles in which objects are mentioned."""
    found: dict[str, set[str]] = {}
    for edge in graph.edges():
        if edge.role is not None:
            found.setdefault(edge.target, set()).add(edge.role)
    return found


def _derive(shop: Workshop, table: Table) -> None:
    """Values that are another one's as long as nobody says otherwise."""
    for key, derived in table.derived.items():
        value = shop.value(derived.of)
        if key not in shop.sections and value is not None:
            shop.sections[key] = MappedValue(key, value, None, f"as {derived.of}")
            shop.checks.setdefault(Check(key, derived.check))


def _miss(shop: Workshop, table: Table) -> None:
    """What the profile needs and nobody said."""
    made = shop.devices
    for role in ROLES:
        if role not in made and f"devices.{role}" in table.needed:
            key = f"devices.{role}"
            shop.missing[key] = Missing(key, table.needed[key])
    for key, what in table.needed.items():
        if not key.startswith("devices.") and shop.value(key) is None:
            shop.missing[key] = Missing(key, what)
