"""The parameters of a data collection as a requested sweep, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mxplans.model import DOMAIN, Position, QueueItem, Sweep, SweepRequest
from mxplans.model.sweeps import GRIDS
from mxplans.queue.mxcube._fields import COLLECTION, MESH_RANGE, defaults
from mxplans.queue.mxcube._points import Points
from mxplans.queue.mxcube._problems import Problems
from mxplans.queue.mxcube.units import between_centres_mm, covered_mm, ev_of_kev, kev_of_ev

RANGES = ("horizontal_range", "vertical_range")
_VERTICAL = {"zig-zag": False, "inverse-zig-zag": True}
"""Which way the lines of a grid run, by MXCuBE's word for it; both snake."""
_ALWAYS = frozenset(
    (
        "num_images",
        "osc_start",
        "exp_time",
        "energy",
        "resolution",
        "transmission",
        "kappa",
        "kappa_phi",
        "helical",
        "mesh",
    )
)


@dataclass
class Understood:
    """One sweep, and what is known about the parameters that made it."""

    sweep: dict[str, Any]
    names: set[str] = field(default_factory=set)
    """Parameters that the sweep says."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Why others have no place in it."""


def sweep_of(given: Mapping[str, Any], prefix: str, path: str, points: Points, problems: Problems) -> Understood:
    """One sweep of the parameters of a data collection; problems are collected."""
    full = defaults(COLLECTION) | {"kappa": None, "kappa_phi": None} | dict(given)
    mesh = full["mesh"] is True
    for name in ("num_images", "exp_time") if mesh else ("num_images", "exp_time", "osc_range"):
        _require(name, full, given, path, problems)
    found = Understood({"prefix": prefix, "role": "Result"}, set(_ALWAYS))
    _beam(full, found)
    axes = {"omega": full["osc_start"], "kappa": full["kappa"], "phi": full["kappa_phi"]}
    found.sweep["axis_positions_start"] = {axis: float(value) for axis, value in axes.items() if value is not None}
    if full["resolution"] in (0, None) and full["detector_distance"]:
        found.sweep["axis_positions_start"]["detectorDistance"] = float(full["detector_distance"])
        found.names.add("detector_distance")
    else:
        found.reasons["detector_distance"] = "the resolution decides where the detector stands"
    if mesh:
        _mesh(full, path, found, problems)
    else:
        found.sweep |= {"sweep_type": "simple", "image_width": full["osc_range"]}
        found.names.add("osc_range")
    _shape(full, path, points, found, problems)
    return found


def collection_parameters(item: QueueItem, request: SweepRequest, asked: Sweep) -> dict[str, Any]:
    """The parameters of a data collection that a sweep says, defaults in the rest."""
    full = defaults(COLLECTION)
    full |= {
        "first_image": 1,
        "num_images": request.number_images,
        "osc_start": asked.omega_start_deg,
        "osc_range": asked.image_width_deg,
        "exp_time": request.exposure_time,
        "energy": 0 if request.energy is None else kev_of_ev(request.energy),
        "resolution": request.resolution or 0,
        "detector_distance": asked.distance_mm or 0,
        "transmission": request.transmission,
        "kappa": asked.kappa_deg,
        "kappa_phi": asked.phi_deg,
        "prefix": request.prefix,
        "take_snapshots": item.experiment.snapshot_count or 0,
        "helical": asked.sweep_type == "helical",
        "mesh": asked.sweep_type in GRIDS,
    }
    full |= (
        _grid_parameters(request, asked) if asked.sweep_type in GRIDS else {"mesh_range": dict.fromkeys(RANGES, 0.0)}
    )
    if item.experiment.expected_space_group_name is not None:
        full["space_group"] = item.experiment.expected_space_group_name
    if (cell := item.experiment.expected_unit_cell) is not None:
        full |= dict(zip(CELL, (cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma), strict=True))
    return full


CELL = ("cellA", "cellB", "cellC", "cellAlpha", "cellBeta", "cellGamma")


def _require(name: str, full: Mapping[str, Any], given: Mapping[str, Any], path: str, problems: Problems) -> None:
    if full[name] != COLLECTION[name].default:
        return  # its bounds were checked with all others
    if name in given:
        problems.add(f"{path}.{name}", given[name], COLLECTION[name].bounds(), "correct it")
    else:
        problems.add(f"{path}.{name}", None, COLLECTION[name].bounds(), "it is missing: give it")


def _beam(full: Mapping[str, Any], found: Understood) -> None:
    found.sweep |= {
        "number_images": full["num_images"],
        "exposure_time": full["exp_time"],
        "transmission": full["transmission"],
        "energy": ev_of_kev(full["energy"]) if full["energy"] else None,
        "resolution": full["resolution"] or None,
    }


def _mesh(full: Mapping[str, Any], path: str, found: Understood, problems: Problems) -> None:
    lines, images = full["num_lines"], full["num_images"]
    if not images:
        return  # told as missing
    if images % lines:
        problems.add(f"{path}.num_lines", lines, f"what divides num_images, {images}", "correct one of them")
        return
    vertical = _VERTICAL.get(full["cell_counting"] or "zig-zag", False)
    columns, rows = (lines, images // lines) if vertical else (images // lines, lines)
    ranges = [full["mesh_range"].get(name, 0) for name in RANGES]
    for name, value, boxes in zip(RANGES, ranges, (columns, rows), strict=True):
        if MESH_RANGE.problem(value) or (boxes > 1 and not value):
            problems.add(f"{path}.mesh_range.{name}", value, "more than 0 to 100 mm", "give the range of the grid")
            return
    steps = [span / (boxes - 1) for span, boxes in zip(ranges, (columns, rows), strict=True) if boxes > 1]
    if not steps:
        problems.add(f"{path}.num_images", images, "2 boxes or more in a grid", "ask for a data collection instead")
        return
    # A single row has no range of its own: its boxes are taken as high as they are wide.
    covered = covered_mm(ranges[0], columns, steps[0]), covered_mm(ranges[1], rows, steps[-1])
    found.sweep |= {
        "sweep_type": "mesh",
        "scan_axis": "vertical" if vertical else "horizontal",
        "number_lines": lines,
        "mesh_range": covered,
        "image_width": covered[1] / rows if vertical else covered[0] / columns,
    }
    found.names |= {"num_lines", "mesh_range"}
    if full["cell_counting"] in (None, *_VERTICAL):
        found.names.add("cell_counting")
    found.reasons |= {
        "cell_counting": "not known; lines run along omega, every second one backwards",
        "osc_range": "omega stands in a grid",
    }


def _shape(full: Mapping[str, Any], path: str, points: Points, found: Understood, problems: Problems) -> None:
    shape, helical = full["shape"], full["helical"] is True
    known = points.get(shape) if isinstance(shape, str) else None
    if helical:
        if full["mesh"] is True:
            problems.add(f"{path}.helical", True, "helical or mesh", "ask for one of them")
        elif not isinstance(known, tuple):
            problems.add(f"{path}.shape", shape, "a line whose two points are known", f"give points[{shape!r}]")
        else:
            found.sweep |= {"sweep_type": "helical", "axis_positions_end": _axes(known[1])}
            found.sweep["axis_positions_start"] |= _axes(known[0])
            found.names.add("shape")
    elif isinstance(known, tuple):
        problems.add(f"{path}.shape", shape, "a point or a grid", "ask for helical along a line")
    elif known is not None:
        found.sweep["axis_positions_start"] |= _axes(known)
        found.names.add("shape")
    elif shape in ("", -1):
        found.names.add("shape")
    else:
        found.reasons["shape"] = "known to MXCuBE alone: present position"


def _axes(position: Position) -> dict[str, float]:
    return {"sampleX": position.x_mm, "sampleY": position.y_mm, "sampleZ": position.z_mm}


def _grid_parameters(request: SweepRequest, asked: Sweep) -> dict[str, Any]:
    lines, per_line = asked.number_lines, asked.images_per_line
    boxes = (lines, per_line) if asked.vertical else (per_line, lines)
    ranges = zip(request.mesh_range or (0.0, 0.0), boxes, strict=True)
    word = {vertical: word for word, vertical in _VERTICAL.items()}[asked.vertical]
    return {
        "num_lines": lines,
        "mesh_range": dict(zip(RANGES, (between_centres_mm(*pair) for pair in ranges), strict=True)),
        "cell_counting": word if asked.snake else None,
    }


def inverse_of(sweep: Mapping[str, Any]) -> dict[str, Any]:
    """The sweep that shows the Bijvoet mates of another."""
    start = dict(sweep["axis_positions_start"])
    start["omega"] += 180.0
    return {**sweep, "axis_positions_start": start, "extensions": {DOMAIN: {"inverse": 1}}}
