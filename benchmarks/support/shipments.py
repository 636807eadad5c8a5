"""Shipments of any size."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

PINS = 16


def shipment(names: Sequence[str]) -> dict[str, Any]:
    """An MXLIMS shipment with one lysozyme crystal a name, 16 pins to a puck."""

    def thing(kind: str, name: str, /, **fields: Any) -> dict[str, Any]:
        return {"mxlimsType": kind, "uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {name}")), **fields}

    def ref(kind: str, number: int) -> dict[str, str]:
        return {"$ref": f"#/{kind}/{kind}{number}"}

    contact = {"name": "Bob", "emailAddress": "bob@bob.bogus"}
    pucks = range(1, (len(names) - 1) // PINS + 2)
    return {
        "version": "0.6.13",
        "Shipment": {
            "Shipment1": thing(
                "Shipment", "1", proposalCode="mx1", labContactOutbound=contact, labContactReturn=contact
            )
        },
        "Dewar": {"Dewar1": thing("Dewar", "1", containerRef=ref("Shipment", 1))},
        "Puck": {f"Puck{n}": thing("Puck", f"{n}", numberPositions=PINS, containerRef=ref("Dewar", 1)) for n in pucks},
        "Pin": {
            f"Pin{n}": thing(
                "Pin",
                name,
                positionInPuck=(n - 1) % PINS + 1,
                containerRef=ref("Puck", (n - 1) // PINS + 1),
                sampleRef=ref("MacromoleculeSample", n),
            )
            for n, name in enumerate(names, start=1)
        },
        "Macromolecule": {"Macromolecule1": thing("Macromolecule", "Lyso", acronym="Lyso")},
        "MacromoleculeSample": {
            f"MacromoleculeSample{n}": thing(
                "MacromoleculeSample", name, name=name, parentSampleRef=ref("Macromolecule", 1)
            )
            for n, name in enumerate(names, start=1)
        },
    }
