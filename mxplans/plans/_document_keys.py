"""Keys of documents: their type, their unit, what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

DType: TypeAlias = Literal["string", "number", "integer", "array"]

UNITS: Mapping[str, str] = {
    "mm": "mm",
    "um": "um",
    "deg": "deg",
    "s": "s",
    "px": "px",
    "ev": "eV",
    "mgy": "MGy",
    "um2": "um2",
    "um3": "um3",
    "ph_s": "photons/s",
    "angstrom": "angstrom",
}
"""Unit of a recorded value by the end of its key; `_frac` and counts have none."""


def unit_of(key: str) -> str | None:
    """Unit of a recorded value, from its key.

    >>> unit_of("xrc_x_mm"), unit_of("xrf_flux_ph_s"), unit_of("optical_opaque_frac")
    ('mm', 'photons/s', None)
    """
    parts = key.split("_")
    return UNITS.get("_".join(parts[-2:]), UNITS.get(parts[-1]))


@dataclass(frozen=True)
class Key:
    """A data key of a stream, or of a device's configuration.

    Attributes:
        name: By role, never by device.
        dtype: As in the descriptor.
        meaning: For people.
        units: As in the descriptor; None for what has none.
        required: Whether every event of the stream has it.
    """

    name: str
    dtype: DType
    meaning: str
    units: str | None = None
    required: bool = True


def number(name: str, meaning: str, required: bool = True) -> Key:
    """A recorded number, its unit by the end of its name."""
    return Key(name, "number", meaning, unit_of(name), required)


def count(name: str, meaning: str, required: bool = True) -> Key:
    """A recorded whole number."""
    return Key(name, "integer", meaning, unit_of(name), required)


def text(name: str, meaning: str, required: bool = True) -> Key:
    """A recorded text."""
    return Key(name, "string", meaning, None, required)


def array(name: str, meaning: str, required: bool = True) -> Key:
    """A recorded list, or list of lists."""
    return Key(name, "array", meaning, unit_of(name), required)
