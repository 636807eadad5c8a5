"""Rules: which fault, when, how often. Read from world and scenario files, from the command line and over HTTP."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from mxplans_sim.faults.catalogue import CATALOGUE, Manner, Value
from mxplans_sim.settings.base import STRICT, SettingsError


class Rule(BaseModel):
    """One rule. What is not said does not limit it."""

    model_config = STRICT

    kind: str = Field(description="Name of a kind in the catalogue")
    parameters: dict[str, Value] = Field(default_factory=dict, description="Of the kind")
    at_s: float = Field(0.0, ge=0, description="Not before this simulated time")
    for_s: float | None = Field(None, gt=0, description="Only so long from then on")
    sample: str | None = Field(None, description="Only for samples of this name; * stands for anything")
    where: dict[str, str] = Field(
        default_factory=dict, description="Only where these hold, as axis: omega, actuator: shutter, action: load"
    )
    nth: int = Field(1, ge=1, description="From the so manieth time on that it could strike")
    count: int | None = Field(None, ge=1, description="At most so often; striking kinds once, others without end")
    probability: float = Field(1.0, ge=0, le=1, description="Each time that it could strike")

    @model_validator(mode="after")
    def _known(self) -> Self:
        kind = CATALOGUE.get(self.kind)
        if kind is None:
            raise ValueError(f"kind {self.kind!r} is not known, allowed are {', '.join(CATALOGUE)}")
        kind.filled(self.parameters)
        if kind.manner is Manner.ACTING and (self.sample is not None or self.where or self.nth > 1):
            raise ValueError(f"{self.kind} comes by time alone: give at_s, not sample, where or nth")
        return self

    @property
    def manner(self) -> Manner:
        """How its kind takes hold."""
        return CATALOGUE[self.kind].manner

    @property
    def most(self) -> int | None:
        """How often it strikes at most."""
        return 1 if self.count is None and self.manner is Manner.STRIKING else self.count

    @property
    def filled(self) -> dict[str, Value]:
        """All parameters of its kind."""
        return CATALOGUE[self.kind].filled(self.parameters)

    def fits(self, now_s: float, context: Mapping[str, Any]) -> bool:
        """Whether it holds at a time, in a context."""
        if now_s < self.at_s or (self.for_s is not None and now_s >= self.at_s + self.for_s):
            return False
        if self.sample is not None and not fnmatch.fnmatchcase(str(context.get("sample", "")), self.sample):
            return False
        # A scan asks for the images first to last of its next burst.
        if "image" in self.filled and not context["first"] <= int(self.filled["image"]) <= context["last"]:
            return False
        return all(fnmatch.fnmatchcase(str(context.get(name, "")), text) for name, text in self.where.items())


def load_scenario(path: Path) -> tuple[Rule, ...]:
    """Rules of a scenario file: YAML, a list of rules under `faults`.

    Raises:
        SettingsError: If it cannot be read, or holds what is not allowed.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}; name a scenario file") from error
    except yaml.YAMLError as error:
        raise SettingsError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or set(content) != {"faults"} or not isinstance(content["faults"], list):
        raise SettingsError(f"{path} is not a scenario: it must have a list under faults, and nothing else")
    return read_rules(content["faults"], str(path))


def read_rules(entries: Sequence[Any], where: str) -> tuple[Rule, ...]:
    """Rules of a list.

    Raises:
        SettingsError: If one is not allowed.
    """
    try:
        return tuple(Rule.model_validate(entry) for entry in entries)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'rule'}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"{where} is not a scenario: {told}") from error
