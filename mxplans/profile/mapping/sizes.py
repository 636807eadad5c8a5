"""Sizes of the beam, as the classes of MXCuBE list them, to the apertures of a profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mxplans.profile.mapping.transforms import NotConverted, literal, number, positive, text, um_from_mm

Apertures = dict[str, dict[str, float]]


def _aperture(horizontal_um: float, vertical_um: float, flux_frac: float | None = None) -> dict[str, float]:
    size = {"horizontal_um": positive(horizontal_um), "vertical_um": positive(vertical_um)}
    if flux_frac is None:
        return size
    if not 0 < number(flux_frac) <= 1:
        raise NotConverted(f"{flux_frac!r} is no factor between 0 and 1")
    return {**size, "flux_frac": number(flux_frac)}


def of_definer(value: Any) -> Apertures:
    """Of a beam definer: names with horizontal and vertical size, mm.

    >>> of_definer('{"20x5": (0.02, 0.005)}')
    {'20x5': {'horizontal_um': 20.0, 'vertical_um': 5.0}}
    """
    read = literal(value)
    if not isinstance(read, Mapping) or not read:
        raise NotConverted(f"{value!r} does not name sizes")
    found = {}
    for name, size in read.items():
        if not isinstance(size, list) or len(size) != 2:
            raise NotConverted(f"{name}: {size!r} is no pair of sizes in mm")
        found[str(name)] = _aperture(um_from_mm(size[0]), um_from_mm(size[1]))
    return found


def of_definer_list(value: Any) -> Apertures:
    """Of a beam definer: repeated elements with `name` and `beam_size`, two numbers in mm.

    >>> of_definer_list({"name": "4x8", "beam_size": "0.004, 0.008"})
    {'4x8': {'horizontal_um': 4.0, 'vertical_um': 8.0}}
    """
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, Mapping) and {"name", "beam_size"} <= set(row) for row in rows):
        raise NotConverted(f"{value!r} is no list of sizes with name and beam_size")
    sizes = {text(row["name"]): row["beam_size"] for row in rows}
    return of_definer({name: literal(f"({size})") if isinstance(size, str) else size for name, size in sizes.items()})


def of_aperture_values(value: Any) -> Apertures:
    """Of an aperture: labels with index, diameter in um, and the factor of the flux. Named by the diameter here.

    >>> of_aperture_values('{"A10": (0, 10, 0.15)}')
    {'10': {'horizontal_um': 10.0, 'vertical_um': 10.0, 'flux_frac': 0.15}}
    """
    read = literal(value)
    if not isinstance(read, Mapping) or not read:
        raise NotConverted(f"{value!r} does not name apertures")
    found = {}
    for label, row in read.items():
        if not isinstance(row, list) or len(row) < 2:
            raise NotConverted(f"{label}: {row!r} is not (index, diameter in um, factor)")
        found[_named(row[1])] = _aperture(number(row[1]), number(row[1]), row[2] if len(row) > 2 else None)
    return found


def of_diameters(value: Any) -> Apertures:
    """Of a list of diameters, um.

    >>> of_diameters("[10, 50]")["50"]
    {'horizontal_um': 50.0, 'vertical_um': 50.0}
    """
    read = literal(value)
    if not isinstance(read, list) or not read:
        raise NotConverted(f"{value!r} is no list of diameters in um")
    return {_named(each): _aperture(number(each), number(each)) for each in read}


def of_positions(value: Any) -> Apertures:
    """Of repeated positions with `name`, or none, and `diameter` in um, and `factor` if it is there.

    >>> of_positions([{"diameter": 20, "factor": 0.3}])
    {'20': {'horizontal_um': 20.0, 'vertical_um': 20.0, 'flux_frac': 0.3}}
    """
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, Mapping) and "diameter" in row for row in rows):
        raise NotConverted(f"{value!r} is no list of positions with a diameter in um")
    return {
        text(row.get("name", _named(row["diameter"]))): _aperture(
            number(row["diameter"]), number(row["diameter"]), row.get("factor")
        )
        for row in rows
    }


def _named(diameter_um: Any) -> str:
    """A diameter as the controller of a micro-diffractometer lists it."""
    return f"{number(diameter_um):g}"
