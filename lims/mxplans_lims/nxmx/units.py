"""The project's units and those of NXmx files: the only place where the target converts.

Angles (deg), times (s), transmission (fraction), flux (1/s) and counts of pixels are the same in both.

>>> mm_to_m(150.0), um_to_m(75.0), um_to_mm(50.0)
(0.15, 7.5e-05, 0.05)
"""

from __future__ import annotations

HC_EV_ANGSTROM = 12398.419843320026
"""h c, exact since the SI of 2019 (CODATA 2018)."""


def ev_to_angstrom(energy_ev: float) -> float:
    """Energy of a photon to its wavelength; 0 and less have none.

    Raises:
        ValueError: If the energy is not positive.

    >>> round(ev_to_angstrom(12398.42), 6)
    1.0
    """
    if not energy_ev > 0:
        raise ValueError(f"a photon of {energy_ev:g} eV has no wavelength; give an energy above 0 eV")
    return HC_EV_ANGSTROM / energy_ev


def mm_to_m(length_mm: float) -> float:
    """Distances of the detector and offsets of its modules: mm here, m there."""
    return length_mm / 1e3


def um_to_m(length_um: float) -> float:
    """Pixels and sensors: um here, m there."""
    return length_um / 1e6


def um_to_mm(length_um: float) -> float:
    """The size of the beam: um here, mm there."""
    return length_um / 1e3
