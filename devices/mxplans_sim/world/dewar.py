"""The dewar of the sample changer, filled from a shipment: which pin stands where. Reads MXLIMS messages by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mxplans_sim.settings import SettingsError

VERSION = "0.6.13"


@dataclass(frozen=True)
class Sample:
    """What the shipment says of one place on a pin.

    Attributes:
        name: Name of the sample.
        acronym: Of its macromolecule.
        position: Place on a multi-position pin, from 1; 1 on others.
    """

    name: str
    acronym: str
    position: int = 1


@dataclass(frozen=True)
class PinInDewar:
    """One pin with its samples, in order of their places."""

    puck: int
    pin: int
    barcode: str
    samples: tuple[Sample, ...]
    multi: bool = False

    @property
    def name(self) -> str:
        """Name of the first sample on it."""
        return self.samples[0].name


Dewar = Mapping[tuple[int, int], PinInDewar]


def read_dewar(path: Path) -> Dewar:
    """Pins by puck and position, both from 1, of an MXLIMS shipment message.

    Raises:
        SettingsError: If the file is no such message, or two pins stand in one place.
    """
    try:
        message = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; name a shipment") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(message, dict) or message.get("version") != VERSION:
        raise SettingsError(f"{path} is not an MXLIMS {VERSION} message; convert it")
    try:
        return _Reader(message, path).pins()
    except (KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path} does not follow MXLIMS {VERSION}: {error!r} is missing or malformed") from error


class _Reader:
    """Follows the references of one message."""

    def __init__(self, message: dict[str, Any], path: Path) -> None:
        self._message = message
        self._path = path
        self._pucks = {
            f"#/Puck/{key}": puck.get("positionInDewar", ordinal)
            for ordinal, (key, puck) in enumerate(message.get("Puck", {}).items(), start=1)
        }

    def pins(self) -> Dewar:
        """All pins that hold a sample."""
        found: dict[tuple[int, int], PinInDewar] = {}
        for pin in [*self._single(), *self._multi()]:
            if (pin.puck, pin.pin) in found:
                raise SettingsError(f"{self._path}: two pins in position {pin.pin} of puck {pin.puck}; move one")
            found[pin.puck, pin.pin] = pin
        return found

    def _single(self) -> list[PinInDewar]:
        return [
            PinInDewar(
                self._pucks[pin["containerRef"]["$ref"]],
                pin["positionInPuck"],
                pin.get("barcode", ""),
                (self._sample(pin["sampleRef"]["$ref"], 1),),
            )
            for pin in self._message.get("Pin", {}).values()
            if "sampleRef" in pin
        ]

    def _multi(self) -> list[PinInDewar]:
        pins = []
        for key, pin in self._message.get("MultiPin", {}).items():
            places = [
                place
                for place in self._message.get("PinPosition", {}).values()
                if place["containerRef"]["$ref"] == f"#/MultiPin/{key}" and "sampleRef" in place
            ]
            samples = [self._sample(place["sampleRef"]["$ref"], place["positionInPin"]) for place in places]
            if samples:
                ordered = tuple(sorted(samples, key=lambda sample: sample.position))
                puck = self._pucks[pin["containerRef"]["$ref"]]
                pins.append(PinInDewar(puck, pin["positionInPuck"], pin.get("barcode", ""), ordered, multi=True))
        return pins

    def _sample(self, reference: str, position: int) -> Sample:
        _, kind, key = reference.split("/")
        sample = self._message[kind][key]
        acronym = sample.get("acronym", "")
        if not acronym and "parentSampleRef" in sample:
            _, parent_kind, parent = sample["parentSampleRef"]["$ref"].split("/")
            acronym = self._message[parent_kind][parent].get("acronym", "")
        return Sample(sample.get("name", key), acronym, position)
