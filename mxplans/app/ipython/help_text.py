"""Help for plans: what each parameter is, in which unit, and an example line that can be typed."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

UNITS = {
    "deg_s": "deg/s",
    "deg": "deg",
    "s": "s",
    "mm": "mm",
    "um": "um",
    "ev": "eV",
    "frac": "0 to 1",
    "a": "angstrom",
    "px": "px",
    "mgy": "MGy",
}
"""What a name's suffix means, longest first."""
SECTIONS = ("Args", "Returns", "Raises", "Example")


@dataclass(frozen=True)
class Parameter:
    """One parameter.

    Attributes:
        name: As it is typed.
        unit: Empty where it has none.
        default: As Python writes it; None where a value must be given.
        meaning: In words.
    """

    name: str
    unit: str
    default: str | None
    meaning: str


@dataclass(frozen=True)
class PlanHelp:
    """What is known of a plan."""

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    returns: str
    raises: str
    example: str

    def text(self) -> str:
        """For a terminal."""
        width = max((len(_shown(parameter)) for parameter in self.parameters), default=0)
        rows = [
            f"  {_shown(parameter):<{width}}  {parameter.unit:<8}  {parameter.meaning}" for parameter in self.parameters
        ]
        lines = [f"{self.name}({', '.join(_shown(parameter) for parameter in self.parameters)})", "", self.summary, ""]
        lines += [*rows, ""] if rows else []
        lines += [f"Returns:  {self.returns}"] if self.returns else []
        lines += [f"Raises:   {self.raises}"] if self.raises else []
        return "\n".join([*lines, f"Example:  {self.example}"])


def unit_of(name: str) -> str:
    """The unit that a name says, for people.

    >>> [unit_of(name) for name in ("exposure_s", "energy_ev", "speed_deg_s", "puck", "resolution_a")]
    ['s', 'eV', 'deg/s', '', 'angstrom']
    """
    return next((unit for suffix, unit in UNITS.items() if name.endswith(f"_{suffix}")), "")


def help_of(name: str, plan: Callable[..., Any], signature: inspect.Signature) -> PlanHelp:
    """Read a plan's docstring.

    Args:
        name: As it is typed.
        plan: With a docstring that has a section `Example`.
        signature: As it is called by people.
    """
    parts = _sections(inspect.getdoc(plan) or "")
    meanings = _entries(parts.get("Args", ""))
    parameters = tuple(
        Parameter(
            parameter.name,
            unit_of(parameter.name),
            None if parameter.default is parameter.empty else repr(parameter.default),
            meanings.get(parameter.name, ""),
        )
        for parameter in signature.parameters.values()
    )
    one_line = {title: " ".join(text.split()) for title, text in parts.items()}
    return PlanHelp(
        name,
        one_line[""],
        parameters,
        one_line.get("Returns", ""),
        one_line.get("Raises", ""),
        one_line.get("Example", ""),
    )


def _shown(parameter: Parameter) -> str:
    return parameter.name if parameter.default is None else f"{parameter.name}={parameter.default}"


def _sections(docstring: str) -> dict[str, str]:
    """Text by title; what stands before the first has an empty one."""
    found: dict[str, list[str]] = {"": []}
    title = ""
    for line in docstring.splitlines():
        if line.removesuffix(":") in SECTIONS and line.endswith(":"):
            title = line.removesuffix(":")
        found.setdefault(title, []).append(line)
        if found[title] == [f"{title}:"]:
            found[title].pop()
    return {title: "\n".join(lines).strip("\n") for title, lines in found.items()}


def _entries(text: str) -> dict[str, str]:
    """`name: words` with continuation lines, which are indented further."""
    found: dict[str, str] = {}
    name = ""
    for line in textwrap.dedent(text).splitlines():
        if line and not line.startswith(" "):
            name, _, rest = line.partition(":")
            found[name] = rest.strip()
        elif name:
            found[name] = f"{found[name]} {line.strip()}"
    return found
