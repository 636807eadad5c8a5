"""The chain from the shipment to the sample, with references that hold inside the new message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans_lims.names import named, reference
from mxplans_lims.records import SampleRecord

Ref = dict[str, str] | None

_LINKS = {
    "Dewar": {"containerRef": "Shipment"},
    "Puck": {"containerRef": "Dewar"},
    "MultiPin": {"containerRef": "Puck"},
    "Pin": {"containerRef": "Puck", "sampleRef": "MacromoleculeSample"},
    "PinPosition": {"containerRef": "MultiPin", "sampleRef": "MacromoleculeSample"},
    "MacromoleculeSample": {"parentSampleRef": "Macromolecule"},
}
_ORDER = ("Shipment", "Dewar", "Puck", "Pin", "MultiPin", "PinPosition", "Macromolecule", "MacromoleculeSample")


def sample_objects(record: SampleRecord) -> tuple[dict[str, Any], Ref, Ref]:
    """The objects a record hangs on, and references to its sample and to its place."""
    given = record.objects
    objects: dict[str, Any] = {}
    for kind in _ORDER:
        if kind in given:
            objects |= named(kind, _relinked(kind, given))
    sample = reference("MacromoleculeSample") if "MacromoleculeSample" in objects else None
    place = next((reference(kind) for kind in ("PinPosition", "Pin") if kind in objects), None)
    return objects, sample, place


def _relinked(kind: str, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """References of the message the object came from name other things here: put our own in their place."""
    content = {key: value for key, value in given[kind].items() if not key.endswith(("Ref", "Refs"))}
    for field, target in _LINKS.get(kind, {}).items():
        if target in given:
            content[field] = reference(target)
    return content
