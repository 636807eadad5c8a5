"""Hand-made objects, and the graph of them."""

from __future__ import annotations

from typing import Any

from mxplans.profile.dialects.config_graph import ConfigGraph
from mxplans.profile.dialects.config_object import Call, CallKind, ConfigObject, Reference
from mxplans.profile.mapping import Fate, Mapped, Piece, items_of, load_table, map_beamline
from mxplans.profile.places import Place


def thing(name: str, cls: str | None, properties: dict[str, Any] | None = None, **roles: str) -> ConfigObject:
    """An object of a class, with properties, that mentions others by role."""
    return ConfigObject(
        name,
        None if cls is None else f"{cls}.{cls}",
        properties=properties or {},
        references=tuple(Reference(role, target) for role, target in roles.items()),
        place=Place(f"{name[1:]}.xml", 1),
    )


def channel(name: str, target: str, protocol: str = "epics", address: str | None = None) -> Call:
    """A channel."""
    return Call(CallKind.CHANNEL, protocol, name, target, address)


def graph(*objects: ConfigObject) -> ConfigGraph:
    """Of objects in the order of loading."""
    return ConfigGraph(None, {config.name: config for config in objects})


def mapped(*objects: ConfigObject) -> Mapped:
    """By the shipped table, fully accounted for."""
    return accounted(graph(*objects), map_beamline(graph(*objects), load_table()))


def accounted(of: ConfigGraph, found: Mapped) -> Mapped:
    """A mapping, after a look at its account: each piece of the graph once, with a reason."""
    pieces = [item for config in of.objects.values() for item in items_of(config)]
    assert len(set(pieces)) == len(pieces)
    assert [entry.item for entry in found.entries] == pieces
    assert sum(found.counts.values()) == len(pieces)
    assert all(entry.why for entry in found.entries)
    return found


def fate(found: Mapped, name: str, piece: Piece = Piece.OBJECT, part: str | None = None) -> tuple[Fate, str]:
    """What became of a piece, and why."""
    (entry,) = (
        entry
        for entry in found.entries
        if (entry.item.object, entry.item.piece) == (name, piece) and part in (None, entry.item.name)
    )
    return entry.fate, entry.why


def settings_of(found: Mapped, role: str) -> dict[str, Any]:
    """Settings of a device, as written."""
    (device,) = (device for device in found.devices if device.role == role)
    return {value.key: value.value for value in device.settings}


def sections_of(found: Mapped) -> dict[str, Any]:
    """All other values."""
    return {value.key: value.value for value in found.sections}
