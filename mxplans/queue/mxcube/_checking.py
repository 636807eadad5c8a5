"""Each field of a sample or a task against the format's types and our bounds, before anything is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans.queue.mxcube._fields import CHARACTERISATION, NODE, PARAMETERS, SAMPLE, Field, json_type
from mxplans.queue.mxcube._keeping import same
from mxplans.queue.mxcube._problems import TASKS_MOST, Problems, joined
from mxplans.queue.mxcube._texts import check_subdir


def check_sample(posted: Any, path: str, problems: Problems) -> bool:
    """Whether a sample can be read; its tasks are not looked at."""
    before = len(problems)
    if _is_object(posted, path, problems):
        _check_fields(posted, path, SAMPLE, problems)
    return len(problems) == before


def check_task(posted: Any, path: str, problems: Problems, types: tuple[str, ...] = tuple(PARAMETERS)) -> bool:
    """Whether a task can be read: its type, its parameters, and those of its wedges."""
    before = len(problems)
    if not _is_object(posted, path, problems):
        return False
    _check_fields(posted, path, NODE, problems)
    kind, parameters = posted.get("type", ""), posted.get("parameters")
    if kind not in types:
        problems.add(f"{path}.type", kind, ", ".join(types), "run it in MXCuBE, or ask for one of these")
    elif not isinstance(parameters, dict):
        problems.add(f"{path}.parameters", parameters, "an object", "give the task's parameters")
    else:
        _check_parameters(parameters, f"{path}.parameters", PARAMETERS.get(kind, {}), problems)
        if kind == "Interleaved":
            _check_wedges(parameters.get("wedges"), f"{path}.parameters.wedges", problems)
        elif parameters.get("wedges"):
            problems.add(f"{path}.parameters.wedges", "...", "wedges in an Interleaved task only", "change the type")
    return len(problems) == before


def _check_wedges(wedges: Any, path: str, problems: Problems) -> None:
    if not isinstance(wedges, list) or len(wedges) > TASKS_MOST:
        return  # told as the wrong type, or as too many tasks
    for index, wedge in enumerate(wedges):
        check_task(wedge, f"{path}[{index}]", problems, ("DataCollection",))


def _check_parameters(
    parameters: Mapping[str, Any], path: str, fields: Mapping[str, Field], problems: Problems
) -> None:
    """Fields that the type does not have are held to the same bounds where another type has them."""
    before = len(problems)
    _check_fields(parameters, path, {**CHARACTERISATION, **fields}, problems)
    if len(problems) == before:
        check_subdir(parameters, path, problems)


def _check_fields(posted: Mapping[str, Any], path: str, fields: Mapping[str, Field], problems: Problems) -> None:
    for name, value in posted.items():
        field = fields.get(name)
        if field is None or same(value, field.default):
            continue
        allowed = field.problem(value)
        if allowed is not None:
            problems.add(joined(path, name), value, allowed, "correct it")


def _is_object(posted: Any, path: str, problems: Problems) -> bool:
    if not isinstance(posted, dict):
        problems.add(path, json_type(posted), "an object", "send samples and tasks as MXCuBE does")
    return isinstance(posted, dict)
