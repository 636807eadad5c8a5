"""The project's units and those of ISPyB's columns: the only place where this target converts.

The same quantity has another unit from table to table: a transmission is a percentage in `DataCollection` and in the
screening tables, and a fraction in `DiffractionPlan`; sizes of the beam are written in mm, as mx-bluesky does.

>>> ev_to_angstrom(12398.419843320026), frac_to_percent(0.5), um_to_mm(20.0)
(1.0, 50.0, 0.02)
"""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

HC_EV_ANGSTROM = 12398.419843320026
"""Planck constant times speed of light, eV A: exact in the SI of 2019 (h = 6.62607015e-34 J s, e = 1.602176634e-19 C)."""


def ev_to_angstrom(energy_ev: float) -> float:
    """Energy of photons to their wavelength."""
    return HC_EV_ANGSTROM / energy_ev


def um_to_mm(length_um: float) -> float:
    """Sizes of the beam and steps of grids."""
    return length_um / 1000


def mm_to_um(length_mm: float) -> float:
    """Positions beside sizes in um."""
    return length_mm * 1000


def px_to_mm(place_px: float, pixel_um: float) -> float:
    """A place on the detector, from its edge."""
    return place_px * pixel_um / 1000


def frac_to_percent(frac: float) -> float:
    """Transmission and completeness: 0..1 here, 0..100 in most tables."""
    return frac * 100


def at_sample(flux_ph_s: float, frac: float) -> float:
    """What reaches the sample: the project's fluxes are those of the beam without attenuation."""
    return flux_ph_s * frac


def local_text(time: datetime, zone: ZoneInfo) -> str:
    """A time as the columns hold it: of the site's zone, which is not said there, in whole seconds.

    The second hour of a night on which clocks are put back has the same names as the first: the columns cannot tell.

    >>> from datetime import UTC
    >>> local_text(datetime(2026, 7, 1, 12, 0, 0, 900_000, UTC), ZoneInfo("Europe/Paris"))
    '2026-07-01T14:00:00'
    """
    return time.astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat()


def resolution_angstrom(radius_mm: float, distance_mm: float, wavelength_angstrom: float) -> float:
    """What is diffracted to a radius on a flat detector across the beam, by Bragg's law.

    >>> round(resolution_angstrom(100.0, 100.0, 1.0), 4)
    1.3066
    """
    return wavelength_angstrom / (2 * math.sin(math.atan2(radius_mm, distance_mm) / 2))
