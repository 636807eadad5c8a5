"""A container of ISPyB as one MXLIMS message: the chain that it stands in, its pins, and an experiment for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mxplans.errors import InvalidMessage
from mxplans.model.checks import require_sound
from mxplans.model.message import MXLIMS_VERSION, parse_message
from mxplans_lims.names import made_uuid, reference, without_none
from mxplans_lims.sources._plans import ISPYB, experiment, template
from mxplans_lims.sources._queries import Columns, ContainerRows, SampleRows

Objects = dict[str, dict[str, dict[str, Any]]]


def message_of(rows: ContainerRows) -> dict[str, Any]:
    """The message of a container.

    Raises:
        InvalidMessage: If it has no sample, a place is no whole number, or a value is not what MXLIMS takes.
    """
    label = label_of(rows)
    if not rows.samples:
        raise InvalidMessage(
            f"{label} holds no sample; there is nothing to collect: add its samples, or take it off the queue"
        )
    message = _Message(rows, label)
    content = message.content()
    require_sound(parse_message(content, label), label)
    return content


def label_of(rows: ContainerRows) -> str:
    """A container for people."""
    return f"container {rows.container.get('barcode') or rows.container.get('code') or rows.container['containerId']}"


class _Message:
    """Collects the objects of a message; each gets the next number of its type."""

    def __init__(self, rows: ContainerRows, label: str) -> None:
        self._rows = rows
        self._label = label
        self._objects: Objects = {}

    def content(self) -> dict[str, Any]:
        """The message."""
        puck = self._puck()
        single = [rows for rows in self._rows.samples if rows.sample["subLocation"] is None]
        for rows in single:
            self._experiment(rows, self._pin(rows, puck))
        several: dict[int, list[SampleRows]] = {}
        for rows in self._rows.samples:
            if rows.sample["subLocation"] is not None:
                several.setdefault(self._location(rows.sample), []).append(rows)
        for location, members in several.items():
            self._multi_pin(location, members, puck)
        return {"version": MXLIMS_VERSION, **self._objects}

    def _add(self, kind: str, row: Columns | None, key: str, **fields: Any) -> dict[str, str]:
        """An object, with the identifier of its row."""
        own = {} if row is None else {"identifiers": {ISPYB: str(row[key])}, "uuid": made_uuid("ispyb", kind, row[key])}
        objects = self._objects.setdefault(kind, {})
        objects[f"{kind}{len(objects) + 1}"] = without_none({"mxlimsType": kind, **own, **fields})
        return reference(kind, len(objects))

    def _puck(self) -> dict[str, str]:
        rows = self._rows
        if not rows.proposal:
            raise InvalidMessage(f"{self._label} belongs to no proposal; put it into a dewar of a shipment")
        shipment = self._add(
            "Shipment",
            rows.shipping,
            "shippingId",
            name=rows.shipping["shippingName"] or None,
            proposalCode=f"{rows.proposal['proposalCode']}{rows.proposal['proposalNumber']}",
            sessionNumber=rows.session.get("visit_number") or None,
        )
        dewar = self._add(
            "Dewar",
            rows.dewar,
            "dewarId",
            name=rows.dewar["code"] or None,
            barcode=rows.dewar["barCode"] or None,
            containerRef=shipment,
        )
        place = str(rows.container["sampleChangerLocation"] or "").strip()
        return self._add(
            "Puck",
            rows.container,
            "containerId",
            name=rows.container["code"] or None,
            barcode=rows.container["barcode"] or None,
            positionInDewar=int(place) if place.isdecimal() and int(place) else None,
            numberPositions=rows.container["capacity"] or None,
            puckType=rows.container["containerType"] or None,
            containerRef=dewar,
        )

    def _pin(self, rows: SampleRows, puck: dict[str, str]) -> dict[str, str]:
        sample = rows.sample
        return self._add(
            "Pin",
            sample,
            "blSampleId",
            barcode=sample["code"] or None,
            positionInPuck=self._location(sample),
            loopType=sample["loopType"] or None,
            holderLength=sample["holderLength"] or None,
            containerRef=puck,
            sampleRef=self._sample(rows),
        )

    def _multi_pin(self, location: int, members: Sequence[SampleRows], puck: dict[str, str]) -> None:
        """Positions of a pin, counted from its base; how many it has nobody says: as many as are taken, at least."""
        container = self._rows.container["containerId"]
        pin = self._add(
            "MultiPin",
            None,
            "",
            uuid=made_uuid("ispyb", "MultiPin", container, location),
            barcode=next((rows.sample["code"] for rows in members if rows.sample["code"]), None),
            numberPositions=max(rows.sample["subLocation"] for rows in members),
            positionInPuck=location,
            containerRef=puck,
        )
        for rows in members:
            where = {"positionInPin": rows.sample["subLocation"], "containerRef": pin, "sampleRef": self._sample(rows)}
            self._experiment(rows, self._add("PinPosition", rows.sample, "blSampleId", **where))

    def _sample(self, rows: SampleRows) -> dict[str, str]:
        parent = self._molecule(rows.protein) if rows.protein.get("acronym") else None
        return self._add(
            "MacromoleculeSample", rows.sample, "blSampleId", name=rows.sample["name"] or None, parentSampleRef=parent
        )

    def _molecule(self, protein: Columns) -> dict[str, str]:
        """Each protein once."""
        uid = made_uuid("ispyb", "Macromolecule", protein["proteinId"])
        for number, content in enumerate(self._objects.get("Macromolecule", {}).values(), start=1):
            if content["uuid"] == uid:
                return reference("Macromolecule", number)
        name, acronym = protein["name"] or None, protein["acronym"]
        return self._add("Macromolecule", protein, "proteinId", name=name, acronym=acronym)

    def _experiment(self, rows: SampleRows, place: dict[str, str]) -> None:
        queued = self._rows.queue["containerQueueId"]
        sweep = template(rows, queued)
        asked = experiment(rows, queued, f"{self._label}, sample {rows.sample['name']}")
        refs: dict[str, Any] = {"logisticalSampleRef": place}
        if sweep is not None:
            refs["templateDataRefs"] = [self._add("CollectionSweep", None, "", **sweep)]
        self._add("MxExperiment", None, "", **asked, **refs)

    def _location(self, sample: Columns) -> int:
        text = str(sample["location"] or "").strip()
        if not text.isdecimal() or not int(text):
            raise InvalidMessage(
                f"{self._label}, sample {sample['name']}: location is {sample['location']!r}; allowed is a whole number "
                "from 1: correct it in ISPyB"
            )
        return int(text)
