"""From a file to a `Profile`, with errors that say what to write instead."""

from __future__ import annotations

import difflib
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mxplans.errors import InvalidProfile
from mxplans.profile._yaml import read_yaml
from mxplans.profile.schema import Profile

UNITS = (
    "deg",
    "s",
    "ms",
    "us",
    "min",
    "mm",
    "um",
    "m",
    "ev",
    "kev",
    "hz",
    "khz",
    "mgy",
    "frac",
    "percent",
    "deg_s",
    "px",
)


def load_profile(path: Path) -> Profile:
    """Read and check a profile.

    Raises:
        InvalidProfile: If it is missing, malformed, has an unknown key, a wrong unit or a value out of bounds.
    """
    content = read_yaml(path)
    try:
        return Profile.model_validate(content)
    except ValidationError as error:
        problems = "\n  ".join(_spelled(problem) for problem in error.errors())
        raise InvalidProfile(f"profile {path}:\n  {problems}") from error


def _spelled(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{where}: {_unknown_key(problem['loc'])}"
    key = str(problem["loc"][-1]) if problem["loc"] else ""
    unit = next((unit for unit in sorted(UNITS, key=len, reverse=True) if key.endswith(f"_{unit}")), None)
    if unit and isinstance(problem["input"], str):
        return f"{where}: is {problem['input']!r}; allowed is a plain number in {unit}: write the value without a unit"
    given = "" if isinstance(problem["input"], dict | list) else f", given is {problem['input']!r}"
    return f"{where}: {problem['msg']}{given}" + (f" (in {unit})" if unit else "")


def _unknown_key(location: tuple[str | int, ...]) -> str:
    key = str(location[-1])
    known = _keys_at(location[:-1])
    for other in known:
        stem, _, unit = other.rpartition("_")
        if unit in UNITS and stem and key != other and any(key == f"{stem}_{wrong}" for wrong in (*UNITS, "")):
            return f"wrong unit: this quantity is given in {unit}, as {other}; convert the value and rename the key"
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(sorted(known))}"
    return f"unknown key; {hint}"


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """Keys that the section at a place of the profile may have."""
    model: Any = Profile
    for part in location:
        model = _section(model, str(part))
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _section(model: Any, key: str) -> Any:
    if isinstance(model, type) and issubclass(model, BaseModel):
        annotation: Any = next((f.annotation for n, f in model.model_fields.items() if (f.alias or n) == key), None)
    else:
        annotation = typing.get_args(model)[1]
    if isinstance(annotation, types.UnionType):
        annotation = typing.get_args(annotation)[0]
    return annotation
