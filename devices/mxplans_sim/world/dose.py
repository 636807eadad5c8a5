"""Dose: how much every point of every crystal has taken, over all exposures in their order.

Sources: dose per fluence for an average protein crystal, computed by G. Bourenkov after Paithankar, Owen & Garman (2009).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.irradiation import irradiance, is_in_beam, nodes
from mxplans_sim.world.specimen import Crystal

Array = npt.NDArray[np.float64]

_ENERGY_KEV = np.array([4.0, 6.6, 9.2, 11.8, 14.4, 17.0, 19.6, 22.2, 24.8, 27.4, 30.0])
_DOSE_1E12_GY_MM2 = np.array([4590.0, 1620.0, 790.0, 457.0, 293.0, 202.0, 146.0, 111.0, 86.1, 68.7, 55.2])
GY_PER_MGY = 1e6


def mgy_mm2(energy_ev: float) -> float:
    """Dose of an average protein crystal per fluence of one photon per mm2, MGy.

    >>> round(mgy_mm2(12660.0) * 1e12 / 0.05**2, 3)  # 1e12 photons on 50 x 50 um
    0.156
    """
    logarithm = np.interp(np.log(energy_ev / 1000), np.log(_ENERGY_KEV), np.log(_DOSE_1E12_GY_MM2))
    return float(np.exp(logarithm)) * 1e-12 / GY_PER_MGY


def per_frame_mgy(burst: Burst, physics: DiffractionSettings) -> float:
    """Dose in one frame by one photon per second and mm2, MGy."""
    return mgy_mm2(burst.energy_ev) * physics.absorption_factor * burst.exposure_s


def cut(burst: Burst, begin: int, number: int, physics: DiffractionSettings) -> Burst:
    """Some frames of a burst, with the dose that there is when they begin."""
    part = burst.part(begin, number)
    if not (begin and burst.dose_mgy and burst.specimen):
        return part
    earlier = burst.part(0, begin)
    crystals = burst.specimen.crystals
    dose = [_after(earlier, *known, physics) for known in zip(crystals, burst.dose_mgy, strict=True)]
    return replace(part, dose_mgy=tuple(dose))


def _after(burst: Burst, crystal: Crystal, before_mgy: Array, physics: DiffractionSettings) -> Array:
    if not is_in_beam(burst, crystal):
        return before_mgy
    points, _ = nodes(crystal)
    return np.asarray(before_mgy + irradiance(burst, points).sum(axis=0) * per_frame_mgy(burst, physics))


class DoseLedger:
    """Keeps the dose of all crystals for as long as the world stands, whatever hangs on the goniometer.

    Args:
        physics: Tells how much a crystal absorbs.
    """

    def __init__(self, physics: DiffractionSettings) -> None:
        self._physics = physics
        self._dose: dict[str, tuple[Array, ...]] = {}

    def expose(self, burst: Burst) -> Burst:
        """Add what a burst does, which is to be called once for each; returns it with the dose at its beginning."""
        specimen = burst.specimen
        if specimen is None or not specimen.crystals:
            return burst
        before = self.dose_mgy(specimen.name, specimen.crystals)
        known = zip(specimen.crystals, before, strict=True)
        self._dose[specimen.name] = tuple(_after(burst, crystal, dose, self._physics) for crystal, dose in known)
        return replace(burst, dose_mgy=before)

    def known(self, burst: Burst) -> Burst:
        """A burst with the dose that there is by now; it adds nothing."""
        specimen = burst.specimen
        if specimen is None or not specimen.crystals:
            return burst
        return replace(burst, dose_mgy=self.dose_mgy(specimen.name, specimen.crystals))

    def dose_mgy(self, name: str, crystals: tuple[Crystal, ...]) -> tuple[Array, ...]:
        """Dose at the nodes of each crystal of a specimen, MGy."""
        return self._dose.get(name) or tuple(np.zeros(len(nodes(crystal)[1])) for crystal in crystals)

    def most_mgy(self, name: str) -> float:
        """Highest dose anywhere in the crystals of a specimen, MGy; 0 when it was never exposed."""
        return max((float(dose.max()) for dose in self._dose.get(name, ())), default=0.0)
