"""The X-ray beam at the sample: apertures, ring current, flux."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mxplans_sim.clock import Clock
from mxplans_sim.settings import BeamSettings


@dataclass(frozen=True)
class Aperture:
    """A hole, and what it lets through of the flux that the Large one passes.

    The fractions are those of a focus of 70 um (full width at half maximum) behind round holes.
    """

    size_um: float
    flux_frac: float


APERTURES: Mapping[str, Aperture] = {
    "Small": Aperture(20.0, 0.07),
    "Medium": Aperture(50.0, 0.39),
    "Large": Aperture(100.0, 1.0),
}


class Beam:
    """The beam behind the attenuator; what can be set is an attribute.

    Args:
        settings: Of the beam.
        clock: The ring's current decays with it.
        axis_offset_mm: Height of the beam below the omega axis.
    """

    def __init__(self, settings: BeamSettings, clock: Clock, axis_offset_mm: float) -> None:
        self.energy_ev = settings.energy_ev
        self.axis_offset_mm = axis_offset_mm
        self.transmission_frac = 1.0
        self.aperture = "Large"
        self._settings = settings
        self._clock = clock

    @property
    def ring_frac(self) -> float:
        """Present current of the ring over that at the start."""
        return math.exp(-self._clock.now_s() / 3600.0 / self._settings.ring_lifetime_h)

    @property
    def ring_current_ma(self) -> float:
        """Present current of the ring."""
        return self._settings.ring_current_ma * self.ring_frac

    @property
    def full_flux_hz(self) -> float:
        """Photons per second through the present aperture without attenuator."""
        return self._settings.flux_hz * self.ring_frac * APERTURES[self.aperture].flux_frac

    @property
    def flux_hz(self) -> float:
        """Photons per second at the sample with the shutter open."""
        return self.full_flux_hz * self.transmission_frac

    @property
    def fwhm_um(self) -> tuple[float, float]:
        """Size at the sample."""
        size = APERTURES[self.aperture].size_um
        return size, size
