"""How much light falls on a crystal, point by point, while it is exposed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from mxplans_sim.world.burst import Burst
from mxplans_sim.world.polyhedron import quadrature
from mxplans_sim.world.specimen import Crystal

Array = npt.NDArray[np.float64]

NODE_MM = 0.006
"""Distance of the nodes in a crystal: fine enough for beams of 15 um and more."""
NODES_MOST = 30_000
EDGE_UM = 1.0
"""Standard deviation of the edge of a top-hat beam; a sharp one would jump from node to node."""
REACH_SIGMAS = 5.0
FWHM_SIGMAS = 2.0 * np.sqrt(2.0 * np.log(2.0))


@lru_cache(maxsize=64)
def nodes(crystal: Crystal) -> tuple[Array, Array]:
    """Points in a crystal (m, 3) in mm, goniometer frame, and the volumes that they stand for in mm3 (m,).

    The same for every exposure, so that each can keep its dose. They are no random points, which would shift the crystal
    by several um.
    """
    volume_mm3, _ = crystal.body.volume_and_centre()
    return quadrature(crystal.body, max(NODE_MM, (volume_mm3 / NODES_MOST) ** (1 / 3)))


def is_in_beam(burst: Burst, crystal: Crystal) -> bool:
    """Whether any light can reach a crystal during a burst."""
    if not burst.flux_hz.any():
        return False
    points, _ = nodes(crystal)
    middle = points.mean(axis=0, keepdims=True)
    radius_mm = float(np.linalg.norm(points - middle, axis=1).max())
    offset = burst.seen_mm(middle)[:, 0, :2] - burst.beam_mm
    # Within one frame the crystal turns, but not by much of its own size.
    reach_mm = radius_mm + REACH_SIGMAS * np.array(burst.beam_fwhm_um) / FWHM_SIGMAS / 1000
    return bool((np.abs(offset) < reach_mm).all(axis=1).any())


def irradiance(burst: Burst, points_mm: Array) -> Array:
    """Light on points of the specimen (m, 3) during each frame, photons per second and mm2 (n, m)."""
    x, y = _offsets(burst, points_mm)
    width_mm, height_mm = (fwhm_um / 1000 for fwhm_um in burst.beam_fwhm_um)
    # A specimen that trembles sees a beam that is smeared out.
    trembling_mm = burst.specimen.vibration_um / 1000 if burst.specimen else 0.0
    if burst.beam_profile == "top-hat":
        edge_mm = float(np.hypot(EDGE_UM / 1000, trembling_mm))
        profile = _slit(x, width_mm, edge_mm) * _slit(y, height_mm, edge_mm)
    else:
        sigma_x, sigma_y = (float(np.hypot(size / FWHM_SIGMAS, trembling_mm)) for size in (width_mm, height_mm))
        profile = np.exp(-0.5 * ((x / sigma_x) ** 2 + (y / sigma_y) ** 2)) / (2 * np.pi * sigma_x * sigma_y)
    return np.asarray(profile * burst.flux_hz[:, None])


def _offsets(burst: Burst, points_mm: Array) -> tuple[Array, Array]:
    """Columns x and y of `Burst.seen_mm` less the beam, (n, m) each; the third, and half of the time, is spared."""
    mounted = points_mm @ burst.mount.T
    angle = np.radians(burst.omega_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    y0, z0 = burst.spindle_mm[:, 1], burst.spindle_mm[:, 2]
    shift_x = burst.spindle_mm[:, 0] + burst.lab_mm[:, 0] - burst.beam_mm[:, 0]
    shift_y = y0 * cos - z0 * sin + burst.lab_mm[:, 1] - burst.beam_mm[:, 1]
    x = mounted[:, 0] + shift_x[:, None]
    y = np.column_stack([cos, -sin, shift_y]) @ np.vstack([mounted[:, 1], mounted[:, 2], np.ones(len(mounted))])
    return x, y


def _slit(offset_mm: Array, width_mm: float, edge_mm: float) -> Array:
    """An evenly lit stretch with an integral of 1, its edges a little soft."""
    inside = ndtr((width_mm / 2 - offset_mm) / edge_mm) - ndtr((-width_mm / 2 - offset_mm) / edge_mm)
    return np.asarray(inside / width_mm)
