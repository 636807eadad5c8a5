"""What a scan exposes, and the dose that follows with the beam as it was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mxplans.errors import LimitExceeded
from mxplans.model.sweeps import Sweep
from mxplans.roles import Beamline
from mxplans.schedule.dose import Profile, part_dose_mgy


@dataclass(frozen=True)
class Exposure:
    """Images of a sweep that are exposed in one scan.

    Attributes:
        sweep: What was asked for.
        number_images: Of it, in this scan.
        profile: Of the beam.
    """

    sweep: Sweep
    number_images: int
    profile: Profile = "gaussian"

    def dose_mgy(self, bl: Beamline, before: Mapping[str, Any], after: Mapping[str, Any]) -> float | None:
        """Largest dose at a place of the sample, from the mean of the flux before and after.

        Args:
            bl: The beamline, for the keys of its devices.
            before: What they said before the scan.
            after: What the beam said after it.

        Returns:
            The dose (MGy); None where the devices do not say enough, or the energy is outside the table of doses.
        """
        flux_key = bl.beam.flux.name
        size = before.get(bl.aperture.beam_size.name)
        said = (
            before.get(flux_key),
            after.get(flux_key),
            before.get(bl.attenuator.name),
            before.get(bl.beam.energy.name),
        )
        if size is None or any(value is None for value in said):
            return None
        flux_before, flux_after, transmission_frac, energy_ev = (float(value) for value in said if value is not None)
        beam_um = (float(size[0]), float(size[1])) if isinstance(size, list | tuple) else (float(size), float(size))
        if min(beam_um) <= 0:
            return None
        flux_ph_s = transmission_frac * (flux_before + flux_after) / 2
        try:
            return part_dose_mgy(self.sweep, self.number_images, energy_ev, flux_ph_s, beam_um, self.profile)
        except LimitExceeded:
            return None
