"""How much of a crystal the beam meets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.burst import Burst
from mxplans_sim.world.specimen import Crystal

Array = npt.NDArray[np.float64]
POINTS = 400


def illuminated(burst: Burst, crystal: Crystal) -> Array:
    """Integral of the flux over the crystal for each frame, photons um / s (n,).

    Flux per area, a Gaussian in x and y, is averaged over points spread evenly in the crystal and multiplied by its
    volume: photons per second that cross it, times the length of their way inside.
    """
    half_mm = np.array(crystal.half_size_mm)
    unit = np.random.default_rng(0).uniform(-1.0, 1.0, (POINTS, 3))
    points = (unit * half_mm) @ np.array(crystal.box_rotation).T + np.array(crystal.centre_mm)
    turn = np.radians(burst.omega_start_deg + burst.omega_width_deg / 2)[:, None]
    x = points[:, 0] + burst.x_mm[:, None]
    y = (points[:, 1] + burst.y_mm[:, None]) * np.cos(turn) - (points[:, 2] + burst.z_mm[:, None]) * np.sin(turn)
    sigma_x, sigma_y = (fwhm_um / 2355.0 for fwhm_um in burst.beam_fwhm_um)
    profile = np.exp(-0.5 * ((x / sigma_x) ** 2 + ((y - burst.axis_offset_mm) / sigma_y) ** 2))
    per_um2 = burst.flux_hz / (2 * np.pi * sigma_x * sigma_y * 1e6)
    volume_um3 = float(np.prod(2 * half_mm)) * 1e9
    return np.asarray(profile.mean(axis=1) * per_um2 * volume_um3, dtype=np.float64)
