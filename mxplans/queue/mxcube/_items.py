"""A queue item of what a task asks for, with what it cannot say kept, and a report of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from mxplans.model import DOMAIN, QueueItem
from mxplans.model.item import in_words, swept_uuid
from mxplans.model.kinds import STRATEGIES
from mxplans.queue.mxcube._fields import NODE, PARAMETERS, SAMPLE, Field
from mxplans.queue.mxcube._keeping import difference, same
from mxplans.queue.mxcube._problems import Problems, joined
from mxplans.queue.mxcube._samples import Sample, sample_node
from mxplans.queue.mxcube._tasks import Asked
from mxplans.queue.mxcube._writing import task_of

_SERVERS = ("state", "checked", "taskIndex", "sampleQueueID", "tasks")
"""What follows from where an item stands and how far it is: said by the queue, never kept."""
_OTHERWISE = "has no place in a queue item"


@dataclass(frozen=True)
class Ignored:
    """A field that was given and has no place in a queue item."""

    path: str
    value: Any
    reason: str


def item_of(asked: Asked, sample: Sample, name: str, path: str, problems: Problems) -> QueueItem | None:
    """The item; None, with problems, if the parts do not fit together."""
    identity = str(uuid.uuid4())
    extension = {key: value for key, value in asked.extension.items() if value is not None}
    content = {
        "experiment": {
            "uuid": identity,
            "job_status": "Ready",
            "experiment_strategy": STRATEGIES[asked.kind],
            "extensions": {DOMAIN: {"kind": asked.kind.value} | _aliased(extension)},
            **asked.experiment,
        },
        "sweeps": [
            {"uuid": swept_uuid(identity, number), **sweep} for number, sweep in enumerate(asked.sweeps, start=1)
        ],
        "sample_name": name,
        "location": sample.location.model_dump() if sample.location else None,
    }
    try:
        return QueueItem.model_validate(content)
    except ValidationError as error:
        for words in in_words(error)[:5]:
            problems.add(path, "...", words, "correct the task")
        return None


def keeping(item: QueueItem, task: Mapping[str, Any], sample: Sample) -> QueueItem:
    """The item with what it does not say of its task and sample, as it was posted."""
    own = {name: value for name, value in task.items() if name not in _SERVERS}
    kept = {
        "task": difference(own, task_of(item, sample.identity)),
        "sample": difference(
            {"sampleID": sample.identity} | {key: value for key, value in sample.posted.items() if key not in _SERVERS},
            sample_node(item.sample_name, item.location),
        ),
    }
    kept = {part: fields for part, fields in kept.items() if fields}
    if not kept:
        return item
    experiment = item.experiment
    domains = experiment.extensions or {}
    extensions = {**domains, DOMAIN: {**domains.get(DOMAIN, {}), "mxcube": kept}}
    return QueueItem.model_validate(
        {**item.to_json(), "experiment": {**experiment.to_json(), "extensions": extensions}}
    )


def ignored_of_task(
    task: Mapping[str, Any], written: Mapping[str, Any], asked: Asked, path: str, ordinary: Mapping[str, Any]
) -> Iterator[Ignored]:
    """What a task gives that its item does not say and that is no default."""
    known = {"type", "checked", "state", "parameters"}
    for name, value in task.items():
        if (
            name in known
            or (name in ordinary and same(value, ordinary[name]))
            or _says_nothing(name, value, written, NODE)
        ):
            continue
        yield Ignored(joined(path, name), value, _OTHERWISE if name in NODE else "the format has no such field")
    fields = PARAMETERS.get(str(task.get("type")), {})
    for name, value in task["parameters"].items():
        if name in asked.names or _says_nothing(name, value, written["parameters"], fields):
            continue
        reason = asked.reasons.get(name, asked.otherwise)
        yield Ignored(joined(f"{path}.parameters", name), value, reason)
    for index, wedge in enumerate(asked.wedges):
        at = f"{path}.parameters.wedges[{index}]"
        pair = task["parameters"]["wedges"][index], written["parameters"]["wedges"][index]
        yield from ignored_of_task(*pair, wedge, at, {**ordinary, "taskIndex": 0})


def ignored_of_sample(sample: Sample, item: QueueItem, path: str) -> Iterator[Ignored]:
    """What a sample gives that no item says and that is no default."""
    known = {"type", "sampleID", "location", "checked", "state", "tasks"}
    written = sample_node(item.sample_name, item.location)
    for name, value in sample.posted.items():
        if name not in known and not _says_nothing(name, value, written, SAMPLE):
            yield Ignored(joined(path, name), value, _OTHERWISE if name in SAMPLE else "the format has no such field")
    if sample.location is None:
        yield Ignored(f"{path}.sampleID", sample.identity, "no place in a sample changer: what hangs on the goniometer")


def _says_nothing(name: str, value: Any, written: Mapping[str, Any], fields: Mapping[str, Field]) -> bool:
    """Whether the answer has the value anyhow."""
    return (name in fields and same(value, fields[name].default)) or (name in written and same(value, written[name]))


def _aliased(extension: Mapping[str, Any]) -> dict[str, Any]:
    """Our extension is JSON, in camelCase as all else there."""
    return {to_camel(name): value for name, value in extension.items()}
