"""What cannot be accepted of a posted queue: each with path, value, what is allowed and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from mxplans.errors import InvalidTasks, Problem

DEPTH_MOST = 40
TASKS_MOST = 10_000
_SHOWN = 80


@dataclass
class Problems:
    """Collects problems, so that all of them are told at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, path: str, value: Any, allowed: str, remedy: str) -> None:
        """Take down one."""
        self.found.append(Problem(path, value, allowed, remedy))

    def raise_any(self) -> None:
        """Tell all.

        Raises:
            InvalidTasks: If there are any.
        """
        if self.found:
            raise InvalidTasks(self.found)

    def __len__(self) -> int:
        return len(self.found)


def check_plain(content: Any, problems: Problems) -> None:
    """Look for what no field may hold: numbers that are not finite, and nesting that no queue needs."""
    for path, value in _leaves(content, problems):
        if isinstance(value, float) and not isfinite(value):
            problems.add(path, value, "finite numbers", "give a number, or leave the field out")


def _leaves(content: Any, problems: Problems) -> Iterator[tuple[str, Any]]:
    """Every value with its path; the stack is a list, so that depth costs nothing."""
    stack: list[tuple[str, Any, int]] = [("", content, 0)]
    while stack:
        path, value, depth = stack.pop()
        if depth > DEPTH_MOST:
            problems.add(path[:_SHOWN] + "...", "...", f"{DEPTH_MOST} levels of nesting", "send tasks as MXCuBE does")
            return
        if isinstance(value, dict):
            stack += [(joined(path, str(key)), inner, depth + 1) for key, inner in value.items()]
        elif isinstance(value, list | tuple):
            stack += [(f"{path}[{index}]", inner, depth + 1) for index, inner in enumerate(value)]
        else:
            yield path, value


def joined(path: str, name: str) -> str:
    """Path of a member of an object.

    >>> joined("[0].tasks[1]", "prefix"), joined("", "1:05")
    ('[0].tasks[1].prefix', '["1:05"]')
    """
    if not name.isidentifier():
        return f'{path}["{name[:_SHOWN]}"]'
    return f"{path}.{name}" if path else name
