"""The project's units and those of MXLIMS: the only place where the exporter converts.

>>> um_to_mm(20.0), frac_to_percent(0.05)
(0.02, 5.0)
"""

from __future__ import annotations


def um_to_mm(length_um: float) -> float:
    """Beam sizes and grid steps: um here, mm there."""
    return length_um / 1000


def mm_to_um(length_mm: float) -> float:
    """The way back."""
    return length_mm * 1000


def frac_to_percent(frac: float) -> float:
    """Transmission: 0..1 here, 0..100 there."""
    return frac * 100


def percent_to_frac(percent: float) -> float:
    """The way back."""
    return percent / 100
