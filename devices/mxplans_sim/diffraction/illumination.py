"""How much of a crystal the beam meets, and how much of its diffraction the dose has left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.dose import per_frame_mgy
from mxplans_sim.world.irradiation import irradiance, nodes
from mxplans_sim.world.specimen import Crystal

Array = npt.NDArray[np.float64]

UM_PER_MM = 1000.0
RESOLUTIONS = 12
D_SHORTEST_A = 1.0
NEGLIGIBLE = 1e-3  # of an exponent
_STEP = 1 / (2 * D_SHORTEST_A**2) / (RESOLUTIONS - 1)


@dataclass(frozen=True)
class Illumination:
    """Light on a crystal, frame by frame.

    Attributes:
        light: Integral of the flux over the crystal, photons um / s (n,).
        left_log: Logarithm of what is left of the diffraction at even steps of 1 / (2 d^2) from 0 (n, m); None for all.
    """

    light: Array
    left_log: Array | None

    def left(self, frame: npt.NDArray[np.int64], d_a: Array) -> Array:
        """Part of the diffraction that the dose has left, for spots on frames (k,)."""
        if self.left_log is None:
            return np.ones(len(frame))
        place = np.minimum(1 / (2 * d_a**2) / _STEP, RESOLUTIONS - 1.001)
        below = place.astype(np.int64)
        low, high = self.left_log[frame, below], self.left_log[frame, below + 1]
        return np.asarray(np.exp(low + (place - below) * (high - low)))


def illuminate(burst: Burst, crystal: Crystal, before_mgy: Array | None, physics: DiffractionSettings) -> Illumination:
    """Light on a crystal and what its dose leaves, the dose of the burst itself included.

    Args:
        burst: The exposures.
        crystal: One of its specimen's.
        before_mgy: Dose of its nodes at the beginning of the burst; None to do without damage.
        physics: How the diffraction decays.
    """
    points, volumes = nodes(crystal)
    shining = irradiance(burst, points)
    light = shining @ volumes * UM_PER_MM
    if before_mgy is None or not physics.decay_a2_mgy:
        return Illumination(light, None)
    gained = shining * per_frame_mgy(burst, physics)
    # A frame sees the dose that there is in its middle.
    decay = (before_mgy + np.cumsum(gained, axis=0) - gained / 2) * (physics.decay_a2_mgy * _STEP)
    if decay.max(initial=0.0) * RESOLUTIONS < NEGLIGIBLE:
        return Illumination(light, None)
    return Illumination(light, _log_left(shining * volumes, np.exp(-decay)))


def _log_left(lit: Array, step: Array) -> Array:
    """Logarithm of the mean of all powers of `step` (n, m), weighted by the light, up to the finest resolution."""
    total = np.maximum(lit.sum(axis=1), np.finfo(float).tiny)
    left = np.empty((len(lit), RESOLUTIONS))
    remaining = lit.copy()
    for index in range(RESOLUTIONS):
        left[:, index] = remaining.sum(axis=1) / total
        remaining *= step
    return np.asarray(np.log(np.maximum(left, np.finfo(float).tiny)))


def illuminated(burst: Burst, crystal: Crystal) -> Array:
    """Integral of the flux over the crystal for each frame, photons um / s (n,).

    Photons per second that cross the crystal, times the length of their way inside.
    """
    points, volumes = nodes(crystal)
    return np.asarray(irradiance(burst, points) @ volumes * UM_PER_MM)
