"""How much of a crystal the beam meets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mxplans_sim.world.burst import Burst
from mxplans_sim.world.specimen import Crystal

Array = npt.NDArray[np.float64]
NODES = (5, 24)  # least and most along an edge


def illuminated(burst: Burst, crystal: Crystal) -> Array:
    """Integral of the flux over the crystal for each frame, photons um / s (n,).

    Flux per area, a Gaussian in x and y, is integrated over the box by Gauss-Legendre quadrature: photons per second
    that cross the crystal, times the length of their way inside. The nodes lie evenly about the centre, so that the
    crystal is seen where it is; random points would shift it by several um.
    """
    half_mm = np.array(crystal.half_size_mm)
    sigma_x, sigma_y = (fwhm_um / 2355.0 for fwhm_um in burst.beam_fwhm_um)
    nodes, weights = _quadrature(half_mm, min(sigma_x, sigma_y))
    points = nodes @ np.array(crystal.box_rotation).T + np.array(crystal.centre_mm)
    seen = burst.seen_mm(points) - np.append(burst.beam_mm, np.zeros((len(burst), 1)), axis=1)[:, None]
    profile = np.exp(-0.5 * ((seen[..., 0] / sigma_x) ** 2 + (seen[..., 1] / sigma_y) ** 2))
    per_um2 = burst.flux_hz / (2 * np.pi * sigma_x * sigma_y * 1e6)
    return np.asarray(profile @ weights * per_um2 * 1e9, dtype=np.float64)


def _quadrature(half_mm: Array, sigma_mm: float) -> tuple[Array, Array]:
    """Nodes in a box about the origin (n, 3) and their volumes in mm3 (n,), the closer the finer the beam."""
    numbers = np.clip(np.ceil(2 * half_mm / sigma_mm) + 4, *NODES).astype(int)
    rules = [np.polynomial.legendre.leggauss(int(number)) for number in numbers]
    grids = np.meshgrid(*(rule[0] * half for rule, half in zip(rules, half_mm, strict=True)), indexing="ij")
    volumes = np.einsum("i,j,k->ijk", *(rule[1] * half for rule, half in zip(rules, half_mm, strict=True)))
    return np.stack([grid.ravel() for grid in grids], axis=1), volumes.ravel()
