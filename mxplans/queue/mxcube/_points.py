"""Places of the shapes that MXCuBE knows by name, as a client may send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from pydantic import ValidationError

from mxplans.model import Position
from mxplans.model.item import in_words
from mxplans.queue.mxcube._problems import Problems, joined

Points: TypeAlias = Mapping[str, Position | tuple[Position, Position]]
"""By the shape's name: of a point and of a grid's centre one place, of a line two."""

_AXES = {"sampleX": "x_mm", "sampleY": "y_mm", "sampleZ": "z_mm"}


def read_points(content: Any) -> Points:
    """Make places of JSON: for each shape an object of sampleX, sampleY and sampleZ (mm), for a line a list of two.

    Raises:
        InvalidTasks: If anything is no place, with every problem.

    >>> read_points({"P1": {"sampleX": 0.1, "sampleY": 0, "sampleZ": 0}})["P1"]
    Position(x_mm=0.1, y_mm=0.0, z_mm=0.0)
    """
    problems = Problems()
    found: dict[str, Position | tuple[Position, Position]] = {}
    if not isinstance(content, dict):
        problems.add("points", content, "an object, by the names of shapes", "send it so, or leave it out")
        problems.raise_any()
    for name, value in content.items():
        path = joined("points", name)
        several = value if isinstance(value, list) else [value]
        places = [place for each in several if (place := _place(each, path, problems)) is not None]
        if isinstance(value, list) and len(value) == 2 == len(places):
            found[name] = (places[0], places[1])
        elif isinstance(value, list):
            problems.add(path, value, "a place, or a list of two", "give the two ends of the line")
        elif places:
            found[name] = places[0]
    problems.raise_any()
    return found


def _place(value: Any, path: str, problems: Problems) -> Position | None:
    if not isinstance(value, dict) or set(value) != set(_AXES):
        problems.add(path, value, f"an object of {', '.join(_AXES)}, mm", "give all three")
        return None
    try:
        return Position.model_validate({field: value[axis] for axis, field in _AXES.items()})
    except ValidationError as error:
        problems.add(path, value, "; ".join(in_words(error)), "correct it")
        return None
