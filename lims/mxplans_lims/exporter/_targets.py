"""The targets of a night, as its folder says: those that can be used, and why others cannot."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mxplans.errors import InvalidInput
from mxplans_lims.delivery import Target

log = logging.getLogger(__name__)

GROUP = "mxplans.lims_targets"
TARGETS_FILE = "targets.json"
BUILT_IN: Mapping[str, Mapping[str, Any]] = {"record": {"type": "record", "settings": {}}}
"""Records beside the data are always written, LIMS or not."""


@dataclass(frozen=True)
class Targets:
    """What `lims/targets.json` has come to.

    Attributes:
        usable: Targets by name.
        broken: Why others cannot be used, by name.
    """

    usable: Mapping[str, Target]
    broken: Mapping[str, str]


def load_targets(path: Path) -> Targets:
    """Make the targets that a file names, and the built-in ones; one that cannot be made does not hinder the others.

    Args:
        path: `{NAME: {"type": entry point, "settings": {...}}}`; no file is no targets.
    """
    usable: dict[str, Target] = {}
    broken: dict[str, str] = {}
    try:
        named = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not isinstance(named, dict):
            raise InvalidInput(f"it holds a {type(named).__name__}; allowed is an object with a target for each name")
    except (OSError, ValueError) as error:
        broken[path.name] = f"{path} cannot be read: {error}; start the session again, which writes it"
        named = {}
    for name, said in {**BUILT_IN, **named}.items():
        try:
            usable[name] = _made(name, said)
        except Exception as error:  # noqa: BLE001
            # Whatever one target's package does when it is loaded, records still go to the others.
            log.error("target %s cannot be used: %s", name, error)
            broken[name] = _reason(error)
    return Targets(usable, broken)


def _made(name: str, said: Any) -> Target:
    if not isinstance(said, dict) or not isinstance(said.get("type"), str):
        raise InvalidInput(f"it is {said!r}; allowed is an object with type and settings")
    found = entry_points(group=GROUP)
    kind = said["type"]
    if kind not in found.names:
        raise InvalidInput(
            f"its type {kind!r} is not installed; allowed are {', '.join(sorted(found.names)) or 'none'}: "
            "install its package or correct the profile"
        )
    cls = found[kind].load()
    target: Target = cls(name, cls.Settings(**said.get("settings", {})))
    return target


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'all'}: {each['msg']}" for each in error.errors())
        return f"its settings are wrong: {wrong}; correct them in the profile"
    return str(error) or type(error).__name__
