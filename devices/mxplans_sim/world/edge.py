"""Absorption near an edge, as a sample with its chemistry has it: a broadened step with a white line.

The free atom comes from xraylib; step and white line are the textbook forms (arctangent and Lorentzian), so that the
dispersive part f' is their Hilbert transform in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.elements import Shell, shell

Array = npt.NDArray[np.float64]

_FWHM = 2.3548
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_FAR_EV = 1000.0
"""Where the chemistry no longer shows."""


@dataclass(frozen=True)
class Chemistry:
    """What the surroundings of an atom do to its edge.

    Attributes:
        shift_ev: Of the edge.
        white_line: Height of the white line over that of the step.
        white_line_ev: Its place behind the shifted edge.
        white_line_width_ev: Its width, FWHM.
    """

    shift_ev: float = 0.0
    white_line: float = 0.0
    white_line_ev: float = 2.0
    white_line_width_ev: float = 3.0


@dataclass(frozen=True)
class Edge:
    """An edge of an element in a sample.

    Attributes:
        symbol: Of the element.
        line: Name of the shell: "K", "L3", ...
        chemistry: Of the sample.
    """

    symbol: str
    line: str
    chemistry: Chemistry = Chemistry()

    @property
    def atom(self) -> Shell:
        """The shell of the free atom."""
        return shell(self.symbol, self.line)

    @property
    def energy_ev(self) -> float:
        """Middle of the step."""
        return self.atom.edge_ev + self.chemistry.shift_ev

    @property
    def white_line_ev(self) -> float:
        """Top of the white line."""
        return self.energy_ev + self.chemistry.white_line_ev

    def shape(self, energies_ev: Array, bandwidth_ev: float = 0.0) -> Array:
        """Absorption by this shell over that far above the edge: 0 before, 1 behind.

        Args:
            energies_ev: Photon energies (n,).
            bandwidth_ev: Width of the beam's energy, FWHM.
        """
        spread = np.asarray(energies_ev)[:, None] + bandwidth_ev / _FWHM * _NODES
        step = 0.5 + np.arctan(2 * (spread - self.energy_ev) / self.atom.width_ev) / np.pi
        half_ev = self._half_ev
        line = self.chemistry.white_line * half_ev**2 / ((spread - self.white_line_ev) ** 2 + half_ev**2)
        return np.asarray((step + line) @ (_WEIGHTS / _WEIGHTS.sum()))

    def f_double_prime(self, energies_ev: Array, bandwidth_ev: float = 0.0) -> Array:
        """Imaginary part of the anomalous scattering, electrons (n,)."""
        below, above = self.atom.f_double_prime
        fall = (self.energy_ev / np.asarray(energies_ev)) ** 2
        return np.asarray((below + (above - below) * self.shape(energies_ev, bandwidth_ev)) * fall)

    def f_prime(self, energies_ev: Array) -> Array:
        """Real part, electrons (n,): the Hilbert transform of the same step and white line."""
        below, above = self.atom.f_double_prime
        far_ev = self.atom.edge_ev + _FAR_EV
        level = self.atom.f_prime(far_ev) - (above - below) * float(self._dispersion(np.array([far_ev]))[0])
        return np.asarray(level + (above - below) * self._dispersion(np.asarray(energies_ev)))

    @property
    def _half_ev(self) -> float:
        return self.chemistry.white_line_width_ev / 2

    def _dispersion(self, energies_ev: Array) -> Array:
        off, off_line = energies_ev - self.energy_ev, energies_ev - self.white_line_ev
        step = np.log((off**2 + (self.atom.width_ev / 2) ** 2) / (energies_ev + self.energy_ev) ** 2) / (2 * np.pi)
        line = self.chemistry.white_line * self._half_ev * off_line / (off_line**2 + self._half_ev**2)
        return np.asarray(step + line)
