"""What is done to a value of MXCuBE before it stands in a profile: named functions, one unit conversion in each.

A table may name these and nothing else. Conversions of units also take lists, and ranges of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from mxplans.profile.dialects.typing_rules import literal as literal_text

Transform: TypeAlias = Callable[[Any], Any]
Value: TypeAlias = Any

_ADDRESS = re.compile(r"^[A-Za-z0-9_.\-]+:\d{1,5}$")


XRAYS_EV = (1000.0, 100_000.0)
"""What a sweep may ask for."""


class NotConverted(ValueError):
    """A value is not of the kind that a transform takes; the message says which is."""


def _factor(factor: float, digits: int = 12) -> Transform:
    """Multiply, and round to the digits that a decimal in a file can have, so that 0.0205 s are 20.5 ms."""

    def convert(value: Value) -> Value:
        if isinstance(value, list | tuple):
            return [convert(each) for each in value]
        product = number(value) * factor
        return float(f"{product:.{digits}g}")

    return convert


def number(value: Value) -> float:
    """A finite number; text that says one is read, truth values are none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NotConverted(f"{value!r} is no number")
    try:
        read = float(value)
    except ValueError:
        raise NotConverted(f"{value!r} is no number") from None
    if not math.isfinite(read):
        raise NotConverted(f"{value!r} is not finite")
    return read


def integer(value: Value) -> int:
    """A whole number."""
    read = number(value)
    if read != int(read):
        raise NotConverted(f"{value!r} is no whole number")
    return int(read)


def text(value: Value) -> str:
    """As text, without blanks around it; empty text is none."""
    read = str(value).strip()
    if value is None or not read:
        raise NotConverted("it is empty")
    return read


def literal(value: Value) -> Value:
    """Text that holds a Python or JSON literal, as MXCuBE's classes read it; other values as they are.

    >>> literal("(0.05, 0.1)"), literal('{"A": [1, 2]}'), literal(3)
    ([0.05, 0.1], {'A': [1, 2]}, 3)
    """
    if not isinstance(value, str):
        return value
    read = literal_text(value)
    if read is None:
        raise NotConverted(f"{value[:60]!r} is no list, mapping or quoted text")
    return read


def fraction(value: Value) -> float:
    """A number from 0 to 1."""
    read = number(value)
    if not 0 <= read <= 1:
        raise NotConverted(f"{read:g} is no fraction from 0 to 1")
    return read


def xray_ev(value: Value) -> Value:
    """Photon energies of diffraction, or a range of them, eV; what is beyond was not in keV before."""
    if isinstance(value, list):
        return [xray_ev(each) for each in value]
    read = number(value)
    if not XRAYS_EV[0] <= read <= XRAYS_EV[1]:
        raise NotConverted(f"{read:g} eV is no energy for diffraction; MXCuBE's energies are in keV")
    return read


def span(value: Value) -> list[float]:
    """The two ends of a range, lower one first.

    >>> span([150, -150.0])
    [-150.0, 150.0]
    """
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise NotConverted(f"{value!r} is no pair")
    return sorted(number(each) for each in value)


def positive(value: Value) -> float:
    """A number above 0; MXCuBE's 0 often means that nobody said."""
    read = number(value)
    if read <= 0:
        raise NotConverted(f"{value!r} is not above 0")
    return read


def sign(value: Value) -> int:
    """1 or -1, of a motor's `direction`."""
    read = number(value)
    if read not in (1.0, -1.0):
        raise NotConverted(f"{value!r} is neither 1 nor -1")
    return int(read)


def negate(value: Value) -> Value:
    """The other sign."""
    return -number(value) if isinstance(value, float) else -integer(value)


def exporter_address(value: Value) -> str:
    """Host and port of an exporter, or of any other server that is named like that."""
    read = text(value)
    if not _ADDRESS.match(read):
        raise NotConverted(f"{read!r} is no host:port")
    return read


def http_url(value: Value) -> str:
    """An address of a server over HTTP; a bare host or host:port becomes one.

    >>> http_url("eiger.example.org")
    'http://eiger.example.org'
    """
    read = text(value).rstrip("/")
    if re.match(r"^https?://[^\s/]+", read):
        return read
    if re.match(r"^[A-Za-z0-9_.\-]+(:\d{1,5})?$", read):
        return f"http://{read}"
    raise NotConverted(f"{read!r} is no address of a server over HTTP")


def record(value: Value) -> str:
    """Name of a record: a process variable without its field.

    >>> record("I00:DET:Z.VAL")
    'I00:DET:Z'
    """
    read = text(value)
    return re.sub(r"\.[A-Z][A-Z0-9]*$", "", read)


def first(value: Value) -> Value:
    """The first of several."""
    if isinstance(value, list | tuple | Mapping) and value:
        return next(iter(value))
    raise NotConverted(f"{value!r} is no list with something in it")


def last(value: Value) -> Value:
    """The last of several."""
    if isinstance(value, list | tuple | Mapping) and value:
        return list(value)[-1]
    raise NotConverted(f"{value!r} is no list with something in it")


def without_suffix(suffix: str) -> Transform:
    """Cut what must stand at the end."""

    def cut(value: Value) -> str:
        read = text(value)
        if not read.endswith(suffix):
            raise NotConverted(f"{read!r} does not end with {suffix!r}")
        return read.removesuffix(suffix)

    return cut


def with_suffix(suffix: str) -> Transform:
    """Put something behind."""
    return lambda value: text(value) + suffix


s_from_ms = _factor(1e-3)
frac_from_percent = _factor(1e-2)
ev_from_kev = _factor(1e3)
um_from_mm = _factor(1e3)
mm_from_um = _factor(1e-3)
mm_from_m = _factor(1e3)
