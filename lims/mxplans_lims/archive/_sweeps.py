"""The frames of a sweep as one array: one more stream in the item's run that leads to the files of all its scans.

The catalogue concatenates HDF5 files that stand behind one stream, in the order of the stream's resources. So a stream
made here, with the resources of the scans by image number, serves the frames in image order, whatever was taken in
between: on any Tiled server, without an adapter of ours and without copying a frame. Its documents follow from others by
uuid5, and stand in the catalogue only; the journal keeps what the RunEngine said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mxplans_lims._runs import RunIndex
from mxplans_lims.executed import ExecutedSweep, executed_sweeps
from mxplans_lims.journal import Document
from mxplans_lims.names import made_uuid
from mxplans_lims.records import SampleRecord

PREFIX = "sweep_"
OBJECT = "sweep"
"""Configuration of the stream: which sweep it is, and which images of which runs."""


@dataclass
class _Frames:
    """What the documents of one scan say of its frames."""

    keys: dict[str, dict[str, Any]] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


def sweep_documents(
    record: SampleRecord, documents: Iterable[Document], stop: Mapping[str, Any]
) -> tuple[list[Document], list[str]]:
    """Documents of a stream for each executed sweep, and why there is none for one.

    Args:
        record: Of the item.
        documents: Of all its runs.
        stop: Stop document of the run that the streams shall stand in.
    """
    frames = _frames_by_run(documents)
    sweeps = executed_sweeps(record)
    found: list[Document] = []
    faults: list[str] = []
    for name, sweep in zip(_stream_names(sweeps), sweeps, strict=True):
        parts = [frames[scan.run_uid] for scan in sweep.in_image_order if scan.run_uid in frames]
        reason = _different(parts)
        if reason is None:
            found += _stream(name, sweep, parts, stop)
        else:
            faults.append(f"the frames of {name} are not served as one array: {reason}; each scan has its own")
    return found, faults


def _frames_by_run(documents: Iterable[Document]) -> dict[str, _Frames]:
    index = RunIndex()
    found: dict[str, _Frames] = {}
    for name, document in documents:
        run = index.run_of(name, document)
        if run is None:
            continue
        frames = found.setdefault(run, _Frames())
        if name == "descriptor":
            external = {key: data for key, data in document["data_keys"].items() if data.get("external") == "STREAM:"}
            frames.keys.update(external)
        elif name == "stream_resource":
            frames.resources[document["uid"]] = document
        elif name == "stream_datum":
            frames.counts[document["stream_resource"]] += document["indices"]["stop"] - document["indices"]["start"]
    return found


def _stream_names(sweeps: Sequence[ExecutedSweep]) -> list[str]:
    """By prefix, since people know a sweep by it; with a piece of the uuid where several have the same."""
    names = [PREFIX + re.sub(r"\W+", "_", str(sweep.asked.get("prefix") or sweep.first.role)) for sweep in sweeps]
    count = Counter(names)
    return [name if count[name] == 1 else f"{name}_{sweep.uuid[:8]}" for name, sweep in zip(names, sweeps, strict=True)]


def _different(parts: Sequence[_Frames]) -> str | None:
    """Why scans cannot be one array; None if they can."""
    for key in parts[0].keys:
        forms = {
            (str(part.keys.get(key, {}).get("shape")), part.keys.get(key, {}).get("dtype_numpy")) for part in parts
        }
        if len(forms) > 1:
            return f"{key} has different forms, {', '.join(sorted(f'{shape} {kind}' for shape, kind in forms))}"
        places = {
            (resource["mimetype"], str(sorted(resource["parameters"].items())))
            for part in parts
            for resource in _of_key(part, key)
        }
        if len(places) > 1:
            return f"{key} stands in different datasets, {', '.join(sorted(' '.join(place) for place in places))}"
    return None


def _of_key(part: _Frames, key: str) -> list[dict[str, Any]]:
    return [each for each in part.resources.values() if each["data_key"] == key and part.counts[each["uid"]]]


def _stream(name: str, sweep: ExecutedSweep, parts: Sequence[_Frames], stop: Mapping[str, Any]) -> list[Document]:
    run = stop["run_start"]
    uid = made_uuid(run, sweep.uuid, "frames")
    found: list[Document] = [
        (
            "descriptor",
            {
                "uid": uid,
                "run_start": run,
                "name": name,
                "time": stop["time"],
                "data_keys": {key: dict(data) for key, data in parts[0].keys.items()},
                "object_keys": {},
                "hints": {},
                "configuration": {OBJECT: _configuration(sweep, stop["time"])},
            },
        )
    ]
    for key in parts[0].keys:
        image = 1
        for resource in (each for part in parts for each in _of_key(part, key)):
            count = sum(part.counts[resource["uid"]] for part in parts)
            made = made_uuid(uid, resource["uid"])
            seq_nums = {"start": image, "stop": image + count}
            found.append(("stream_resource", {**resource, "uid": made, "run_start": run}))
            indices = {"start": 0, "stop": count}
            datum = {"uid": f"{made}/0", "stream_resource": made, "descriptor": uid, "indices": indices}
            found.append(("stream_datum", {**datum, "seq_nums": seq_nums}))
            image += count
    return found


def _configuration(sweep: ExecutedSweep, time: float) -> dict[str, Any]:
    scans = sweep.in_image_order
    data: dict[str, Any] = {
        "sweep_uuid": sweep.uuid,
        "sweep_runs": [scan.run_uid for scan in scans],
        "sweep_first_images": [int(scan.scan["firstImageNumber"]) for scan in scans],
        "sweep_images": [scan.frames for scan in scans],
    }
    many = {"dtype": "array", "shape": [len(scans)], "source": "journal"}
    keys = {
        key: many if isinstance(value, list) else {**many, "dtype": "string", "shape": []}
        for key, value in data.items()
    }
    return {"data": data, "timestamps": dict.fromkeys(data, time), "data_keys": keys}
