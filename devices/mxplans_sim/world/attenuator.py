"""The attenuator: what passes of the beam."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings.beam import AttenuatorSettings
from mxplans_sim.world.absorption import mu_per_mm

Array = npt.NDArray[np.float64]


class Attenuator:
    """A bank of foils, each in or out, or an ideal attenuator.

    Args:
        settings: Which, and the foils.
        energy_ev: Tells the energy of the beam now.

    Attributes:
        asked_frac: The transmission that was last asked for.
        inserted: The foils that are in, a bit for each; 0 for an ideal attenuator.
    """

    def __init__(self, settings: AttenuatorSettings, energy_ev: Callable[[], float]) -> None:
        self.asked_frac = 1.0
        self.inserted = 0
        self._settings = settings
        self._energy_ev = energy_ev
        self._depths = lru_cache(maxsize=4)(self._depths_at)

    @property
    def filters(self) -> int:
        """Number of foils; 0 for an ideal attenuator."""
        return 0 if self._settings.kind == "continuous" else len(self._settings.filters)

    @property
    def transmission_frac(self) -> float:
        """What passes at the present energy."""
        if not self.filters:
            return self.asked_frac
        return float(np.exp(-self._depths(self._energy_ev())[self.inserted]))

    def set(self, transmission_frac: float) -> None:
        """Take the foils that come nearest to a transmission at the present energy, by ratio.

        Raises:
            ValueError: If it is no fraction.
        """
        if not 0.0 <= transmission_frac <= 1.0:
            raise ValueError(f"{transmission_frac:g} is not a transmission, allowed is 0 to 1")
        self.asked_frac = transmission_frac
        if self.filters:
            depths = self._depths(self._energy_ev())
            wanted = -np.log(transmission_frac) if transmission_frac > 0 else np.inf
            self.inserted = int(np.abs(depths - min(wanted, depths.max())).argmin())

    def _depths_at(self, energy_ev: float) -> Array:
        """Optical depth of every combination of foils, by its bits."""
        depths = np.zeros(1)
        for foil in self._settings.filters:
            depth = mu_per_mm(foil.material, energy_ev) * foil.thickness_um / 1000.0
            depths = np.concatenate([depths, depths + depth])
        return depths
