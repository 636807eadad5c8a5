"""The project's units and those of ICAT: the only place where this target converts.

Source: units of hdf5_cfg.xml of icat-esrf-definitions 3.8: keV, angstrom, percent, mm, deg, s.

>>> ev_to_kev(12658.0), frac_to_percent(0.05), um_to_mm(50.0)
(12.658, 5.0, 0.05)
"""

from __future__ import annotations

HC_EV_ANGSTROM = 12398.419843320026
"""Planck's constant times the speed of light, from the exact values of the SI (2019)."""


def ev_to_kev(energy_ev: float) -> float:
    """Energy of the monochromator."""
    return energy_ev / 1000


def ev_to_angstrom(energy_ev: float) -> float:
    """Wavelength of photons.

    >>> round(ev_to_angstrom(12398.42), 6)
    1.0
    """
    return HC_EV_ANGSTROM / energy_ev


def frac_to_percent(frac: float) -> float:
    """Transmission."""
    return frac * 100


def um_to_mm(length_um: float) -> float:
    """Beam sizes."""
    return length_um / 1000


def px_to_mm(length_px: float, pixel_um: float) -> float:
    """A place on the detector.

    >>> px_to_mm(256.0, 150.0)
    38.4
    """
    return length_px * pixel_um / 1000
