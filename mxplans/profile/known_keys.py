"""Which keys a place of a profile may have, as the models of its sections say; and what a wrong one is meant for."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from mxplans.profile.schema import Profile
from mxplans.profile.tree import Loc

UNITS = ("deg", "s", "mm", "um", "ev", "mgy", "frac", "px", "a", "deg_s", "mm_s", "ph_s", "s_per_ev")
"""Units of the project: one for each quantity."""
OTHER_UNITS = (
    *("ms", "us", "ns", "min", "h"),
    *("nm", "cm", "m"),
    *("rad", "mrad"),
    *("kev", "hz", "khz", "gy", "percent"),
)
"""Units that people write in their place."""
UNIT_WORDS = {
    "deg_s": "deg/s",
    "mm_s": "mm/s",
    "ph_s": "photons/s",
    "s_per_ev": "s/eV",
    "ev": "eV",
    "mgy": "MGy",
    "a": "A",
    "frac": "0 to 1",
}
"""Units that are written otherwise than at the end of a key."""


def unit_of(key: str) -> str | None:
    """The unit that a key ends with.

    >>> unit_of("spin_speed_deg_s"), unit_of("aperture")
    ('deg_s', None)
    >>> unit_of("significance_min")
    """
    return _end_of(key, UNITS)


def in_unit(key: str) -> str:
    """In which unit a key's value is, in words; "" for none.

    >>> in_unit("energy_ev"), in_unit("flux_frac"), in_unit("aperture")
    ('in eV', 'from 0 to 1', '')
    """
    unit = unit_of(key)
    if unit is None:
        return ""
    return f"{'from' if unit == 'frac' else 'in'} {UNIT_WORDS.get(unit, unit)}"


def _end_of(key: str, units: tuple[str, ...]) -> str | None:
    return next((unit for unit in sorted(units, key=len, reverse=True) if key.endswith(f"_{unit}")), None)


def _stem(key: str) -> str:
    return key.removesuffix(f"_{_end_of(key, (*UNITS, *OTHER_UNITS))}")


def keys_at(loc: Loc, root: type[BaseModel] = Profile) -> list[str]:
    """Keys that the section at a place may have; none where any are allowed.

    Args:
        loc: The place.
        root: What it leads through; other than a profile, the settings of a device.
    """
    model: Any = root
    for part in loc:
        model = _within(model, part)
    fields = model.model_fields if isinstance(model, type) and issubclass(model, BaseModel) else {}
    return [field.alias or name for name, field in fields.items()]


def unknown_key(loc: Loc, root: type[BaseModel] = Profile) -> tuple[str, str]:
    """What is wrong with a key that its section does not know, and what to do.

    >>> unknown_key(("xray", "exposure_ms"))
    ('wrong unit: this quantity is given in s, as exposure_s', 'convert the value and rename the key')
    >>> unknown_key(("collection", "energy_ev"))[1]
    'it is known in limits, experiment.sweep: put it where it is meant'
    """
    key, known = str(loc[-1]), keys_at(loc[:-1], root)
    meant = meant_unit(key, known)
    if meant is not None:
        what = f"wrong unit: this quantity is given {in_unit(meant)}, as {meant}"
        return what, "convert the value and rename the key"
    elsewhere = [section for section in _sections_with(key) if section] if root is Profile else []
    if elsewhere:
        return "unknown key", f"it is known in {', '.join(elsewhere)}: put it where it is meant"
    close = [key.lower()] if key.lower() in known else difflib.get_close_matches(key, known, n=1)
    return "unknown key", f"did you mean {close[0]}?" if close else f"allowed are {', '.join(sorted(known))}"


def meant_unit(key: str, known: list[str]) -> str | None:
    """The key of the same quantity in the right unit; None if there is none.

    >>> meant_unit("distance", ["distance_mm", "aperture"])
    'distance_mm'
    """
    stem = _stem(key)
    return next((other for other in known if unit_of(other) and _stem(other) == stem != other and other != key), None)


def _sections_with(key: str) -> list[str]:
    return _index().get(key, [])


@cache
def _index() -> dict[str, list[str]]:
    """Sections by the keys that they have, the shallow ones first."""
    found: dict[str, list[str]] = {}
    for where, model in sorted(_sections(Profile, ()), key=lambda each: len(each[0])):
        for name, field in model.model_fields.items():
            found.setdefault(field.alias or name, []).append(".".join(where))
    return found


def _sections(model: Any, where: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    yield where, model
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            yield from _sections(inner, (*where, field.alias or name))


def _within(model: Any, part: str | int) -> Any:
    """The model of a key's value, or of the values of a mapping or list; None if there is none."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        annotation = next(
            (field.annotation for name, field in model.model_fields.items() if (field.alias or name) == part), None
        )
        return _model_of(annotation) or annotation
    for each in (model, *typing.get_args(model)):  # optional or not
        if typing.get_origin(each) in (dict, tuple, list, Mapping):
            return _model_of([inner for inner in typing.get_args(each) if inner is not ...][-1])
    return None


def _model_of(annotation: Any) -> Any:
    """The model in an annotation, optional or not."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        return next((found for each in typing.get_args(annotation) if (found := _model_of(each)) is not None), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
