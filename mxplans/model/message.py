"""Reading an MXLIMS message: types, references, and the queue that follows from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from mxplans.errors import InvalidMessage
from mxplans.model._base import MxlimsModel, MxlimsObject, Reference
from mxplans.model.experiments import CollectionSweep, MxExperiment
from mxplans.model.samples import (
    Dewar,
    Macromolecule,
    MacromoleculeSample,
    Medium,
    MultiPin,
    Pin,
    PinPosition,
    Puck,
    Shipment,
)

MXLIMS_VERSION = "0.6.13"
T = TypeVar("T", bound=MxlimsObject)


class Message(MxlimsModel):
    """A shipment with what is in it and, where there are some, the experiments asked for. Keys are `TypeN`."""

    version: str
    shipments: Mapping[str, Shipment] = Field(alias="Shipment")
    dewars: Mapping[str, Dewar] = Field(default={}, alias="Dewar")
    pucks: Mapping[str, Puck] = Field(default={}, alias="Puck")
    pins: Mapping[str, Pin] = Field(default={}, alias="Pin")
    multi_pins: Mapping[str, MultiPin] = Field(default={}, alias="MultiPin")
    pin_positions: Mapping[str, PinPosition] = Field(default={}, alias="PinPosition")
    macromolecules: Mapping[str, Macromolecule] = Field(default={}, alias="Macromolecule")
    mediums: Mapping[str, Medium] = Field(default={}, alias="Medium")
    macromolecule_samples: Mapping[str, MacromoleculeSample] = Field(default={}, alias="MacromoleculeSample")
    mx_experiments: Mapping[str, MxExperiment] = Field(default={}, alias="MxExperiment")
    collection_sweeps: Mapping[str, CollectionSweep] = Field(default={}, alias="CollectionSweep")

    def resolve(self, reference: Reference | None, kind: type[T], referrer: str) -> T | None:
        """The object a reference names, None for no reference.

        Raises:
            InvalidMessage: If it names nothing in this message, or something of another type.
        """
        if reference is None:
            return None
        _, type_name, key = reference.ref.split("/")
        found = self._of_type(type_name).get(key)
        if found is None:
            raise InvalidMessage(
                f"{referrer} refers to {reference.ref}, which is not in the message; "
                f"it has {self._named(type_name)}: add the object or correct the reference"
            )
        if not isinstance(found, kind):
            raise InvalidMessage(f"{referrer} refers to {reference.ref}, a {type_name}; allowed is {kind.__name__}")
        return found

    def _named(self, type_name: str) -> str:
        return ", ".join(self._of_type(type_name)) or f"no {type_name}"

    def _of_type(self, type_name: str) -> Mapping[str, MxlimsObject]:
        for name, field in type(self).model_fields.items():
            if field.alias == type_name:
                found: Mapping[str, MxlimsObject] = getattr(self, name)
                return found
        return {}


def read_message(path: Path) -> Message:
    """Read a message from a file.

    Raises:
        InvalidMessage: If the file is missing, is not JSON, has another version, or does not follow the schema.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidMessage(
            f"shipment {path} cannot be read: {error.strerror}; give the path of an MXLIMS file"
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidMessage(
            f"shipment {path} is not UTF-8 text (byte {error.start}): give an MXLIMS JSON file"
        ) from error
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidMessage(
            f"shipment {path} is not JSON: line {error.lineno}, column {error.colno}: {error.msg}; "
            "correct the file or export it again"
        ) from error
    return parse_message(content, str(path))


def parse_message(content: Any, origin: str) -> Message:
    """Make a message of decoded JSON.

    Args:
        content: What the JSON text held.
        origin: Where it came from, for the error.

    Raises:
        InvalidMessage: If it has another version or does not follow the schema.
    """
    if not isinstance(content, dict):
        raise InvalidMessage(
            f"shipment {origin} holds a {type(content).__name__}; allowed is an MXLIMS message, an object"
        )
    version = content.get("version")
    if version != MXLIMS_VERSION:
        raise InvalidMessage(
            f"shipment {origin} has MXLIMS version {version!r}; allowed is {MXLIMS_VERSION!r}: convert it with its sender's tools"
        )
    try:
        return Message.model_validate(content)
    except ValidationError as error:
        raise InvalidMessage(f"shipment {origin} does not follow MXLIMS {MXLIMS_VERSION}: {_spelled(error)}") from error


def _spelled(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    given = "" if isinstance(first["input"], dict | list) else f", given is {first['input']!r}"
    return f"{where}: {first['msg']}{given}{more}; correct the file or ask its sender"
