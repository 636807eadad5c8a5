"""Units of `DiffractionPlan` and those of MXLIMS: the only place where this source converts.

Energy is eV in both, resolutions A, angles deg, times s. A transmission is a fraction there (in `DataCollection` it is
not), and sizes of the beam are um.

>>> frac_to_percent(0.5), um_to_mm(20.0)
(50.0, 0.02)
"""

from __future__ import annotations


def frac_to_percent(frac: float) -> float:
    """Transmission: a fraction in a plan, % in MXLIMS."""
    return frac * 100


def um_to_mm(length_um: float) -> float:
    """Size of the beam or the crystal: um in a plan, mm in MXLIMS."""
    return length_um / 1000
