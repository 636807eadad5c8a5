"""Runs and streams as far as their documents have come, and looks at the values in them: parts of the contract's check."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mxplans.plans.document_streams import Key, Stream
from mxplans_lims.journal import plain

_VALUES = {"string": str, "integer": int, "number": int | float, "array": list}


@dataclass
class OpenStream:
    """A declared stream: its place in the contract, the keys it announced, what came of it."""

    run: "OpenRun"
    name: str
    stream: Stream | None
    keys: frozenset[str]
    events: int = 0


@dataclass
class OpenRun:
    """A run and what came of it."""

    start: dict[str, Any]
    ended: dict[str, Any] | None = None
    streams: dict[str, OpenStream] = field(default_factory=dict)
    phases: list[str] = field(default_factory=list)

    @property
    def uid(self) -> str:
        return str(self.start["uid"])

    @property
    def said(self) -> dict[str, Any]:
        said = self.start.get("mxplans")
        return said if isinstance(said, dict) else {}

    @property
    def role(self) -> str:
        return str(self.said.get("role"))

    def count(self, stream: str) -> int:
        found = self.streams.get(stream)
        return 0 if found is None else found.events


def named(run: OpenRun) -> str:
    return f"{run.role} {run.start.get('sample_name')} ({run.uid[:8]})"


def digest(document: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, default=plain, sort_keys=True).encode()).hexdigest()


def at(said: dict[str, Any], name: str) -> tuple[Any, bool]:
    value: Any = said
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            return None, False
        value = value[part]
    return value, True


def listed(value: Any) -> Any:
    """JSON knows no tuples."""
    if isinstance(value, dict):
        return {key: listed(each) for key, each in value.items()}
    return [listed(each) for each in value] if isinstance(value, list | tuple) else value


def flaw_of(key: Key, value: Any) -> str | None:
    """What is wrong with a value of a key."""
    if not isinstance(value, _VALUES[key.dtype]) or isinstance(value, bool):
        return f"{key.name} is {value!r}, not {key.dtype}"
    finite = all(not isinstance(each, float) or math.isfinite(each) for each in leaves(value))
    return None if finite else f"{key.name} is not finite"


def texts(value: Any) -> Iterable[str]:
    return (each for each in leaves(value) if isinstance(each, str))


def leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for each in value:
            yield from leaves(each)
    else:
        yield value
