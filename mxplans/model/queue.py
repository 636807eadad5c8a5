"""The queue: one item per place where a crystal may be, made from a message and a default experiment."""

from __future__ import annotations

import re
import uuid
from typing import Any

from pydantic import ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model.acquisition import SampleLocation
from mxplans.model.experiments import CollectionSweep, MxExperiment
from mxplans.model.item import QueueItem, SweepRequest, in_words, swept_uuid
from mxplans.model.message import Message
from mxplans.model.samples import (
    Dewar,
    LogisticalSample,
    Macromolecule,
    MacromoleculeSample,
    MultiPin,
    Pin,
    PinPosition,
    Puck,
    Shipment,
)
from mxplans.model.sweeps import Sweep


def build_queue(message: Message, default: Sweep, strategy: str = "OSC") -> tuple[QueueItem, ...]:
    """Make the items of a message, in the order of pucks, pins and positions.

    An experiment asked for in the message keeps its uuid; a place without one gets `default`, with a uuid that
    follows from the place's own, so that the same message always makes the same queue.

    Raises:
        InvalidMessage: If a reference is dangling, a place is missing or taken twice, there is nothing to do, or an
            experiment cannot be collected.
    """
    builder = _Builder(message, default, strategy)
    items: list[QueueItem] = []
    for key, pin in message.pins.items():
        items += builder.items(f"Pin {key}", pin, pin.position_in_puck, builder.puck_of(f"Pin {key}", pin), None, None)
    for key, position in message.pin_positions.items():
        label = f"PinPosition {key}"
        multi_pin = message.resolve(position.container_ref, MultiPin, label)
        if multi_pin is None:
            raise InvalidMessage(f"{label} has no containerRef; allowed is a MultiPin of the message: add it")
        puck = builder.puck_of(label, multi_pin)
        items += builder.items(label, position, multi_pin.position_in_puck, puck, position.position_in_pin, multi_pin)
    if not items:
        raise InvalidMessage(
            "the shipment holds no Pin and no PinPosition: there is nothing to collect; add the samples"
        )
    items.sort(key=_place_of)
    _check_places(items)
    return _with_unique_names(items)


class _Builder:
    """Walks from a place up to its shipment."""

    def __init__(self, message: Message, default: Sweep, strategy: str) -> None:
        self.message = message
        self.default = default
        self.strategy = strategy
        self.puck_numbers = self._number_pucks()

    def _number_pucks(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for ordinal, (key, puck) in enumerate(self.message.pucks.items(), start=1):
            number = puck.position_in_dewar or ordinal
            if number in numbers.values():
                raise InvalidMessage(
                    f"two pucks stand at position {number} of the dewar; give each its own positionInDewar"
                )
            numbers[key] = number
        return numbers

    def puck_of(self, label: str, pin: Pin | MultiPin) -> str:
        """Key of the puck that a pin stands in."""
        if self.message.resolve(pin.container_ref, Puck, label) is None or pin.container_ref is None:
            raise InvalidMessage(f"{label} has no containerRef; allowed is a Puck of the message: add it")
        return pin.container_ref.ref.rsplit("/", 1)[1]

    def items(
        self,
        label: str,
        place: Pin | PinPosition,
        position_in_puck: int | None,
        puck_key: str,
        position_in_pin: int | None,
        multi_pin: MultiPin | None,
    ) -> list[QueueItem]:
        """One item per experiment asked for at a place, or the default one."""
        if position_in_puck is None:
            raise InvalidMessage(f"{label} has no positionInPuck; allowed is a whole number from 1: add it")
        objects, sample = self._chain(label, place, puck_key, multi_pin)
        location = SampleLocation(puck=self.puck_numbers[puck_key], pin=position_in_puck)
        name = sample.name if sample and sample.name else place.name or f"puck{location.puck}-pin{location.pin}"
        return [
            _item(
                experiment,
                sweeps=sweeps,
                sample_name=file_name(name),
                location=location,
                position_in_pin=position_in_pin,
                objects=objects,
            )
            for experiment, sweeps in self._experiments(place)
        ]

    def _chain(
        self, label: str, place: Pin | PinPosition, puck_key: str, multi_pin: MultiPin | None
    ) -> tuple[dict[str, dict[str, Any]], MacromoleculeSample | None]:
        message = self.message
        puck = message.pucks[puck_key]
        dewar = message.resolve(puck.container_ref, Dewar, f"Puck {puck_key}")
        shipment = message.resolve(dewar.container_ref, Shipment, "Dewar") if dewar else None
        sample = message.resolve(place.sample_ref, MacromoleculeSample, label)
        molecule = message.resolve(sample.parent_sample_ref, Macromolecule, label) if sample else None
        chain = (shipment, dewar, puck, multi_pin, place, molecule, sample)
        return {link.mxlims_type: link.to_json() for link in chain if link is not None}, sample

    def _experiments(self, place: Pin | PinPosition) -> list[tuple[MxExperiment, tuple[SweepRequest, ...]]]:
        found = []
        for key, experiment in self.message.mx_experiments.items():
            label = f"MxExperiment {key}"
            if self.message.resolve(experiment.logistical_sample_ref, LogisticalSample, label) is not place:
                continue
            asked = self._with_uuid(experiment, place)
            templates = [
                self.message.resolve(ref, CollectionSweep, label) for ref in experiment.template_data_refs or ()
            ]
            found.append((asked, self._sweeps(asked, [template for template in templates if template is not None])))
        if found:
            return found
        made = self._with_uuid(MxExperiment(job_status="Ready", experiment_strategy=self.strategy), place)
        return [(made, self._sweeps(made, []))]

    def _sweeps(self, experiment: MxExperiment, templates: list[CollectionSweep]) -> tuple[SweepRequest, ...]:
        """The templates with what they leave open, the default sweep where there are none."""
        if not templates:
            return (request(self.default, f"{experiment.uuid}", 1),)
        try:
            return tuple(
                request(Sweep.from_mxlims(template, self.default), f"{experiment.uuid}", number)
                for number, template in enumerate(templates, start=1)
            )
        except ValidationError as error:
            raise InvalidMessage(
                f"MxExperiment {experiment.uuid} asks for a sweep that cannot be collected: {in_words(error)[0]}; correct it"
            ) from error

    def _with_uuid(self, experiment: MxExperiment, place: Pin | PinPosition) -> MxExperiment:
        if experiment.uuid is not None:
            return experiment
        origin = place.uuid or f"{place.mxlims_type}:{place.model_dump_json()}"
        return experiment.model_copy(update={"uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"mxplans:{origin}"))})


def _item(experiment: MxExperiment, **parts: Any) -> QueueItem:
    try:
        return QueueItem(experiment=experiment, **parts)
    except ValidationError as error:
        raise InvalidMessage(
            f"MxExperiment {experiment.uuid} cannot be collected: {'; '.join(in_words(error)[:5])}; correct it"
        ) from error


def request(sweep: Sweep, experiment_uuid: str, number: int) -> SweepRequest:
    """A sweep as a queue item holds it; without a uuid it gets that of the experiment's n-th sweep."""
    content = sweep.to_mxlims().to_json()
    return SweepRequest.model_validate({"uuid": swept_uuid(experiment_uuid, number), **content})


def file_name(name: str) -> str:
    """A sample's name as it may stand in a path.

    >>> file_name("Lyso #4 (B)")
    'Lyso_4_B'
    """
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", name).strip("._")[:64] or "sample"


def _place_of(item: QueueItem) -> tuple[int, int, int]:
    location = item.location
    return (location.puck, location.pin, item.position_in_pin or 0) if location else (0, 0, 0)


def _check_places(items: list[QueueItem]) -> None:
    pins: dict[SampleLocation, str] = {}
    for item in items:
        if item.location is None:
            continue
        kind = "MultiPin" if item.position_in_pin else "Pin"
        holder = item.objects[kind]
        identity = str(holder.get("uuid", holder))
        if pins.setdefault(item.location, identity) != identity:
            raise InvalidMessage(
                f"puck {item.location.puck}, position {item.location.pin} is taken by two pins; "
                "give each pin its own positionInPuck"
            )


def _with_unique_names(items: list[QueueItem]) -> tuple[QueueItem, ...]:
    names = [item.sample_name for item in items]
    return tuple(
        item
        if names.count(item.sample_name) == 1
        else item.model_copy(
            update={
                "sample_name": "-".join([item.sample_name[:48], *(str(number) for number in _place_of(item) if number)])
            }
        )
        for item in items
    )
