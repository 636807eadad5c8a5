"""The one place where units of MXCuBE's queue meet those of the queue item (keV and eV, ranges between centres of boxes).

Of the same unit on both sides are: per cent, degrees, seconds, angstrom, millimetres of distance.
"""

from __future__ import annotations

from decimal import Decimal

_KILO = 3


def ev_of_kev(energy_kev: float) -> float:
    """Energy in eV. Decimal, so that up to 15 digits come back as they were written.

    >>> ev_of_kev(12.4), ev_of_kev(12.6578)
    (12400.0, 12657.8)
    """
    return float(Decimal(repr(float(energy_kev))).scaleb(_KILO))


def kev_of_ev(energy_ev: float) -> float:
    """Energy in keV.

    >>> kev_of_ev(12657.8)
    12.6578
    """
    return float(Decimal(repr(float(energy_ev))).scaleb(-_KILO))


def covered_mm(between_centres_mm: float, boxes: int, step_mm: float = 0.0) -> float:
    """How far whole boxes reach, which is what MXLIMS calls a range.

    MXCuBE's range goes from the centre of the first box to that of the last, one step less. For a single box it is
    nothing, and the step must be known from elsewhere.

    >>> covered_mm(0.19, 20)
    0.2
    """
    return float(Decimal(repr(float(between_centres_mm))) * boxes / (boxes - 1)) if boxes > 1 else step_mm


def between_centres_mm(range_mm: float, boxes: int) -> float:
    """How far it is from the centre of the first box to that of the last.

    >>> between_centres_mm(0.2, 20), between_centres_mm(0.01, 1)
    (0.19, 0.0)
    """
    return float(Decimal(repr(float(range_mm))) * (boxes - 1) / boxes)
