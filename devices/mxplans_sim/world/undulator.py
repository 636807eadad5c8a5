"""The light of a planar undulator on its axis: energies of the harmonics by gap, and how strong they are.

Source of the formulae: X-ray Data Booklet (LBNL/PUB-490), section 2.1; the field by gap is Halbach's
for Nd-Fe-B. Energies in eV, gaps in mm; strengths are relative.
"""

from __future__ import annotations

import math

from scipy.optimize import brentq
from scipy.special import jv

HARMONICS = tuple(range(1, 26, 2))
_SPREAD_FRAC = 1e-3
"""Relative spread of the electrons' energy; counts twice for the light."""
_FWHM = 2.3548
_WEAKEST_K = 0.3
_FARTHEST = 6.0
"""Widths beyond which a harmonic gives nothing."""


class Undulator:
    """An undulator in a ring.

    Args:
        period_mm: Its period.
        periods: Number of periods.
        gap_mm: Limits of the gap.
        ring_gev: Energy of the electrons.
    """

    def __init__(self, period_mm: float, periods: int, gap_mm: tuple[float, float], ring_gev: float) -> None:
        self._period_mm, self._periods = period_mm, periods
        self._gap_mm = gap_mm
        self._ring_gev = ring_gev

    def deflection(self, gap_mm: float) -> float:
        """The parameter K at a gap."""
        ratio = gap_mm / self._period_mm
        field_t = 3.33 * math.exp(-ratio * (5.47 - 1.8 * ratio))
        return 0.0934 * self._period_mm * field_t

    def harmonic_ev(self, harmonic: int, gap_mm: float) -> float:
        """Energy of a harmonic at a gap."""
        k = self.deflection(gap_mm)
        return 9500.0 * harmonic * self._ring_gev**2 / self._period_mm / (1 + k**2 / 2)

    def strength(self, energy_ev: float, gap_mm: float) -> float:
        """Flux in a small bandwidth about an energy at a gap, arbitrary units."""
        k = self.deflection(gap_mm)
        total = 0.0
        for harmonic in HARMONICS:
            centre_ev = self.harmonic_ev(harmonic, gap_mm)
            off = (energy_ev - centre_ev) / (centre_ev * self._width_frac(harmonic) / _FWHM)
            if abs(off) < _FARTHEST:
                total += self._peak(harmonic, k) * math.exp(-(off**2) / 2)
        return total

    def best_gap_mm(self, energy_ev: float) -> float:
        """Gap at which the strongest harmonic that can be tuned to an energy stands there.

        Raises:
            ValueError: If no harmonic reaches it.
        """
        narrow_mm, wide_mm = self._gap_mm
        gaps = []
        for harmonic in HARMONICS:
            lowest_ev, highest_ev = self.harmonic_ev(harmonic, narrow_mm), self.harmonic_ev(harmonic, wide_mm)
            if lowest_ev <= energy_ev <= highest_ev:
                gap_mm = float(brentq(lambda gap, n=harmonic: self.harmonic_ev(n, gap) - energy_ev, narrow_mm, wide_mm))
                if self.deflection(gap_mm) >= _WEAKEST_K:
                    gaps.append(gap_mm)
        if not gaps:
            raise ValueError(f"no harmonic reaches {energy_ev:g} eV with gaps of {narrow_mm:g} to {wide_mm:g} mm")
        return max(gaps, key=lambda gap_mm: self.strength(energy_ev, gap_mm))

    def _width_frac(self, harmonic: int) -> float:
        """Width of a harmonic over its energy, FWHM: that of the magnet and that of the electrons."""
        return math.hypot(0.9 / (harmonic * self._periods), 2 * _FWHM * _SPREAD_FRAC)

    def _peak(self, harmonic: int, k: float) -> float:
        """Q_n of the booklet, times the widening by the electrons' spread."""
        y = harmonic * k**2 / (4 + 2 * k**2)
        bessel = float(jv((harmonic - 1) / 2, y) - jv((harmonic + 1) / 2, y))
        f = (harmonic * k / (1 + k**2 / 2) * bessel) ** 2
        natural_frac = 0.9 / (harmonic * self._periods)
        return (1 + k**2 / 2) * f / harmonic * natural_frac / self._width_frac(harmonic)
