"""Queue items as a server's answer in MXCuBE's format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from mxplans.model import Kind, QueueItem
from mxplans.model.sweeps import ROTATING
from mxplans.queue.mxcube._fields import (
    CHARACTERISATION,
    COLLECTION,
    ENERGY_SCAN,
    FORMAT_VERSION,
    NODE,
    PATHS,
    SAMPLE,
    XRF,
    defaults,
)
from mxplans.queue.mxcube._keeping import overlaid
from mxplans.queue.mxcube._samples import sample_node
from mxplans.queue.mxcube._sweeps import collection_parameters
from mxplans.queue.mxcube.states import COLLECTED, FAILED, NOT_DONE, RUNNING

_ALONE = (Kind.ROTATION, Kind.HELICAL, Kind.LINE, Kind.MESH)


def write_queue(
    items: Iterable[QueueItem], states: Mapping[str, int] | None = None, unchecked: Collection[str] = ()
) -> dict[str, Any]:
    """The whole queue as MXCuBE's server would answer it.

    An item of a kind that MXCuBE has no task for becomes a task of that name, with the item itself in its parameters.

    Args:
        items: In the order of the queue.
        states: Bits of how far an item is (`state_of`), by its uuid; 0 for one that is not named.
        unchecked: The uuids of items that are not to be executed.
    """
    answer: dict[str, Any] = {}
    for item in items:
        sample = kept_of(item, "sample")
        node = overlaid(sample_node(item.sample_name, item.location), sample)
        node = answer.setdefault(node["sampleID"], {**node, "checked": False})
        task = overlaid(task_of(item, node["sampleID"]), kept_of(item, "task"))
        task = {name: value for name, value in task.items() if name in NODE}
        for each in (task, *task["parameters"].get("wedges", ())):
            each["state"] = (states or {}).get(item.uuid, NOT_DONE)
        task["checked"] = item.uuid not in unchecked
        task["taskIndex"] = len(node["tasks"])
        node["tasks"].append(task)
        node["checked"] = node["checked"] or task["checked"]
    for node in answer.values():
        node["state"] = _state_of_all([task["state"] for task in node["tasks"]])
    order = list(answer)
    _number(answer)
    return answer | ({"sample_order": order} if order else {}) | {"format_version": FORMAT_VERSION}


def kept_of(item: QueueItem, part: str) -> dict[str, Any]:
    """What was kept of a sample or a task when the item was read."""
    kept: dict[str, Any] = (item.extension.mxcube or {}).get(part, {})
    return {name: value for name, value in kept.items() if name in (SAMPLE if part == "sample" else NODE)}


def task_of(item: QueueItem, sample_id: str) -> dict[str, Any]:
    """The task that an item is, without anything that was kept of one."""
    kind, pairs = item.kind, list(zip(item.sweeps, item.asked, strict=True))
    if kind is Kind.XRF_SPECTRUM:
        seconds = item.extension.count_time_s or 0
        return _node("xrf_spectrum", sample_id, defaults(XRF) | {"countTime": seconds, "exp_time": seconds})
    if kind is Kind.ENERGY_SCAN:
        said = {"element": item.extension.element, "edge": item.extension.edge}
        return _node("energy_scan", sample_id, defaults(ENERGY_SCAN) | said)
    if kind is Kind.CHARACTERISATION and (apart_deg := _apart_deg(item)) is not None:
        parameters = defaults(CHARACTERISATION) | collection_parameters(item, *pairs[0])
        parameters |= {"num_images": len(pairs), "offset": apart_deg - pairs[0][1].image_width_deg}
        return _node("Characterisation", sample_id, parameters)
    if kind in _ALONE and len(pairs) == 1:
        return _node("DataCollection", sample_id, collection_parameters(item, *pairs[0]))
    if kind is Kind.INVERSE_BEAM and [sweep.inverse for _, sweep in pairs] == [0, 1] and item.extension.wedge_images:
        parameters = collection_parameters(item, *pairs[0])
        parameters |= {"inverse_beam": True, "sub_wedge_size": item.extension.wedge_images}
        return _node("DataCollection", sample_id, parameters)
    if pairs and kind is not Kind.CHARACTERISATION and all(sweep.sweep_type in ROTATING for _, sweep in pairs):
        wedges = [_node("DataCollection", sample_id, collection_parameters(item, *pair)) for pair in pairs]
        images = item.extension.wedge_images or max(sweep.number_images for sweep in item.sweeps)
        return _node("Interleaved", sample_id, defaults(COLLECTION) | {"wedges": wedges, "swNumImages": images})
    return _node(kind.value, sample_id, defaults(PATHS) | {"queue_item": item.to_json()})


def _node(kind: str, sample_id: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    return defaults(NODE) | {"type": kind, "label": kind, "sampleID": sample_id, "parameters": dict(parameters)}


def _apart_deg(item: QueueItem) -> float | None:
    """From one image of a characterisation to the next, None if it is not of single images evenly spread."""
    sweeps = item.asked
    if any(sweep.number_images != 1 for sweep in sweeps):
        return None
    if len(sweeps) == 1:
        return sweeps[0].image_width_deg
    apart_deg = sweeps[1].omega_start_deg - sweeps[0].omega_start_deg
    # Starts were made by multiplying, which costs a rounding of angles below 3600 deg.
    even = all(
        abs(sweep.omega_start_deg - sweeps[0].omega_start_deg - number * apart_deg) < 1e-9
        for number, sweep in enumerate(sweeps)
    )
    return apart_deg if even else None


def _state_of_all(states: Collection[int]) -> int:
    """How far a sample is, of which these are the tasks."""
    if RUNNING in states:
        return RUNNING
    if NOT_DONE in states:
        return NOT_DONE
    return FAILED if FAILED in states else COLLECTED


def _number(answer: Mapping[str, dict[str, Any]]) -> None:
    """Give each node its own `queueID`, new ones above those that were kept."""
    nodes = []
    for sample in answer.values():
        nodes.append(sample)
        for task in sample["tasks"]:
            nodes += [task, *task["parameters"].get("wedges", ())]
    taken: set[int] = set()
    last = max((node["queueID"] for node in nodes), default=0)
    for node in nodes:
        if node["queueID"] < 1 or node["queueID"] in taken:
            last = max(last, 0) + 1
            node["queueID"] = last
        taken.add(node["queueID"])
    for sample in answer.values():
        for task in sample["tasks"]:
            for node in (task, *task["parameters"].get("wedges", ())):
                node["sampleQueueID"] = sample["queueID"]
