"""What no schema checks: references, identifiers, counts, ordinals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mxplans.errors import InvalidMessage

_REFERENCE = re.compile(r"^#/([A-Za-z]+)/([A-Za-z]+[1-9][0-9]*)$")


def check_message(message: Mapping[str, Any]) -> None:
    """Look for what a schema cannot see.

    Raises:
        InvalidMessage: Naming everything that was found.
    """
    faults = [
        *_dangling(message),
        *_misnamed(message),
        *_repeated_uuids(message),
        *_positions(message),
        *_sweeps(message),
        *_ordinals(message),
        *_times(message),
    ]
    if faults:
        raise InvalidMessage(f"MXLIMS message is not consistent: {'; '.join(faults)}: report it with the journal")


def _objects(message: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for kind, objects in message.items():
        if isinstance(objects, Mapping) and (not kinds or kind in kinds):
            for name, content in objects.items():
                yield kind, name, content


def _references(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for field, value in content.items():
        if field.endswith("Ref"):
            yield field, value["$ref"]
        elif field.endswith("Refs"):
            yield from ((field, one["$ref"]) for one in value)


def _dangling(message: Mapping[str, Any]) -> Iterator[str]:
    for _, name, content in _objects(message):
        for field, ref in _references(content):
            match = _REFERENCE.match(ref)
            if match is None or match[2] not in message.get(match[1], {}):
                yield f"{name}.{field} refers to {ref}, which is not in the message"


def _misnamed(message: Mapping[str, Any]) -> Iterator[str]:
    for kind, name, content in _objects(message):
        if not re.fullmatch(f"{kind}[1-9][0-9]*", name):
            yield f"{name} is no name of a {kind}, allowed is {kind}1 and so on"
        if content.get("mxlimsType") != kind:
            yield f"{name} has mxlimsType {content.get('mxlimsType')!r}, allowed is {kind!r}"


def _repeated_uuids(message: Mapping[str, Any]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for _, name, content in _objects(message):
        uid = content.get("uuid")
        if uid is not None and owners.setdefault(uid, name) != name:
            yield f"{name} and {owners[uid]} have the same uuid {uid}"


def _positions(message: Mapping[str, Any]) -> Iterator[str]:
    for kind, name, content in _objects(message, "Pin", "MultiPin", "PinPosition"):
        holder_ref = content.get("containerRef", {}).get("$ref", "").split("/")
        holder = message.get(holder_ref[1], {}).get(holder_ref[2], {}) if len(holder_ref) == 3 else {}
        field = "positionInPin" if kind == "PinPosition" else "positionInPuck"
        position, allowed = content.get(field), holder.get("numberPositions")
        if position is not None and allowed is not None and position > allowed:
            yield f"{name} has {field} {position}, its holder has {allowed} positions"


def _sweeps(message: Mapping[str, Any]) -> Iterator[str]:
    for _, name, sweep in _objects(message, "CollectionSweep"):
        number, lines = sweep.get("numberImages"), sweep.get("numberLines")
        if number and lines and number % lines:
            yield f"{name} has {number} images in {lines} lines, which does not divide"
        for scan in sweep.get("scans", []):
            last = scan["firstImageNumber"] + scan["numberImages"] - 1
            if number is not None and last > number:
                yield f"{name} has a scan up to image {last}, the sweep has {number}"


def _ordinals(message: Mapping[str, Any]) -> Iterator[str]:
    seen: set[tuple[str, int]] = set()
    for _, name, sweep in _objects(message, "CollectionSweep"):
        source = sweep.get("sourceRef", {}).get("$ref")
        for scan in sweep.get("scans", []) if source else []:
            key = (source, scan["ordinal"])
            if key in seen:
                yield f"{name} has ordinal {scan['ordinal']}, which another scan of its experiment has"
            seen.add(key)


def _times(message: Mapping[str, Any]) -> Iterator[str]:
    for _, name, job in _objects(message, "MxExperiment", "VolumeScan"):
        ended = job.get("jobStatus") in ("Completed", "Failed", "Aborted")
        if ended and "endTime" not in job:
            yield f"{name} is {job['jobStatus']} without endTime"
        if not ended and "endTime" in job:
            yield f"{name} has an endTime and is {job.get('jobStatus')!r}"
