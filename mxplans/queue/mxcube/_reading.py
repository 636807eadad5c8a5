"""Posted samples and tasks, or a server's answer, as queue items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mxplans.errors import InvalidInput
from mxplans.model import Centring, Kind, QueueItem, parse_item
from mxplans.queue.mxcube._checking import check_sample, check_task
from mxplans.queue.mxcube._fields import FORMAT_VERSION
from mxplans.queue.mxcube._items import Ignored, ignored_of_sample, ignored_of_task, item_of, keeping
from mxplans.queue.mxcube._points import Points
from mxplans.queue.mxcube._problems import TASKS_MOST, Problems, check_plain, joined
from mxplans.queue.mxcube._samples import RESERVED, Sample, sample_of
from mxplans.queue.mxcube._tasks import READERS, Task
from mxplans.queue.mxcube._writing import task_of


@dataclass(frozen=True)
class MxcubeRead:
    """What a queue of MXCuBE asks for."""

    items: tuple[QueueItem, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    """Every field that was given, has no place in an item and is no default; it is kept for the way back."""
    states: Mapping[str, int] = field(default_factory=dict)
    """Bits of how far a task was, by its item's uuid; without those that are not begun."""
    unchecked: frozenset[str] = frozenset()
    """The uuids of items whose task or sample is not to be executed."""


def read_queue(
    content: Any,
    *,
    points: Points | None = None,
    pucks_per_cell: int | None = None,
    centring: Centring | None = None,
    kappa: bool = True,
) -> MxcubeRead:
    """Make queue items of MXCuBE's queue JSON.

    Args:
        content: Decoded JSON: a list of samples or tasks as a client posts it, or a server's answer.
        points: Places of the shapes that tasks name: of a point and of a grid's centre one `Position`, of a line two. A
            point or grid that is not among them is taken at the present position, and reported; a line is refused.
        pucks_per_cell: Of the sample changer, for places of the form "cell:puck:pin".
        kappa: Whether the goniometer has kappa and phi. Where it has not, the 0 deg that MXCuBE always sends of both is what
            they are, and no axis is asked for.
        centring: How a sample whose task names no shape is centred first; None leaves it to the plan.

    Raises:
        InvalidTasks: If anything cannot be taken, with every problem of all tasks; then nothing is.
    """
    problems = Problems()
    check_plain(content, problems)
    problems.raise_any()
    reader = _Reader(points or {}, pucks_per_cell, centring, kappa, problems)
    reader.read(content)
    problems.raise_any()
    return MxcubeRead(tuple(reader.items), tuple(reader.ignored), reader.states, frozenset(reader.unchecked))


@dataclass
class _Reader:
    """Goes through samples and tasks; collects items, what was ignored, and problems."""

    points: Points
    pucks_per_cell: int | None
    centring: Centring | None
    kappa: bool
    problems: Problems
    items: list[QueueItem] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)
    states: dict[str, int] = field(default_factory=dict)
    unchecked: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    """Whose each sample name is, by MXCuBE's id."""

    def read(self, content: Any) -> None:
        """All samples, or tasks that stand alone."""
        for path, node in self._nodes(content):
            if isinstance(node, dict) and (node.get("type") == "Sample" or "tasks" in node):
                self._read_sample(node, path)
            else:
                self._read_task(node, path, {}, path, {})

    def _nodes(self, content: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(content, list):
            yield from ((f"[{index}]", node) for index, node in enumerate(content))
            return
        if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
            version = content.get("format_version") if isinstance(content, dict) else type(content).__name__
            allowed = f"a list of samples or tasks, or an answer of version {FORMAT_VERSION}"
            self.problems.add("format_version", version, allowed, "send one of these")
            return
        named = content.get("sample_order", [])
        order = [name for name in named if name in content] if isinstance(named, list) else []
        for name in dict.fromkeys([*order, *content]):
            if name not in RESERVED:
                yield joined("", name), content[name]
        if "add_results" in content:
            told = "the answer to an earlier request"
            self.ignored.append(Ignored("add_results", content["add_results"], told))

    def _read_sample(self, node: dict[str, Any], path: str) -> None:
        if not check_sample(node, path, self.problems):
            return
        tasks = node.get("tasks") or []
        if not tasks:
            self.ignored.append(Ignored(path, node, "a sample without tasks asks for nothing"))
        posted = {name: value for name, value in node.items() if name != "tasks"}
        for index, task in enumerate(tasks):
            ordinary = {"taskIndex": index, "sampleQueueID": node.get("queueID")}
            self._read_task(task, f"{path}.tasks[{index}]", posted, path, ordinary)

    def _read_task(
        self, task: Any, path: str, posted: Mapping[str, Any], sample_path: str, ordinary: Mapping[str, Any]
    ) -> None:
        """One task; `ordinary` is what a server says of it by itself."""
        before = len(self.problems)
        if len(self.items) >= TASKS_MOST:
            self.problems.add(path, "...", f"{TASKS_MOST} tasks at once", "send them in parts")
        elif _is_ours(task):
            self._take(task, path)
        elif check_task(task, path, self.problems):
            identity = posted.get("sampleID") or task.get("sampleID", "")
            sample = sample_of(identity, posted, sample_path, self.pucks_per_cell, self.problems)
            if task.get("sampleID", identity) != identity:
                told = f"{identity}, the id of its sample"
                self.problems.add(f"{path}.sampleID", task["sampleID"], told, "correct one of them")
            if len(self.problems) == before:
                self._read_checked(task, path, sample, sample_path, ordinary)

    def _read_checked(
        self, task: dict[str, Any], path: str, sample: Sample, sample_path: str, ordinary: Mapping[str, Any]
    ) -> None:
        before = len(self.problems)
        asked = READERS[task["type"]](
            Task(task["parameters"], f"{path}.parameters", sample.templates, self.points, self.problems, self.kappa)
        )
        asked.extension.setdefault("centring", self.centring if asked.sweeps else None)
        if len(self.problems) > before:
            return
        item = item_of(asked, sample, self._name(sample), path, self.problems)
        if item is None:
            return
        if not ordinary.get("taskIndex"):
            self.ignored += ignored_of_sample(sample, item, sample_path)
        self.ignored += ignored_of_task(task, task_of(item, sample.identity), asked, path, ordinary)
        self._add(keeping(item, task, sample), task, sample.posted)

    def _take(self, task: Mapping[str, Any], path: str) -> None:
        """A task that an answer of ours made of a kind that MXCuBE does not have."""
        try:
            self._add(parse_item(task["parameters"]["queue_item"]), task, {})
        except InvalidInput as error:
            self.problems.add(f"{path}.parameters.queue_item", "...", "a queue item", str(error))

    def _add(self, item: QueueItem, task: Mapping[str, Any], sample: Mapping[str, Any]) -> None:
        self.items.append(item)
        if task.get("state"):
            self.states[item.uuid] = task["state"]
        if task.get("checked") is False or sample.get("checked") is False:
            self.unchecked.add(item.uuid)

    def _name(self, sample: Sample) -> str:
        """The name that the queue has for a sample: no other sample has it."""
        name = sample.name
        if self.names.setdefault(name, sample.identity) != sample.identity:
            name = f"{name[:40]}-{sample.safe_identity}"
            self.names.setdefault(name, sample.identity)
        return name


def _is_ours(task: Any) -> bool:
    """Whether a task is a queue item that MXCuBE has no task for."""
    if not isinstance(task, dict) or task.get("type") not in tuple(Kind):
        return False
    return (
        task["type"] not in READERS and isinstance(task.get("parameters"), dict) and "queue_item" in task["parameters"]
    )
