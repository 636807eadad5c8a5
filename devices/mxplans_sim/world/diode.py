"""A photodiode in the beam and its amplifier."""

from __future__ import annotations

import math
from collections.abc import Callable

from mxplans_sim.settings.beam import DiodeSettings
from mxplans_sim.world.absorption import mu_per_mm
from mxplans_sim.world.observable import Observable

GAINS = tuple(f"1e{power}" for power in range(4, 11))
"""Ranges of the amplifier, V/A."""
_CHARGE_C = 1.602177e-19
_PAIR_EV = 3.66
"""Energy that a pair of charges costs in silicon."""


class Diode:
    """Turns photons into a current.

    Args:
        settings: Of diode and amplifier.
        flux_hz: Tells the photons per second that fall on it now.
        energy_ev: Tells their energy.

    Attributes:
        gain: Range of the amplifier, one of `GAINS`.
        changed: Tells of another range.
    """

    def __init__(self, settings: DiodeSettings, flux_hz: Callable[[], float], energy_ev: Callable[[], float]) -> None:
        self.gain: str = settings.gain
        self.changed = Observable()
        self._settings = settings
        self._flux_hz = flux_hz
        self._energy_ev = energy_ev

    @property
    def current_a(self) -> float:
        """What the amplifier says; no more than its range."""
        energy_ev = self._energy_ev()
        absorbed_frac = -math.expm1(-mu_per_mm("Si", energy_ev) * self._settings.thickness_um / 1000.0)
        current_a = self._flux_hz() * absorbed_frac * energy_ev / _PAIR_EV * _CHARGE_C + self._settings.dark_a
        return min(current_a, self._settings.range_v / float(self.gain))

    @property
    def voltage_v(self) -> float:
        """The same as the amplifier's output."""
        return self.current_a * float(self.gain)

    @property
    def saturated(self) -> bool:
        """Whether the current is beyond the range."""
        return self.voltage_v >= self._settings.range_v * (1 - 1e-9)

    async def set_gain(self, gain: str) -> None:
        """Take another range.

        Raises:
            ValueError: If there is no such range.
        """
        if gain not in GAINS:
            raise ValueError(f"the amplifier has no gain {gain!r}, allowed are {', '.join(GAINS)} V/A")
        self.gain = gain
        await self.changed.notify()
