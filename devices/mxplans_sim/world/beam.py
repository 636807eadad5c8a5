"""The X-ray beam at the sample: source, attenuator, slits, aperture, and what of it arrives when and where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.clock import Clock
from mxplans_sim.settings import BeamSettings
from mxplans_sim.world.attenuator import Attenuator
from mxplans_sim.world.feedback import Feedback
from mxplans_sim.world.hooks import FaultSource
from mxplans_sim.world.noise import Flicker
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.ring import Ring
from mxplans_sim.world.slits import Slits, hole_frac, passed_frac, slit_frac
from mxplans_sim.world.source import Source

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Aperture:
    """A hole, and what it lets through of the flux that the largest one passes.

    The fractions are those of a focus of 70 um (full width at half maximum) behind round holes.
    """

    size_um: float
    flux_frac: float


class Beam:
    """The beam behind the attenuator.

    Args:
        settings: Of the beam.
        clock: Simulated time.
        axis_offset_mm: Height of the beam below the omega axis, when the feedback has it in its place.
        seed: Of what wanders and flickers.
        faults: Asked by the axes of source and slits, and by the feedback.

    Attributes:
        ring: Storage ring.
        source: Undulator and monochromator.
        attenuator: What weakens the beam.
        slits: What cuts it before the aperture.
        feedback: What keeps it in its place.
        apertures: Apertures by name, from small to large.
        aperture: Name of the one that is chosen.
        aperture_in: Whether it is in the beam's way; without it the whole focus reaches the sample.
        changed: Tells of a new transmission.
    """

    def __init__(
        self,
        settings: BeamSettings,
        clock: Clock,
        axis_offset_mm: float,
        seed: int = 0,
        faults: FaultSource | None = None,
    ) -> None:
        self.axis_offset_mm = axis_offset_mm
        self.apertures = {a.name: Aperture(a.size_um, a.flux_frac) for a in settings.apertures}
        self.aperture = tuple(self.apertures)[-1]
        self.aperture_in = True
        self.changed = Observable()
        self.ring = Ring(settings.ring, clock, seed)
        self.source = Source(settings.source, settings.energy_ev, settings.ring.energy_gev, clock, faults)
        self.attenuator = Attenuator(settings.attenuator, lambda: self.energy_ev)
        self.slits = Slits(settings.slits, clock, faults)
        self.feedback = Feedback(settings.feedback, clock, seed, self.ring.flux_frac, faults)
        self._settings = settings
        self._clock = clock
        self._flicker = Flicker(seed, "flux", settings.flux_noise_frac)

    @property
    def energy_ev(self) -> float:
        """Photon energy."""
        return self.source.energy_ev

    @property
    def transmission_frac(self) -> float:
        """What passes the attenuator at the present energy; setting it takes the nearest that it can give."""
        return self.attenuator.transmission_frac

    @transmission_frac.setter
    def transmission_frac(self, fraction: float) -> None:
        self.attenuator.set(fraction)

    @property
    def profile(self) -> str:
        """Shape at the sample: "gaussian" or "top-hat"."""
        return self._settings.profile

    @property
    def fwhm_um(self) -> tuple[float, float]:
        """Size at the sample, horizontal and vertical."""
        (x_um, y_um), (focus_x_um, focus_y_um) = self.slits.gap_um, self._settings.focus_um
        if not self.aperture_in:
            return min(focus_x_um, x_um), min(focus_y_um, y_um)
        size_um = self.apertures[self.aperture].size_um
        return min(size_um, x_um), min(size_um, y_um)

    @property
    def ring_current_ma(self) -> float:
        """Present current of the ring."""
        return self.ring.current_ma()

    @property
    def full_flux_hz(self) -> float:
        """Photons per second through the present aperture without attenuator."""
        return float(self._full_flux_hz(self._now())[0])

    @property
    def flux_hz(self) -> float:
        """Photons per second at the sample with the shutters open."""
        return float(self.frame_flux_hz(self._now())[0])

    @property
    def incident_flux_hz(self) -> float:
        """Photons per second behind attenuator and slits, before the aperture."""
        return self.flux_hz / (self.apertures[self.aperture].flux_frac if self.aperture_in else self._open_frac)

    def frame_flux_hz(self, at_s: Array) -> Array:
        """Photons per second at the sample at each time (n,), with shutters, optics and filters as they are now.

        Args:
            at_s: Simulated times, as the middles of frames (n,).
        """
        return self._full_flux_hz(np.asarray(at_s)) * self.transmission_frac

    def position_mm(self, at_s: Array) -> Array:
        """Where the beam passes at each time, x and y in the image frame (n, 2)."""
        return np.asarray([0.0, self.axis_offset_mm] + self.feedback.offset_um(at_s) / 1000)

    async def change_energy(self, energy_ev: float) -> None:
        """Change the energy and return when all has settled; the beam comes back to its place afterwards.

        Raises:
            ValueError: If the source cannot give that energy.
            SourceFault: If it does not get there.
        """
        before_ev = self.energy_ev
        await self.source.go(energy_ev)
        self.feedback.kick(self.energy_ev - before_ev)

    def _full_flux_hz(self, at_s: Array) -> Array:
        aperture, focus_um = self.apertures[self.aperture], self._settings.focus_um
        if self.aperture_in:
            passed = aperture.flux_frac * passed_frac(focus_um, aperture.size_um, self.slits.gap_um)
        else:
            passed = self._open_frac * slit_frac(focus_um, self.slits.gap_um)
        steady_hz = self._settings.flux_hz * self.source.flux_frac * passed
        light = self.ring.flux_frac(at_s) * np.maximum(1 + self._flicker(at_s), 0.0)
        return np.asarray(steady_hz * light)

    @property
    def _open_frac(self) -> float:
        """Flux without an aperture over that through the largest one."""
        largest = tuple(self.apertures.values())[-1]
        return largest.flux_frac / hole_frac(self._settings.focus_um, largest.size_um)

    def _now(self) -> Array:
        return np.array([self._clock.now_s()])
