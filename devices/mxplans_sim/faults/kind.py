"""What a kind of fault is, and what its parameters may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Value = str | float | int | bool


class Manner(StrEnum):
    """How a fault takes hold.

    A *striking* fault is asked for where something is done, and counted. A *lasting* one is a state that somebody looks
    at. An *acting* one is done by the engine itself when its time has come.
    """

    STRIKING = "striking"
    LASTING = "lasting"
    ACTING = "acting"


@dataclass(frozen=True)
class Parameter:
    """One parameter of a kind.

    Attributes:
        default: Its value when not given; tells its type as well.
        text: What it is, with its unit.
        low: Lowest value of a number.
        high: Highest value of a number.
        allowed: Values of a text; any when empty.
        needed: Whether it must be given.
    """

    default: Value
    text: str
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    needed: bool = False

    def checked(self, name: str, value: Any) -> Value:
        """A value of the right type and within the bounds.

        Raises:
            ValueError: If it is not.
        """
        number = isinstance(self.default, int | float) and not isinstance(self.default, bool)
        wanted = (int, float) if number else type(self.default)
        if not isinstance(value, wanted) or (number and isinstance(value, bool)):
            raise ValueError(f"{name} is {value!r}, it must be a {'number' if number else type(self.default).__name__}")
        if self.allowed and value not in self.allowed:
            raise ValueError(f"{name} is {value!r}, allowed are {', '.join(self.allowed)}")
        low = float("-inf") if self.low is None else self.low
        high = float("inf") if self.high is None else self.high
        if number and not low <= float(value) <= high:
            raise ValueError(f"{name} is {value}, allowed is {low:g} to {high:g}")
        if isinstance(self.default, int) and isinstance(value, float) and not value.is_integer():
            raise ValueError(f"{name} is {value}, it must be a whole number")
        return type(self.default)(value)

    @property
    def facts(self) -> dict[str, Any]:
        """The parameter for other programs; what does not limit it is left out."""
        limits = {"low": self.low, "high": self.high, "allowed": list(self.allowed) or None}
        told = {name: value for name, value in limits.items() if value is not None}
        return {"default": self.default, "text": self.text, **told, **({"needed": True} if self.needed else {})}


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        manner: How it takes hold.
        text: What goes wrong.
        rows: Rows of the failure catalogue that it stands for.
        parameters: By name.
        places: Names by which `where` can choose, as the axis of a motor: all that is known of a fault's place besides
            the sample and the step.
        state: Whether what it does is a state, which ends with what it was meant for; otherwise it happens.
    """

    manner: Manner
    text: str
    rows: tuple[int, ...] = ()
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    places: tuple[str, ...] = ()
    state: bool = True

    def filled(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """All parameters: those given, checked, and the defaults of the others.

        Raises:
            ValueError: If one is not known, not allowed, or missing.
        """
        unknown = sorted(set(given) - set(self.parameters))
        if unknown:
            allowed = ", ".join(self.parameters) or "none"
            raise ValueError(f"parameters {', '.join(unknown)} are not known, allowed are {allowed}")
        for name, parameter in self.parameters.items():
            if parameter.needed and name not in given:
                raise ValueError(f"{name} must be given: {parameter.text}")
        return {
            name: parameter.checked(name, given[name]) if name in given else parameter.default
            for name, parameter in self.parameters.items()
        }
