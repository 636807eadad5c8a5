"""What stands around the goniometer: hutch, cold, beamstop, diodes, fluorescence detector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mxplans_sim.clock import Clock
from mxplans_sim.settings.beam import BeamSettings
from mxplans_sim.settings.environment import EnvironmentSettings
from mxplans_sim.world.actuator import IN, OUT, Actuator
from mxplans_sim.world.beam import Beam
from mxplans_sim.world.burst import Shadow
from mxplans_sim.world.cryo import Cryo
from mxplans_sim.world.diode import Diode
from mxplans_sim.world.fluorescence import Fluorescence
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.hutch import Hutch
from mxplans_sim.world.spectrometer import Light, Spectrometer

ASIDE_MM = 2.0
"""How far a beamstop stands beside the beam that has been pushed aside."""


class Surroundings:
    """All of it, each part as it is at the start of a day of users: searched, cold, beamstop in.

    Args:
        beam_settings: Of beamstop and diodes.
        settings: Of the rest.
        clock: Simulated time.
        seed: Of the counting statistics.
        beam: The beam.
        gates: What else stands in the beam's way before the sample, as the fast shutter.
        sample_flux_hz: Tells the photons per second that reach the sample now, behind the hutch shutter and all gates.
        sample_elements: Tells the elements that the beam meets, mmol/l; None when it meets nothing.
        faults: Asked by all parts, and for `beamstop_aside`.

    Attributes:
        clock: Simulated time.
        beam: The beam.
        hutch: The hutch.
        cryo: Cryostream and cryojet.
        beamstop: Behind the sample, in the way of the direct beam.
        incident_diode: Sees the beam before the fast shutter.
        through_diode: Behind the beamstop, on the detector's cover.
        fluorescence: What the samples emit.
        spectrometer: What counts it.
        lights: What tells that the light on the sample may be another.
    """

    def __init__(
        self,
        beam_settings: BeamSettings,
        settings: EnvironmentSettings,
        clock: Clock,
        seed: int,
        beam: Beam,
        gates: Sequence[Actuator],
        sample_flux_hz: Callable[[], float],
        sample_elements: Callable[[], Mapping[str, float] | None],
        faults: FaultSource | None = None,
    ) -> None:
        self.clock = clock
        self.beam = beam
        self.hutch = Hutch(settings.hutch, clock, faults)
        self.cryo = Cryo(settings.cryo, clock, faults)
        self.beamstop = Actuator("beamstop", (IN, OUT), beam_settings.beamstop_s, clock, faults)
        self._faults = faults or NoFaults()
        self._settings = beam_settings
        self._sample_flux_hz = sample_flux_hz
        self._sample_elements = sample_elements
        self.incident_diode = Diode(beam_settings.diode, self._incident_hz, lambda: beam.energy_ev)
        self.through_diode = Diode(beam_settings.diode, self._through_hz, lambda: beam.energy_ev)
        self.fluorescence = Fluorescence(settings.fluorescence)
        self.spectrometer = Spectrometer(self.fluorescence, self._light, clock, seed, faults)
        self.lights = (
            *(gate.changed for gate in (*gates, self.hutch.shutter)),
            self.hutch.changed,
            beam.changed,
            beam.source.changed,
        )
        for light in self.lights:
            light.subscribe(self.spectrometer.look)

    def shadow(self, distance_mm: float) -> Shadow | None:
        """Of the beamstop on a detector at a distance; None when it is out."""
        if self.beamstop.state == OUT:
            return None
        larger = distance_mm / self._settings.beamstop_distance_mm
        # A beamstop that has been pushed aside says that it is in.
        aside_mm = ASIDE_MM if self._faults.active("beamstop_aside") is not None else 0.0
        return Shadow(self._settings.beamstop_radius_mm * larger, aside_mm * larger)

    def _incident_hz(self) -> float:
        return self.beam.incident_flux_hz if self.hutch.beam_in else 0.0

    def _through_hz(self) -> float:
        shadow = self.shadow(self._settings.beamstop_distance_mm)
        return 0.0 if shadow is not None and shadow.hides_the_beam else self._sample_flux_hz()

    def _light(self) -> Light:
        source = self.beam.source
        return Light(self._sample_flux_hz(), source.energy_ev, source.bandwidth_ev, self._sample_elements())
