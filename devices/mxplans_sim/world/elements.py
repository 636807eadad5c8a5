"""Facts about atoms, from xraylib, which is loaded when somebody asks for the first one.

Energies in eV and cross sections in cm2/g here; xraylib has keV.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

_FAR_EV = 5.0
"""From an edge to where a free atom's absorption is read."""
_ELECTRON_RADIUS_A = 2.8179403e-5
_LINES = (
    ("K", ("KL3", "KL2", "KM3", "KM2", "KN3", "KN2")),
    ("L3", ("L3M5", "L3M4", "L3N5", "L3M1", "L3N1", "L3N4")),
    ("L2", ("L2M4", "L2N4", "L2M1")),
    ("L1", ("L1M3", "L1M2", "L1N3", "L1N2")),
    ("M5", ("M5N7", "M5N6")),
    ("M4", ("M4N6",)),
)
SHELLS = tuple(name for name, _ in _LINES)


class MissingLibrary(ImportError):
    """A library that is needed for this and is not installed."""


@cache
def library() -> Any:
    """The module xraylib.

    Raises:
        MissingLibrary: If it is not installed.
    """
    try:
        return importlib.import_module("xraylib")
    except ImportError as error:
        raise MissingLibrary(
            "fluorescence and absorption edges need the package xraylib, which is not installed: pip install xraylib"
        ) from error


@dataclass(frozen=True)
class Line:
    """A fluorescence line.

    Attributes:
        shell: Whose vacancy it fills.
        number: Of the line in xraylib.
        energy_ev: Of its photons.
    """

    shell: str
    number: int
    energy_ev: float


@dataclass(frozen=True)
class Shell:
    """A shell of a free atom.

    Attributes:
        number: Of the element.
        edge_ev: Its absorption edge.
        width_ev: Natural width of its level, FWHM.
        f_double_prime: Just below and above the edge, electrons.
    """

    number: int
    edge_ev: float
    width_ev: float
    f_double_prime: tuple[float, float]

    def f_prime(self, energy_ev: float) -> float:
        """Real part of the anomalous scattering, electrons."""
        return float(library().Fi(self.number, energy_ev / 1000))


@cache
def atomic_number(symbol: str) -> int:
    """Number of an element.

    Raises:
        ValueError: If there is no such element.

    >>> atomic_number("Se")
    34
    """
    try:
        return int(library().SymbolToAtomicNumber(symbol))
    except ValueError as error:
        raise ValueError(f"there is no element {symbol!r}; write its symbol, as Se") from error


@cache
def shell(symbol: str, name: str) -> Shell:
    """A shell of an element.

    Raises:
        ValueError: If it has no such shell.
    """
    number = atomic_number(symbol)
    if name not in SHELLS:
        raise ValueError(f"there is no shell {name!r}, known are {', '.join(SHELLS)}")
    try:
        code = getattr(library(), f"{name}_SHELL")
        edge_kev, width_kev = library().EdgeEnergy(number, code), library().AtomicLevelWidth(number, code)
        far_kev = _FAR_EV / 1000
        below, above = (_f_double_prime(number, edge_kev + side * far_kev) for side in (-1, 1))
    except ValueError as error:
        raise ValueError(f"{symbol} has no edge {name} that is tabulated") from error
    return Shell(number, 1000 * edge_kev, 1000 * width_kev, (below, above))


def _f_double_prime(number: int, energy_kev: float) -> float:
    """By the optical theorem from the photoelectric absorption; xraylib's own table is too coarse at edges."""
    cross_a2 = float(library().CSb_Photo_Total(number, energy_kev)) * 1e-8
    return cross_a2 * energy_kev / (2 * _ELECTRON_RADIUS_A * 12.39842)


@cache
def lines(symbol: str) -> tuple[Line, ...]:
    """The strong lines of an element, those beyond 1 keV.

    >>> [round(line.energy_ev) for line in lines("Se")[:2]]
    [11222, 11182]
    """
    number, found = atomic_number(symbol), []
    for name, transitions in _LINES:
        for transition in transitions:
            code = getattr(library(), f"{transition}_LINE")
            energy_ev = 1000 * _or_zero(library().LineEnergy, number, code)
            if energy_ev > 1000:
                found.append(Line(name, code, energy_ev))
    return tuple(found)


def line_cm2_g(symbol: str, line: Line, energy_ev: float) -> float:
    """Cross section for producing a line's photons, per gram of the element; 0 below the edge."""
    return _or_zero(library().CS_FluorLine_Kissel_Cascade, atomic_number(symbol), line.number, energy_ev / 1000)


def g_per_mmol(symbol: str) -> float:
    """Mass of an element."""
    return float(library().AtomicWeight(atomic_number(symbol))) / 1000


def air_transmission(energy_ev: float, length_mm: float) -> float:
    """What passes of light in air."""
    mass = _or_zero(library().CS_Total_CP, "N0.78O0.21Ar0.01", max(energy_ev, 200.0) / 1000)
    return float(np.exp(-mass * 1.2e-3 * length_mm / 10))


def sideways_cm2_g_sr(compound: str, energy_ev: float, polarisation_frac: float) -> tuple[float, float]:
    """Elastic and inelastic scattering at 90 degrees in the plane of polarisation, per gram and steradian.

    Of the elastic scattering only the unpolarised part goes there.
    """
    xraylib, kev, right = library(), energy_ev / 1000, np.pi / 2
    elastic = xraylib.DCS_Rayl_CP(compound, kev, right) * (1 - polarisation_frac)
    # Unpolarised light scatters (k + 1/k - 1), light polarised that way (k + 1/k - 2), k the loss of energy.
    loss = 1 + energy_ev / 511e3
    damped = (loss + 1 / loss - 2) / (loss + 1 / loss - 1)
    whole = xraylib.DCS_Compt_CP(compound, kev, right)
    inelastic = whole * (1 - polarisation_frac + polarisation_frac * damped)
    return float(elastic), float(inelastic)


def _or_zero(function: Any, *arguments: Any) -> float:
    """What xraylib has no value for is not there."""
    try:
        return float(function(*arguments))
    except ValueError:
        return 0.0
