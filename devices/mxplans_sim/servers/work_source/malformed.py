"""Answers that say what no client can follow."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mxplans_sim.servers.work_source.instructions import Instruction


def _cut_short(instruction: Instruction) -> str:
    text = json.dumps(instruction or {"wait": 1})
    return text[: len(text) // 2]


def _other_fields(instruction: Instruction) -> str:
    """Every second value is missing, and one is there that nobody knows."""
    spoilt = copy.deepcopy(instruction) or {"collect": {"prefix": ""}}
    for part in list(_with_values(spoilt)):
        values = [name for name, value in part.items() if not isinstance(value, dict | list)]
        for name in values[::2]:
            del part[name]
        part["exposure_tims"] = 0.1
    return json.dumps(spoilt)


def _other_types(instruction: Instruction) -> str:
    """Texts where numbers belong, and lists where texts do."""
    spoilt = copy.deepcopy(instruction) or {"wait": 1}
    for part in list(_with_values(spoilt)):
        for name, value in part.items():
            if isinstance(value, int | float):
                part[name] = f"about {value}"
            elif isinstance(value, str):
                part[name] = [value]
    return json.dumps(spoilt)


def _other_numbers(instruction: Instruction) -> str:
    """Numbers that no beamline can follow: negative, or none at all."""
    spoilt = copy.deepcopy(instruction) or {"wait": 1}
    for part in list(_with_values(spoilt)):
        numbers = [name for name, value in part.items() if isinstance(value, int | float)]
        for index, name in enumerate(numbers):
            part[name] = float("nan") if index % 2 else -abs(part[name]) - 1
    return json.dumps(spoilt)


def _with_values(content: Any) -> Iterator[dict[str, Any]]:
    """Objects that hold numbers or texts, wherever they are."""
    if isinstance(content, dict):
        for inner in content.values():
            yield from _with_values(inner)
        if any(isinstance(value, str | int | float) for value in content.values()):
            yield content
    elif isinstance(content, list):
        for inner in content:
            yield from _with_values(inner)


MALFORMED: Mapping[str, Callable[[Instruction], str]] = {
    "fields": _other_fields,
    "types": _other_types,
    "numbers": _other_numbers,
    "json": _cut_short,
    "html": lambda instruction: "<html><body>Service temporarily unavailable</body></html>",
    "unknown": lambda instruction: json.dumps({"pause": 5}),
    "list": lambda instruction: json.dumps([instruction]),
}
"""What can be wrong with an answer, by the name that a fault gives it."""
