"""Where the X-rays come from: undulator gap and monochromator, and what a change of energy takes."""

from __future__ import annotations

import math
from functools import lru_cache

from mxplans_sim.clock import Clock
from mxplans_sim.settings.base import SettingsError
from mxplans_sim.settings.beam import SourceSettings
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.undulator import Undulator

EV_A = 12398.41984
"""Energy times wavelength of a photon."""
_RAMP_S = 0.2
_TOLERANCE_EV = 0.01
_TOLERANCE_MM = 1e-4


class SourceFault(RuntimeError):
    """A change of energy that has not come to its end."""


class Source:
    """Undulator and monochromator; the gap can also be moved alone, at the cost of flux.

    Args:
        settings: Of both.
        energy_ev: Energy at the start, at which `flux_frac` is 1.
        ring_gev: Energy of the electrons.
        clock: Simulated time.
        faults: Asked by the axes `bragg` and `gap`.

    Raises:
        SettingsError: If the undulator does not reach the energies that it should.

    Attributes:
        bragg: Angle of the monochromator, deg.
        gap: Gap of the undulator, mm.
        asked_ev: Where it was last sent.
        changed: Tells of the begin and end of a change.
    """

    def __init__(
        self,
        settings: SourceSettings,
        energy_ev: float,
        ring_gev: float,
        clock: Clock,
        faults: FaultSource | None = None,
    ) -> None:
        self.settings = settings
        self.changed = Observable()
        self._clock = clock
        self._undulator = Undulator(settings.period_mm, settings.periods, settings.gap_mm, ring_gev)
        self.asked_ev = energy_ev
        self._changes = 0
        self._settled_s = 0.0
        lowest_ev, highest_ev = settings.energy_range_ev
        angles = self._bragg_deg(highest_ev), self._bragg_deg(lowest_ev)
        faults = faults or NoFaults()
        try:
            gap_mm, _, _ = (self._undulator.best_gap_mm(needed_ev) for needed_ev in (energy_ev, lowest_ev, highest_ev))
        except ValueError as error:
            raise SettingsError(f"the undulator does not fit to energy_range_ev: {error}") from error
        self.bragg = Axis(
            "bragg", clock, self._bragg_deg(energy_ev), settings.bragg_deg_s, _RAMP_S, angles, faults=faults
        )
        self.gap = Axis("gap", clock, gap_mm, settings.gap_mm_s, _RAMP_S, settings.gap_mm, faults=faults)
        self._strength = lru_cache(maxsize=64)(self._undulator.strength)
        self._reference = self._strength(self.energy_ev, gap_mm)

    @property
    def energy_ev(self) -> float:
        """What the monochromator passes now."""
        return round(EV_A / (2 * self.settings.spacing_a * math.sin(math.radians(self.bragg.position))), 6)

    @property
    def bandwidth_ev(self) -> float:
        """Width of that, FWHM."""
        return self.settings.bandwidth_frac * self.energy_ev

    @property
    def changing(self) -> bool:
        """Whether a change of energy is under way."""
        return self._settled_s > self._clock.now_s()

    @property
    def flux_frac(self) -> float:
        """Photons at the present energy and gap over those at the start."""
        return self._strength(self.energy_ev, self.gap.position) / self._reference

    @property
    def best_gap_mm(self) -> float:
        """The gap that belongs to the present energy."""
        return self._undulator.best_gap_mm(self.energy_ev)

    def allows(self, energy_ev: float) -> bool:
        """Whether it can give an energy."""
        low, high = self.settings.energy_range_ev
        return low <= energy_ev <= high

    async def go(self, energy_ev: float) -> None:
        """Change to an energy and return when all has settled; a second call redirects, and both end together.

        Raises:
            ValueError: If it cannot give that energy.
            SourceFault: If gap or monochromator do not get there.
        """
        if not self.allows(energy_ev):
            low, high = self.settings.energy_range_ev
            raise ValueError(f"energy {energy_ev:g} eV is outside of {low:g} to {high:g} eV; not changed")
        small = abs(energy_ev - self.energy_ev) <= self.settings.step_ev
        gap_mm = self._undulator.best_gap_mm(energy_ev)
        self._changes += 1
        this_change = self._changes
        self.asked_ev = energy_ev
        self.bragg.move_to(self._bragg_deg(energy_ev))
        self.gap.move_to(gap_mm)
        settle_s = self.settings.step_s if small else self.settings.settle_s
        self._settled_s = self._clock.now_s() + self._moves_s + settle_s
        for part in (self.bragg.changed, self.gap.changed, self.changed):
            await part.notify()
        while (left_s := self._settled_s - self._clock.now_s()) > 0:
            await self._clock.sleep(left_s)
        if this_change == self._changes:
            await self.changed.notify()
            self._check(gap_mm)

    async def stop(self) -> None:
        """Bring both axes to rest where they are; a change under way ends without an error."""
        self._changes += 1
        for axis in (self.bragg, self.gap):
            if axis.remaining_s > 0:
                axis.stop()
        rest_s = self._moves_s
        self._settled_s = min(self._settled_s, self._clock.now_s() + rest_s)
        await self._clock.sleep(rest_s)
        self.asked_ev = self.energy_ev
        await self.changed.notify()

    @property
    def _moves_s(self) -> float:
        return max(self.bragg.remaining_s, self.gap.remaining_s, 0.0)

    def _check(self, gap_mm: float) -> None:
        """Raise when an axis stands elsewhere than it was sent."""
        if abs(self.energy_ev - self.asked_ev) > _TOLERANCE_EV:
            raise SourceFault(
                f"the monochromator stands at {self.energy_ev:.1f} eV, it was sent to {self.asked_ev:.1f} eV; free it"
            )
        if abs(self.gap.position - gap_mm) > _TOLERANCE_MM:
            raise SourceFault(f"the gap stands at {self.gap.position:.4f} mm, it was sent to {gap_mm:.4f} mm; free it")

    def _bragg_deg(self, energy_ev: float) -> float:
        return math.degrees(math.asin(EV_A / energy_ev / (2 * self.settings.spacing_a)))
