"""The commands `mxplans profile show` and `mxplans profile schema`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.syntax import Syntax

from mxplans.app.profile_options import read_placed
from mxplans.app.profile_subject import profile_of
from mxplans.app.profile_values import Loc, leaves_of, origin, whole
from mxplans.profile import PlacedProfile
from mxplans.profile.reference import profile_schema
from mxplans.profile.yaml12 import written

_COMMENT_COLUMN = 48


def show_profile(path: Path, given: Sequence[str], origins: bool, as_json: bool) -> None:
    """Print a profile as a whole: YAML that is a profile again, or JSON.

    Args:
        path: Its file, or its folder.
        given: Values of the command line, in place of the file's.
        origins: Whether to say where each value comes from: as comments, or under `origins`.
        as_json: Whether as JSON.

    Raises:
        InvalidProfile: If it cannot be used.
    """
    placed = read_placed(profile_of(path) or path, given)
    console = Console()
    if as_json:
        print(json.dumps(_as_json(placed, origins), indent=2))
        return
    text = as_yaml(whole(placed), (lambda loc: origin(placed, loc)) if origins else None)
    if console.is_terminal:
        console.print(Syntax(text, "yaml", background_color="default", word_wrap=True))
    else:
        print(text)


def print_schema() -> None:
    """Print the JSON Schema of profiles."""
    print(json.dumps(profile_schema(), indent=2))


def _as_json(placed: PlacedProfile, origins: bool) -> dict[str, Any]:
    values = whole(placed)
    if not origins:
        return values
    told = {".".join(map(str, loc)): origin(placed, loc) for loc, _ in leaves_of(values)}
    return {"profile": values, "origins": told}


def as_yaml(values: dict[str, Any], comment: Callable[[Loc], str] | None = None) -> str:
    """Plain values as YAML, lists of single values on one line.

    Args:
        values: Sections.
        comment: What to write behind a value, by its way; None writes nothing.

    >>> print(as_yaml({"a": {"b": [1, 2.5], "c": "yes"}, "d": [{"e": None}]}))
    a:
      b: [1, 2.5]
      c: yes
    d:
      - e: null
    """
    return "\n".join(_lines(values, (), comment))


def _lines(value: Any, loc: Loc, comment: Callable[[Loc], str] | None) -> Iterator[str]:
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in parts:
        mark = f"{written(key)}:" if isinstance(value, dict) else "-"
        here = (*loc, key)
        if not _is_nested(inner):
            line = f"{mark} {_flow(inner)}"
            said = None if comment is None else comment(_first(inner, here))
            yield line if said is None else f"{line}{' ' * max(2, _COMMENT_COLUMN - len(line) - 2 * len(loc))}# {said}"
            continue
        lines = list(_lines(inner, here, comment))
        if isinstance(value, list):
            yield f"- {lines[0]}"
            yield from (f"  {line}" for line in lines[1:])
        else:
            yield mark
            yield from (f"  {line}" for line in lines)


def _is_nested(value: Any) -> bool:
    return isinstance(value, dict | list) and any(
        isinstance(value, dict) or isinstance(each, dict | list) for each in value
    )


def _first(value: Any, loc: Loc) -> Loc:
    """The way of a list's first value, which has the place of the list."""
    return (*loc, 0) if isinstance(value, list) and value else loc


def _flow(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(written(each) for each in value)}]"
    return "{}" if isinstance(value, dict) else written(value)
