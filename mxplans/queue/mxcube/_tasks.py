"""What one task asks for, by its type: kind, sweeps and the rest of a queue item."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from mxplans.model import SPACE_GROUP_NAMES, Centring, Kind
from mxplans.model.extensions import Edge
from mxplans.queue.mxcube._fields import XRF
from mxplans.queue.mxcube._points import Points
from mxplans.queue.mxcube._problems import Problems
from mxplans.queue.mxcube._sweeps import CELL, inverse_of, sweep_of
from mxplans.queue.mxcube._texts import prefix_of

INTERLEAVE_BY = 10
"""Images of a sub-wedge where an Interleaved task gives none, as in MXCuBE."""


@dataclass
class Asked:
    """What a task asks for in the words of the model, and which parameters that covers."""

    kind: Kind
    sweeps: list[dict[str, Any]] = field(default_factory=list)
    extension: dict[str, Any] = field(default_factory=dict)
    experiment: dict[str, Any] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    otherwise: str = "has no place in a queue item"
    wedges: list[Asked] = field(default_factory=list)


@dataclass(frozen=True)
class Task:
    """A task with checked fields: what readers of its type need."""

    given: Mapping[str, Any]
    """Its parameters."""
    path: str
    """Of its parameters."""
    names: Mapping[str, str]
    """What the templates of a prefix stand for."""
    points: Points
    problems: Problems
    kappa: bool = True
    """Whether the goniometer has kappa and phi."""

    def prefix(self) -> str:
        """Of its files; a problem if it cannot be."""
        return prefix_of(self.given, self.path, self.names, self.problems)


def collection(task: Task) -> Asked:
    """DataCollection: a rotation, helical with a line, or a grid; with inverse beam as two sweeps."""
    found = sweep_of(task.given, task.prefix(), task.path, task.points, task.problems)
    kind = {"helical": Kind.HELICAL, "mesh": Kind.MESH}.get(found.sweep.get("sweep_type", ""), Kind.ROTATION)
    if not task.kappa:
        _leave_out_kappa(found.sweep["axis_positions_start"])
    asked = Asked(kind, [found.sweep], names=found.names | {"prefix"}, reasons=found.reasons)
    if task.given.get("offset"):
        task.problems.add(
            f"{task.path}.offset", task.given["offset"], "0 deg in a data collection", "ask for a Characterisation"
        )
    if task.given.get("inverse_beam") is True and kind is not Kind.MESH:
        asked.kind = Kind.INVERSE_BEAM
        asked.sweeps.append(inverse_of(found.sweep))
        asked.extension = {"order": "gsi", "wedge_images": task.given.get("sub_wedge_size", 10)}
        asked.names |= {"inverse_beam", "sub_wedge_size"}
    if "shape" in found.reasons:
        asked.extension["centring"] = Centring.NONE
    _experiment(task, asked)
    return asked


def characterisation(task: Task) -> Asked:
    """Characterisation: `num_images` images that stand apart, each a wedge of its own."""
    asked = collection(Task({**task.given, "offset": 0, "inverse_beam": False}, task.path, *_rest(task)))
    asked.kind = Kind.CHARACTERISATION
    (sweep,) = asked.sweeps
    if sweep.get("sweep_type") != "simple":
        task.problems.add(f"{task.path}.mesh", True, "a rotation in a characterisation", "ask for a DataCollection")
        return asked
    apart_deg = sweep["image_width"] + task.given.get("offset", 0)
    if apart_deg <= 0:
        least = f"more than -osc_range, {-sweep['image_width']:g} deg"
        task.problems.add(f"{task.path}.offset", task.given.get("offset"), least, "correct it")
    number = sweep["number_images"]
    if number > 100:
        task.problems.add(f"{task.path}.num_images", number, "1 to 100 images in a characterisation", "take fewer")
        return asked
    if number > 1:
        asked.names.add("offset")
    start = sweep["axis_positions_start"]
    asked.sweeps = [
        {
            **sweep,
            "role": "Characterisation",
            "number_images": 1,
            "axis_positions_start": {**start, "omega": start["omega"] + index * apart_deg},
        }
        for index in range(number)
    ]
    asked.otherwise = "belongs to the analysis; kept for it"
    return asked


def interleaved(task: Task) -> Asked:
    """Interleaved: a sweep for each wedge, in turns of `swNumImages` images."""
    task.prefix()
    asked = Asked(Kind.MULTI_ORIENTATION, names={"wedges", "swNumImages"}, otherwise="is for each wedge to say")
    for index, wedge in enumerate(task.given.get("wedges", ())):
        path = f"{task.path}.wedges[{index}].parameters"
        if wedge.get("checked") is False:
            task.problems.add(f"{task.path}.wedges[{index}].checked", False, "true", "leave the wedge out")
        part = collection(Task({**wedge["parameters"], "inverse_beam": False}, path, *_rest(task)))
        if part.sweeps[0].get("sweep_type") == "mesh":
            task.problems.add(f"{path}.mesh", True, "rotations in an Interleaved task", "ask for the grid by itself")
        asked.wedges.append(part)
        asked.sweeps += part.sweeps
        asked.experiment = part.experiment | asked.experiment
        asked.extension |= part.extension
    for part in asked.wedges:
        _leave_to_the_first(part, asked.experiment)
    if not asked.sweeps:
        task.problems.add(f"{task.path}.wedges", [], "1 wedge or more", "give the wedges")
    letters = _letters(asked.sweeps)
    if "b" in letters:
        asked.kind = Kind.MULTI_ENERGY
    elif "g" not in letters and _differ(asked.sweeps, lambda sweep: _axes_of(sweep, "sampleX", "sampleY", "sampleZ")):
        asked.kind = Kind.MULTI_POSITION
    asked.extension |= {"order": f"s{letters}", "wedge_images": task.given.get("swNumImages") or INTERLEAVE_BY}
    return asked


def xrf_spectrum(task: Task) -> Asked:
    """XRF spectrum: seconds of counting, as the beam is."""
    task.prefix()
    seconds = task.given.get("countTime") or task.given.get("exp_time")
    if not seconds:
        task.problems.add(f"{task.path}.countTime", seconds, XRF["countTime"].bounds(), "give the seconds of counting")
    return Asked(
        Kind.XRF_SPECTRUM,
        extension={"count_time_s": seconds},
        names={"countTime", "exp_time"},
        otherwise="is no part of an XRF spectrum, which is taken as beam and sample are",
    )


def energy_scan(task: Task) -> Asked:
    """Energy scan: element and edge."""
    task.prefix()
    element, edge = task.given.get("element", ""), task.given.get("edge", "")
    if not (element.isalpha() and element.isascii() and element == element.capitalize() and len(element) <= 2):
        task.problems.add(f"{task.path}.element", element, "the symbol of an element", "give one, e.g. Se")
    if edge not in get_args(Edge):
        task.problems.add(f"{task.path}.edge", edge, ", ".join(get_args(Edge)), "give one of these")
    return Asked(
        Kind.ENERGY_SCAN,
        extension={"element": element, "edge": edge},
        names={"element", "edge"},
        otherwise="is no part of an energy scan, which element and edge decide",
    )


READERS: Mapping[str, Callable[[Task], Asked]] = {
    "DataCollection": collection,
    "Characterisation": characterisation,
    "Interleaved": interleaved,
    "xrf_spectrum": xrf_spectrum,
    "energy_scan": energy_scan,
}


def _rest(task: Task) -> tuple[Mapping[str, str], Points, Problems, bool]:
    return task.names, task.points, task.problems, task.kappa


def _leave_out_kappa(axes: dict[str, float]) -> None:
    """An axis that is not there stands at 0 deg."""
    for axis in ("kappa", "phi"):
        if axes.get(axis) == 0:
            del axes[axis]


def _experiment(task: Task, asked: Asked) -> None:
    """What a data collection says of the experiment as a whole."""
    given = task.given
    if "take_snapshots" in given:
        asked.experiment["snapshot_count"] = given["take_snapshots"]
        asked.names.add("take_snapshots")
    if given.get("space_group") in SPACE_GROUP_NAMES:
        asked.experiment["expected_space_group_name"] = given["space_group"]
        asked.names.add("space_group")
    cell = [given.get(name, 0) for name in CELL]
    if all(length > 0 for length in cell) and all(angle < 180 for angle in cell[3:]):
        asked.experiment["expected_unit_cell"] = dict(zip(("a", "b", "c", "alpha", "beta", "gamma"), cell, strict=True))
        asked.names |= set(CELL)
    if given.get("first_image", 1) in (0, 1):
        asked.names.add("first_image")
    asked.reasons["first_image"] = "images count from 1"
    asked.reasons["run_number"] = "the queue numbers runs itself, so that none is written twice"
    asked.reasons["subdir"] = "files go to the folder of the sample"


_OF_EXPERIMENT: Mapping[str, frozenset[str]] = {
    "snapshot_count": frozenset({"take_snapshots"}),
    "expected_space_group_name": frozenset({"space_group"}),
    "expected_unit_cell": frozenset(CELL),
}


def _leave_to_the_first(wedge: Asked, experiment: Mapping[str, Any]) -> None:
    """An experiment has one value of what each of its wedges may give: that of the first wedge that does."""
    for name, parameters in _OF_EXPERIMENT.items():
        if wedge.experiment.get(name) != experiment.get(name):
            wedge.names -= parameters
            wedge.reasons |= dict.fromkeys(parameters, "an earlier wedge decides for all")


def _letters(sweeps: list[dict[str, Any]]) -> str:
    """The loops in which wedges differ, in the order in which they alternate."""
    differ = {
        "g": _differ(sweeps, lambda sweep: _axes_of(sweep, "kappa", "phi")),
        "d": _differ(sweeps, lambda sweep: (sweep.get("resolution"), _axes_of(sweep, "detectorDistance"))),
        "b": _differ(sweeps, lambda sweep: sweep.get("energy")),
    }
    return "".join(letter for letter, differs in differ.items() if differs)


def _differ(sweeps: list[dict[str, Any]], what: Callable[[dict[str, Any]], Any]) -> bool:
    return len({what(sweep) for sweep in sweeps}) > 1


def _axes_of(sweep: Mapping[str, Any], *axes: str) -> tuple[float | None, ...]:
    return tuple(sweep["axis_positions_start"].get(axis) for axis in axes)
