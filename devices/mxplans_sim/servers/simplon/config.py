"""Configuration parameters: values with bounds, and the checks that a new value must pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

LARGEST = 1e15
LONGEST_NAME = 200
LONGEST_TEXT = 100_000
SOFTWARE = "1.8.0"
FIRMWARE = "release-2022.1.2"
SENSOR_THICKNESS_M = 4.5e-4
_KINDS: Mapping[str, Any] = {"float": (int, float), "uint": (int,), "int": (int,), "bool": (bool,), "string": (str,)}


class ConfigError(ValueError):
    """A value that cannot be set."""


@dataclass
class Parameter:
    """One configuration parameter."""

    value: Any
    value_type: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    read_only: bool = False
    rule: Callable[[str, Any], None] | None = None

    def as_json(self) -> dict[str, Any]:
        """As SIMPLON answers."""
        answer: dict[str, Any] = {
            "value": self.value,
            "value_type": self.value_type,
            "access_mode": "r" if self.read_only else "rw",
        }
        if self.unit:
            answer["unit"] = self.unit
        if self.low is not None:
            answer["min"] = self.low
        if self.high is not None:
            answer["max"] = self.high
        if self.allowed:
            answer["allowed_values"] = list(self.allowed)
        return answer

    def checked(self, name: str, value: Any) -> Any:
        """The value as it is kept.

        Raises:
            ConfigError: If it has the wrong type or is out of bounds.
        """
        kinds = _KINDS[self.value_type]
        if not isinstance(value, kinds) or (isinstance(value, bool) and self.value_type != "bool"):
            raise ConfigError(f"{name} is {value!r:.80}, it must be a {self.value_type}")
        if isinstance(value, int | float) and not -LARGEST < value < LARGEST:
            raise ConfigError(f"{name} is {value!r:.40}, it must be a finite number")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise ConfigError(f"{name} has {len(value)} characters, at most {LONGEST_TEXT} are allowed")
        if self.allowed and value not in self.allowed:
            raise ConfigError(f"{name} is {value!r}, allowed are {', '.join(self.allowed)}")
        if self.low is not None and not value >= self.low:
            raise ConfigError(f"{name} is {value} {self.unit}, the minimum is {self.low} {self.unit}")
        if self.high is not None and not value <= self.high:
            raise ConfigError(f"{name} is {value} {self.unit}, the maximum is {self.high} {self.unit}")
        if self.rule is not None:
            self.rule(name, value)
        return float(value) if self.value_type == "float" else value


class Config:
    """Parameters by name, and what else a change changes.

    Args:
        parameters: With their first values.
        couplings: By name of a parameter, what is called once it has been set; it returns names of others that changed.
    """

    def __init__(
        self,
        parameters: dict[str, Parameter],
        couplings: Mapping[str, Callable[[Config], list[str]]] | None = None,
    ) -> None:
        self.parameters = parameters
        self._couplings = couplings or {}

    def __getitem__(self, name: str) -> Any:
        """Present value."""
        return self.parameters[name].value

    def values(self) -> dict[str, Any]:
        """All values by name."""
        return {name: parameter.value for name, parameter in self.parameters.items()}

    def put(self, name: str, value: Any) -> list[str]:
        """Set a value; returns the names of all parameters that changed, as SIMPLON does.

        Raises:
            ConfigError: If the value has the wrong type or is out of bounds.
        """
        parameter = self.parameters[name]
        parameter.value = parameter.checked(name, value)
        coupling = self._couplings.get(name)
        return list(dict.fromkeys((name, *(coupling(self) if coupling else []))))

    def move(self, **values: Any) -> list[str]:
        """Change values that follow from others; returns the names of those that differ."""
        changed = [name for name, value in values.items() if self.parameters[name].value != value]
        for name in changed:
            self.parameters[name].value = values[name]
        return changed


def below_the_data_folder(name: str, value: str) -> None:
    """Rule for file names.

    Raises:
        ConfigError: If a name leads out of the data folder or is none.
    """
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not path.name:
        raise ConfigError(f"{name} {value!r:.80} leads out of the data folder; give a relative path without ..")
    if not value.isprintable() or max(map(len, path.parts)) > LONGEST_NAME:
        raise ConfigError(f"{name} {value!r:.80} is no file name; use printable characters, {LONGEST_NAME} a part")
