"""The fluorescence spectrum of a sample: lines, scattered beam, detector. Rates only; the counting is elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mxplans_sim.settings.environment import FluorescenceSettings
from mxplans_sim.world import elements
from mxplans_sim.world.edge import Chemistry, Edge

Array = npt.NDArray[np.float64]

_FWHM = 2.3548
_MN_EV = 5895.0
_FANO_PAIR_EV = 0.115 * 3.66
_NEAR_EV = 100.0
"""Distance from an edge within which the chemistry shows."""
_COMPTON_FRAC = 0.012
"""Width of the inelastic peak over its energy, from the motion of the electrons, standard deviation."""
_MATRIX, _MATRIX_G_CM3 = "H2O", 1.0
_TAIL_FRAC = 0.01
"""Counts of a peak that lose charge and fall anywhere below it."""


class Fluorescence:
    """What the detector would count per photon that reaches the sample.

    Args:
        settings: Of detector, samples and their chemistry.
    """

    def __init__(self, settings: FluorescenceSettings) -> None:
        self.settings = settings
        self.chemistry = Chemistry(
            settings.edge_shift_ev, settings.white_line, settings.white_line_ev, settings.white_line_width_ev
        )

    @property
    def edges_ev(self) -> Array:
        """Energies between the channels (channels + 1,)."""
        settings = self.settings
        return np.asarray(settings.offset_ev + settings.ev_per_channel * (np.arange(settings.channels + 1) - 0.5))

    def edge(self, symbol: str, shell: str) -> Edge:
        """An edge of an element in these samples."""
        return Edge(symbol, shell, self.chemistry)

    def peaks(
        self, sample: Mapping[str, float], energy_ev: float, bandwidth_ev: float = 0.0
    ) -> list[tuple[float, float, float]]:
        """Peaks as energy (eV), own width (eV, standard deviation) and counts per photon on the sample.

        Args:
            sample: Elements, mmol/l.
            energy_ev: Of the beam.
            bandwidth_ev: Width of that, FWHM.
        """
        settings = self.settings
        thickness_cm = settings.thickness_um * 1e-4
        seen_frac = settings.solid_angle_sr / (4 * np.pi)
        peaks = []
        for symbol, amount in sample.items():
            area_g_cm2 = amount * 1e-3 * elements.g_per_mmol(symbol) * thickness_cm
            for line in elements.lines(symbol):
                made = self._made_cm2_g(symbol, line, energy_ev, bandwidth_ev) * area_g_cm2
                if made > 0:
                    passed = elements.air_transmission(line.energy_ev, settings.air_mm)
                    peaks.append((line.energy_ev, 0.0, made * seen_frac * passed))
        elastic, inelastic = elements.sideways_cm2_g_sr(_MATRIX, energy_ev, settings.polarisation_frac)
        area_sr = _MATRIX_G_CM3 * thickness_cm * settings.solid_angle_sr
        lower_ev = energy_ev / (1 + energy_ev / 511e3)
        peaks.append((energy_ev, bandwidth_ev / _FWHM, elastic * area_sr))
        peaks.append((lower_ev, _COMPTON_FRAC * lower_ev, inelastic * area_sr))
        return peaks

    def spectrum(self, sample: Mapping[str, float], energy_ev: float, bandwidth_ev: float = 0.0) -> Array:
        """Counts per photon on the sample in each channel, before dead time (channels,)."""
        edges = self.edges_ev
        cumulated = np.zeros(len(edges))
        for peak_ev, own_ev, counts in self.peaks(sample, energy_ev, bandwidth_ev):
            sigma_ev = np.hypot(self.sigma_ev(peak_ev), own_ev)
            peak = ndtr((edges - peak_ev) / sigma_ev)
            tail = np.clip(edges / peak_ev, 0.0, 1.0)
            cumulated += counts * ((1 - _TAIL_FRAC) * peak + _TAIL_FRAC * tail)
        return np.diff(cumulated)

    def sigma_ev(self, energy_ev: float) -> float:
        """Resolution of the detector, standard deviation: noise, and the statistics of the charges."""
        at_mn = (self.settings.fwhm_ev / _FWHM) ** 2
        return float(np.sqrt(max(at_mn + _FANO_PAIR_EV * (energy_ev - _MN_EV), at_mn / 10)))

    def _made_cm2_g(self, symbol: str, line: elements.Line, energy_ev: float, bandwidth_ev: float) -> float:
        """Cross section of a line; near the edge that of the free atom above it, times the edge's shape."""
        edge = self.edge(symbol, line.shell)
        if abs(energy_ev - edge.atom.edge_ev) > _NEAR_EV:
            return elements.line_cm2_g(symbol, line, energy_ev)
        above = elements.line_cm2_g(symbol, line, edge.atom.edge_ev + _NEAR_EV)
        return above * float(edge.shape(np.array([energy_ev]), bandwidth_ev)[0])
