"""Absorbed dose of a sample that stands in the beam, at the place where it is largest.

The flat estimate: the peak of the beam's profile times the time, no credit for a crystal that turns in and out of the
beam, so that a calculation by voxels gives less. It is for a crystal of standard composition: heavy atoms and salt
take up more.
"""

from __future__ import annotations

import bisect
import math
from typing import Literal, TypeAlias

from mxplans.errors import LimitExceeded
from mxplans.model import Sweep
from mxplans.model.sweeps import GRIDS

Profile: TypeAlias = Literal["gaussian", "top-hat"]

_ENERGIES_KEV = (4.0, 6.6, 9.2, 11.8, 14.4, 17.0, 19.6, 22.2, 24.8, 27.4, 30.0)
_GY_MM2 = (4590e-12, 1620e-12, 790e-12, 457e-12, 293e-12, 202e-12, 146e-12, 111e-12, 86.1e-12, 68.7e-12, 55.2e-12)
"""Gy per photon/mm^2 for a protein crystal of standard composition; G. Bourenkov after Paithankar, Owen & Garman 2009."""
ENERGY_RANGE_EV = (_ENERGIES_KEV[0] * 1000, _ENERGIES_KEV[-1] * 1000)
_SIGMA = 1 / math.sqrt(8 * math.log(2))
"""Standard deviation of a Gaussian in units of its full width at half maximum."""


def dose_per_fluence_gy_mm2(energy_ev: float) -> float:
    """Dose of one photon per mm^2 (Gy mm^2); straight lines between logarithms of the table.

    >>> f"{dose_per_fluence_gy_mm2(12_660):.3g}"
    '3.91e-10'

    Raises:
        LimitExceeded: If the table does not reach that energy.
    """
    low_ev, high_ev = ENERGY_RANGE_EV
    if not low_ev <= energy_ev <= high_ev:
        raise LimitExceeded(
            f"dose at {energy_ev:g} eV is not known; the table goes from {low_ev:g} to {high_ev:g} eV: "
            "collect within it, or without a limit of dose"
        )
    energy_kev = energy_ev / 1000
    right = min(bisect.bisect_right(_ENERGIES_KEV, energy_kev), len(_ENERGIES_KEV) - 1)
    left = right - 1
    share = math.log(energy_kev / _ENERGIES_KEV[left]) / math.log(_ENERGIES_KEV[right] / _ENERGIES_KEV[left])
    return math.exp((1 - share) * math.log(_GY_MM2[left]) + share * math.log(_GY_MM2[right]))


def dose_rate_mgy_s(
    energy_ev: float, flux_ph_s: float, beam_um: tuple[float, float], profile: Profile = "gaussian"
) -> float:
    """Dose rate where the beam is strongest; `beam_um` is its full width at half maximum, horizontal and vertical.

    Raises:
        LimitExceeded: If the energy is outside the table.
    """
    area_mm2 = beam_um[0] * beam_um[1] * 1e-6
    if profile == "gaussian":
        area_mm2 *= 2 * math.pi * _SIGMA**2
    return dose_per_fluence_gy_mm2(energy_ev) * flux_ph_s / area_mm2 * 1e-6


def sweep_dose_mgy(
    sweep: Sweep, energy_ev: float, flux_ph_s: float, beam_um: tuple[float, float], profile: Profile = "gaussian"
) -> float:
    """Largest dose that a whole sweep gives to a point of the sample.

    Args:
        sweep: With its transmission.
        energy_ev: Used where the sweep leaves the energy as it is.
        flux_ph_s: At the sample, without attenuation.
        beam_um: Full width at half maximum, horizontal and vertical; omega's axis lies horizontally.
        profile: Of the beam.

    Raises:
        LimitExceeded: If the energy is outside the table.
    """
    return part_dose_mgy(
        sweep,
        sweep.number_images,
        sweep.energy_ev or energy_ev,
        flux_ph_s * sweep.transmission_frac,
        beam_um,
        profile,
    )


def part_dose_mgy(
    sweep: Sweep,
    number_images: int,
    energy_ev: float,
    flux_ph_s: float,
    beam_um: tuple[float, float],
    profile: Profile = "gaussian",
) -> float:
    """Largest dose that some images of a sweep, in one scan, give to a point of the sample.

    Args:
        sweep: How the sample moves; its energy and transmission do not count.
        number_images: Of it, in a row; of a grid all.
        energy_ev: Of the beam.
        flux_ph_s: At the sample, as attenuated.
        beam_um: Full width at half maximum, horizontal and vertical; omega's axis lies horizontally.
        profile: Of the beam.

    Raises:
        LimitExceeded: If the energy is outside the table.
    """
    rate = dose_rate_mgy_s(energy_ev, flux_ph_s, beam_um, profile)
    row_s = number_images // sweep.number_lines * sweep.exposure_s
    if sweep.sweep_type == "helical" and sweep.start is not None and sweep.end is not None:
        # Only the way along omega's axis takes the sample out of the beam at every angle.
        way_um = abs(sweep.end.x_mm - sweep.start.x_mm) * 1000 * number_images / sweep.number_images
        return rate * row_s * _share_of_way(way_um, beam_um[0], profile)
    if sweep.sweep_type in GRIDS and sweep.step_um is not None:
        along, across = reversed(beam_um) if sweep.vertical else beam_um
        way = _share_of_way(sweep.images_per_line * sweep.step_um, along, profile)
        return rate * row_s * way * _rows(sweep.number_lines, sweep.line_step_um or sweep.step_um, across, profile)
    return rate * row_s


def _share_of_way(way_um: float, beam_um: float, profile: Profile) -> float:
    """Share of the time that the best-lit point of a sample spends in a beam that runs along it, peak counting 1."""
    if not way_um:
        return 1.0
    if profile == "top-hat":
        return min(1.0, beam_um / way_um)
    sigma_um = beam_um * _SIGMA
    return math.sqrt(2 * math.pi) * sigma_um / way_um * math.erf(way_um / (2 * math.sqrt(2) * sigma_um))


def _rows(number: int, step_um: float, beam_um: float, profile: Profile) -> float:
    """How many rows' worth of beam the middle of a grid gets."""
    if profile == "top-hat":
        return min(number, max(1, math.ceil(beam_um / step_um)))
    middle, sigma_um = (number - 1) // 2, beam_um * _SIGMA
    return math.fsum(math.exp(-(((row - middle) * step_um / sigma_um) ** 2) / 2) for row in range(number))
