"""Expected spots of every frame of a burst."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.geometry import Crossings, crossings, on_frames
from mxplans_sim.diffraction.illumination import illuminated
from mxplans_sim.diffraction.reflections import reflections
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.specimen import Crystal

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

# Photons in a spot of mean Wilson intensity for one photon um of illuminated crystal and a density of 1/deg. Chosen so
# that a 50 um lysozyme crystal gives some hundred photons in its strong spots in 0.02 s of 1e12 photons/s.
SCATTERING = 6.0e-10
FAINTEST_PHOTONS = 0.05
STRONGEST = 1e5  # above the weight times density of any reflection
EDGE_PX = 3.0
BEAMSTOP_MM = 1.5  # radius of its shadow


@dataclass(frozen=True)
class ExpectedSpots:
    """Spots of a burst, sorted by frame; arrays (n,).

    Attributes:
        frame: Index within the burst.
        x_px: Column, index = pixel centre.
        y_px: Row.
        photons: Expected.
        d_a: Spacing.
        bounds: Spots of frame k are `bounds[k]:bounds[k + 1]`.
    """

    frame: Index
    x_px: Array
    y_px: Array
    photons: Array
    d_a: Array
    bounds: Index


def expected_spots(burst: Burst, detector: DetectorSettings) -> ExpectedSpots:
    """Spots of all crystals of the specimen on all frames of a burst."""
    parts = []
    if burst.specimen is not None and burst.flux_hz.any():
        parts = [_of_crystal(burst, crystal, detector) for crystal in burst.specimen.crystals if crystal.strength > 0]
    frame = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
    rest = np.concatenate([part[1] for part in parts], axis=1) if parts else np.zeros((4, 0))
    order = np.argsort(frame, kind="stable")
    frame, rest = frame[order], rest[:, order]
    bounds = np.searchsorted(frame, np.arange(len(burst) + 1))
    return ExpectedSpots(frame, rest[0], rest[1], rest[2], rest[3], bounds)


def _of_crystal(burst: Burst, crystal: Crystal, detector: DetectorSettings) -> tuple[Index, Array]:
    light = illuminated(burst, crystal) * burst.exposure_s * crystal.strength * SCATTERING
    if light.max(initial=0.0) * STRONGEST < FAINTEST_PHOTONS:
        return np.zeros(0, dtype=np.int64), np.zeros((4, 0))  # not in the beam: spare solving its reflections
    found = _crossings(crystal, tuple(burst.mount.ravel().round(9)), burst.energy_ev)
    x_px, y_px, inside = _on_detector(found, burst, detector)
    frame, member, density = on_frames(found, float(burst.omega_start_deg[0]), burst.omega_width_deg, len(burst))
    keep = inside[member]
    frame, member, density = frame[keep], member[keep], density[keep]
    if burst.omega_width_deg == 0.0:
        number = len(burst)
        frame = np.repeat(np.arange(number), len(member))
        member, density = np.tile(member, number), np.tile(density, number)
    photons = light[frame] * found.weight[member] * density
    bright = photons > FAINTEST_PHOTONS
    frame, member = frame[bright], member[bright]
    return frame, np.stack([x_px[member], y_px[member], photons[bright], found.d_a[member]])


@lru_cache(maxsize=4)
def _crossings(crystal: Crystal, mount: tuple[float, ...], energy_ev: float) -> Crossings:
    seed = zlib.crc32(f"{crystal.cell} {crystal.space_group}".encode())
    form = reflections(crystal.cell, crystal.space_group, crystal.d_min_a, crystal.b_factor_a2, seed)
    orientation = np.reshape(mount, (3, 3)) @ np.array(crystal.orientation)
    return crossings(form, orientation, energy_ev, crystal.mosaicity_deg)


def _on_detector(
    found: Crossings, burst: Burst, detector: DetectorSettings
) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    per_mm = 1000.0 / detector.pixel_um
    x_px = detector.beam_x_px + found.direction_x * burst.distance_mm * per_mm
    y_px = detector.beam_y_px + found.direction_y * burst.distance_mm * per_mm
    inside = (
        (x_px > EDGE_PX) & (x_px < detector.nx - 1 - EDGE_PX) & (y_px > EDGE_PX) & (y_px < detector.ny - 1 - EDGE_PX)
    )
    lit = np.hypot(found.direction_x, found.direction_y) * burst.distance_mm > BEAMSTOP_MM
    return x_px, y_px, inside & lit
