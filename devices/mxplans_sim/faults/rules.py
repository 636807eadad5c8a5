"""Rules: which fault, when, how often. Read from world and scenario files, from the command line and over HTTP."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from mxplans_sim.faults.catalogue import CATALOGUE
from mxplans_sim.faults.kind import Kind, Manner, Value
from mxplans_sim.settings.base import STRICT, SettingsError

Step = Literal["idle", "load", "optical", "grid", "rotation", "between", "unload", "dry", "soak"]
"""Steps of a sample's way: optical before its first scan, between scans, and idle without one."""


class Rule(BaseModel):
    """One rule. What is not said does not limit it."""

    model_config = STRICT

    kind: str = Field(description="Name of a kind in the catalogue")
    parameters: dict[str, Value] = Field(default_factory=dict, description="Of the kind")
    at_s: float = Field(0.0, ge=0, allow_inf_nan=False, description="Not before this simulated time")
    after_s: float = Field(0.0, ge=0, allow_inf_nan=False, description="Not before so long after it was injected")
    within_s: float = Field(
        0.0, ge=0, allow_inf_nan=False, description="Later than that by chance, by no more than this"
    )
    for_s: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="Only so long: a striking kind from its start on, others from when it takes hold",
    )
    sample: str | None = Field(None, description="Only for samples of this name; * stands for anything")
    step: Step | None = Field(None, description="Only in this step of a sample's way")
    where: dict[str, str] = Field(
        default_factory=dict, description="Only where these hold, as axis: omega, actuator: shutter, action: load"
    )
    nth: int = Field(1, ge=1, description="From the so manieth time on that it could strike")
    count: int | None = Field(
        None,
        ge=0,
        description="At most so often, 0 without end; when not said, lasting kinds and those with a probability"
        " without end, others once",
    )
    probability: float = Field(1.0, ge=0, le=1, description="Each time that it could strike")

    @model_validator(mode="after")
    def _known(self) -> Self:
        kind = CATALOGUE.get(self.kind)
        if kind is None:
            raise ValueError(f"kind {self.kind!r} is not known, allowed are {', '.join(CATALOGUE)}")
        kind.filled(self.parameters)
        unknown = sorted(set(self.where) - set(kind.places))
        if unknown:
            allowed = ", ".join(kind.places) or "nothing"
            raise ValueError(f"where {', '.join(unknown)} says nothing of {self.kind}, allowed is {allowed}")
        return self

    @property
    def of_kind(self) -> Kind:
        """Its kind."""
        return CATALOGUE[self.kind]

    @property
    def manner(self) -> Manner:
        """How its kind takes hold."""
        return self.of_kind.manner

    @property
    def most(self) -> int | None:
        """How often it strikes at most; None without end."""
        if self.count is not None:
            return self.count or None
        return None if self.manner is Manner.LASTING or self.probability < 1 else 1

    @property
    def waits(self) -> bool:
        """Whether it comes with a sample or a step, and not by time alone."""
        return self.by_sample or self.step is not None

    @property
    def by_sample(self) -> bool:
        """Whether each sample is another occasion for it; those that strike have an occasion whenever they are asked for."""
        counted = self.probability < 1 or self.nth > 1
        return self.sample is not None or (counted and (self.manner is Manner.LASTING or self.step is not None))

    @property
    def filled(self) -> dict[str, Value]:
        """All parameters of its kind."""
        return self.of_kind.filled(self.parameters)

    def fits(self, context: Mapping[str, Any]) -> bool:
        """Whether sample and step are the right ones."""
        if self.step is not None and context.get("step") != self.step:
            return False
        return self.sample is None or fnmatch.fnmatchcase(str(context.get("sample", "")), self.sample)

    def at_place(self, context: Mapping[str, Any]) -> bool:
        """Whether it is asked for at the right place."""
        image = self.parameters.get("image", self.of_kind.parameters["image"].default) if "first" in context else None
        # A scan asks for the images first to last of its next burst.
        if image is not None and not context["first"] <= int(image) <= context["last"]:
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
    rules = []
    for number, entry in enumerate(entries, start=1):
        try:
            rules.append(Rule.model_validate(entry))
        except ValidationError as error:
            told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg']}" for e in error.errors())
            raise SettingsError(f"{where}: rule {number} is not allowed: {told}") from error
    return tuple(rules)
