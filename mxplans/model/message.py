"""MXLIMS messages: reading, writing, and finding what a reference names.

What the schemas say is kept by reading and by the classes; what no schema says is found by `mxplans.model.checks`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args
from uuid import uuid4

from pydantic import ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError, PydanticSerializationError

from mxplans.errors import InvalidMessage
from mxplans.model._base import MxlimsModel, MxlimsObject, Reference
from mxplans.model._outside import MAX_BYTES, check_plain, decode, shown, spelled
from mxplans.model.datasets import ReflectionSet
from mxplans.model.experiments import CollectionSweep, MxExperiment
from mxplans.model.jobs import MxProcessing, VolumeScan
from mxplans.model.plates import DropRegion, Plate, PlateWell, WellDrop
from mxplans.model.samples import (
    Crystal,
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

__all__ = [
    "MAX_BYTES",
    "MXLIMS_VERSION",
    "SUPPORTED_VERSIONS",
    "Message",
    "decode_message",
    "parse_message",
    "read_message",
    "write_message",
]

SUPPORTED_VERSIONS: tuple[str, ...] = ("0.6.13",)
"""Versions of MXLIMS that are read and written, the newest last."""
MXLIMS_VERSION = SUPPORTED_VERSIONS[-1]
T = TypeVar("T", bound=MxlimsObject)

_TYPE_NAMES = {
    "shipments": "Shipment",
    "dewars": "Dewar",
    "pucks": "Puck",
    "pins": "Pin",
    "multi_pins": "MultiPin",
    "pin_positions": "PinPosition",
    "plates": "Plate",
    "plate_wells": "PlateWell",
    "well_drops": "WellDrop",
    "drop_regions": "DropRegion",
    "crystals": "Crystal",
    "macromolecules": "Macromolecule",
    "mediums": "Medium",
    "macromolecule_samples": "MacromoleculeSample",
    "mx_experiments": "MxExperiment",
    "volume_scans": "VolumeScan",
    "mx_processings": "MxProcessing",
    "collection_sweeps": "CollectionSweep",
    "reflection_sets": "ReflectionSet",
}
_FIELD_NAMES = {type_name: name for name, type_name in _TYPE_NAMES.items()}


class Message(MxlimsModel):
    """Objects by type and key. Keys are `TypeN`, N from 1; a type without objects is left out of the JSON."""

    model_config = ConfigDict(alias_generator=lambda name: _TYPE_NAMES.get(name, name))

    version: str = Field(
        default=MXLIMS_VERSION, description="Version of MXLIMS", json_schema_extra={"enum": [*SUPPORTED_VERSIONS]}
    )
    shipments: Mapping[str, Shipment] = Field(default={}, description="Shipments")
    dewars: Mapping[str, Dewar] = Field(default={}, description="Dewars")
    pucks: Mapping[str, Puck] = Field(default={}, description="Pucks")
    pins: Mapping[str, Pin] = Field(default={}, description="Pins with one loop")
    multi_pins: Mapping[str, MultiPin] = Field(default={}, description="Pins with several positions")
    pin_positions: Mapping[str, PinPosition] = Field(default={}, description="Positions of pins")
    plates: Mapping[str, Plate] = Field(default={}, description="Crystallisation plates")
    plate_wells: Mapping[str, PlateWell] = Field(default={}, description="Wells of plates")
    well_drops: Mapping[str, WellDrop] = Field(default={}, description="Drops of wells")
    drop_regions: Mapping[str, DropRegion] = Field(default={}, description="Regions of drops")
    crystals: Mapping[str, Crystal] = Field(default={}, description="Crystals found during an experiment")
    macromolecules: Mapping[str, Macromolecule] = Field(default={}, description="Molecules under study")
    mediums: Mapping[str, Medium] = Field(default={}, description="What samples are dissolved in")
    macromolecule_samples: Mapping[str, MacromoleculeSample] = Field(default={}, description="Samples")
    mx_experiments: Mapping[str, MxExperiment] = Field(default={}, description="Experiments")
    volume_scans: Mapping[str, VolumeScan] = Field(default={}, description="Searches for crystals")
    mx_processings: Mapping[str, MxProcessing] = Field(default={}, description="Processings")
    collection_sweeps: Mapping[str, CollectionSweep] = Field(default={}, description="Sweeps")
    reflection_sets: Mapping[str, ReflectionSet] = Field(default={}, description="Reflections")

    @field_validator("version")
    @classmethod
    def _supported(cls, version: str) -> str:
        if version not in SUPPORTED_VERSIONS:
            raise PydanticCustomError("version", f"Input should be one of {', '.join(SUPPORTED_VERSIONS)}")
        return version

    def to_json(self, version: str | None = None) -> dict[str, Any]:
        """Plain JSON: what is None, and a type without objects, is left out.

        Args:
            version: The version of MXLIMS to write, the message's own if it is None.

        Raises:
            InvalidMessage: If the version is not supported, or an extension holds what is not JSON.
        """
        chosen = self.version if version is None else version
        _check_version(chosen, "the message to write", SUPPORTED_VERSIONS)
        try:
            content = super().to_json()
        except PydanticSerializationError as error:
            raise InvalidMessage(f"the message holds what is not JSON: {error}; put plain values into it") from error
        return {"version": chosen} | {key: value for key, value in content.items() if key != "version" and value}

    def objects(self) -> Iterator[tuple[str, str, MxlimsObject]]:
        """All objects, each with its type and its key."""
        for type_name in _TYPE_NAMES.values():
            for key, one in self.of_type(type_name).items():
                yield type_name, key, one

    def of_type(self, type_name: str) -> Mapping[str, MxlimsObject]:
        """The objects of a type by key; none for a type that does not exist."""
        name = _FIELD_NAMES.get(type_name)
        found: Mapping[str, MxlimsObject] = {} if name is None else getattr(self, name)
        return found

    def resolve(self, reference: Reference | None, kind: type[T], referrer: str) -> T | None:
        """The object a reference names, None for no reference.

        Raises:
            InvalidMessage: If it names nothing in this message, or something of another type.
        """
        if reference is None:
            return None
        candidates = self.of_type(reference.type_name)
        found = candidates.get(reference.key)
        if found is None:
            named = shown(", ".join(candidates)).strip("'") if candidates else f"no {reference.type_name}"
            raise InvalidMessage(
                f"{referrer} refers to {reference.ref}, which is not in the message; "
                f"it has {named}: add the object or correct the reference"
            )
        if not isinstance(found, kind):
            raise InvalidMessage(
                f"{referrer} refers to {reference.ref}, a {reference.type_name}; allowed is {kind.__name__}: "
                "correct the reference"
            )
        return found


def read_message(path: Path, versions: Sequence[str] = SUPPORTED_VERSIONS, *, max_bytes: int = MAX_BYTES) -> Message:
    """Read a message from a file.

    Args:
        path: The file.
        versions: The versions of MXLIMS that are wanted, among those supported.
        max_bytes: The largest file that is read.

    Raises:
        InvalidMessage: If the file is missing, too large, not JSON, of another version, or does not follow the schema.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidMessage(f"MXLIMS file {path} cannot be read: {reason}; give the path of an MXLIMS file") from error
    return decode_message(data, f"MXLIMS file {path}", versions, max_bytes=max_bytes)


def decode_message(
    data: bytes, origin: str, versions: Sequence[str] = SUPPORTED_VERSIONS, *, max_bytes: int = MAX_BYTES
) -> Message:
    """Make a message of JSON text, as it comes from a file or a client.

    Args:
        data: The text, in UTF-8.
        origin: Where it came from, for the error.
        versions: The versions of MXLIMS that are wanted, among those supported.
        max_bytes: The longest text that is taken.

    Raises:
        InvalidMessage: If it is too long, not JSON, of another version, or does not follow the schema.
    """
    return parse_message(decode(data, origin, max_bytes), origin, versions)


def parse_message(content: Any, origin: str, versions: Sequence[str] = SUPPORTED_VERSIONS) -> Message:
    """Make a message of decoded JSON.

    Args:
        content: What the JSON text held.
        origin: Where it came from, for the error.
        versions: The versions of MXLIMS that are wanted, among those supported.

    Raises:
        InvalidMessage: If it has another version or does not follow the schema.
    """
    if not isinstance(content, dict):
        raise InvalidMessage(
            f"{origin} holds a {type(content).__name__}; allowed is an MXLIMS message, an object: export it again"
        )
    _check_version(content.get("version"), origin, [known for known in versions if known in SUPPORTED_VERSIONS])
    check_plain(content, origin)
    _check_written(content, origin)
    try:
        return Message.model_validate(content, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidMessage(f"{origin} does not follow MXLIMS {content['version']}: {spelled(error)}") from error


def _check_version(version: Any, origin: str, allowed: Sequence[str]) -> None:
    if version not in allowed:
        choice = " or ".join(repr(known) for known in allowed) or "none"
        raise InvalidMessage(
            f"{origin} has MXLIMS version {shown(version)}; allowed is {choice}: convert it with its sender's tools"
        )


def _check_written(content: Mapping[str, Any], origin: str) -> None:
    """What a message must hold and the classes would fill in."""
    for name, field in Message.model_fields.items():
        type_name = _TYPE_NAMES.get(name)
        objects = content.get(type_name) if type_name else None
        if not isinstance(objects, dict):
            continue
        if not objects:
            raise InvalidMessage(
                f"{origin}, {type_name} is empty; allowed is one object or more: leave {type_name} out"
            )
        kind: type[MxlimsObject] = get_args(field.annotation)[1]
        for key, one in objects.items():
            for needed in kind.always_written:
                if isinstance(one, dict) and needed not in one:
                    raise InvalidMessage(f"{origin}, {type_name}.{key}.{needed} is missing and needed: add it")


def write_message(message: Message, path: Path, version: str | None = None) -> None:
    """Write a message to a file, whole or not at all; a file that is there is replaced.

    Whether it is sound is `require_sound`'s to say, before.

    Args:
        message: The message.
        path: The file; its folder must be there.
        version: The version of MXLIMS to write, the message's own if it is None.

    Raises:
        InvalidMessage: If the version is not supported, or an extension holds what is not JSON.
        OSError: If the file cannot be written; an earlier one is left as it was.
    """
    try:
        text = json.dumps(message.to_json(version), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        data = text.encode()
    except (ValueError, RecursionError) as error:
        if isinstance(error, InvalidMessage):
            raise
        raise InvalidMessage(f"the message holds what is not JSON: {error}; put plain values into it") from error
    partial = path.with_name(f".{uuid4().hex}.partial")
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
