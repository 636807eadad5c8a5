"""Prefixes and folders: what they may be, and what MXCuBE's templates in them stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mxplans.queue.mxcube._problems import Problems

PREFIX = "sweep"
"""Where a task gives none."""
_PREFIX = re.compile(r"[A-Za-z0-9_-]{1,45}")
_SUBDIR = re.compile(r"[A-Za-z0-9_.+{} -]+(?:/[A-Za-z0-9_.+{} -]+)*/?")
_SUBDIR_MOST = 255


def prefix_of(given: Mapping[str, Any], path: str, names: Mapping[str, str], problems: Problems) -> str:
    """The prefix of a task's files, templates replaced.

    Args:
        given: The task's parameters.
        path: Of these.
        names: What each template stands for, by its name without braces.
        problems: Takes down what it may not be.

    >>> prefix_of({"prefix": "{PREFIX}-a"}, "parameters", {"PREFIX": "LYS"}, Problems())
    'LYS-a'
    """
    asked: str = given.get("prefix") or PREFIX
    prefix = asked
    for name, meant in names.items():
        prefix = prefix.replace(f"{{{name}}}", meant)
    if not _PREFIX.fullmatch(prefix):
        problems.add(f"{path}.prefix", asked, "1 to 45 letters, digits, _ and -", "choose another prefix")
        return PREFIX
    return prefix


def check_subdir(given: Mapping[str, Any], path: str, problems: Problems) -> None:
    """A folder stays below the session's."""
    subdir = given.get("subdir") or "."
    parts = subdir.rstrip("/").split("/")
    inside = _SUBDIR.fullmatch(subdir) and ".." not in parts and len(subdir) <= _SUBDIR_MOST
    if not inside:
        allowed = (
            f"a relative path of letters, digits, blanks and _ . + -, without .., at most {_SUBDIR_MOST} characters"
        )
        problems.add(f"{path}.subdir", subdir, allowed, "choose a folder below the session's")
