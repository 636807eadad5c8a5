"""Expected spots of every frame of a burst."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mxplans_sim.diffraction.geometry import Crossings, crossings, on_frames
from mxplans_sim.diffraction.illumination import Illumination, illuminate
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.reflections import reflections
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.irradiation import is_in_beam
from mxplans_sim.world.specimen import Crystal, Matrix

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

# Photons in a spot of mean Wilson intensity for one photon um of illuminated crystal and a density of 1/deg. Chosen so
# that a 50 um lysozyme crystal gives some hundred photons in its strong spots in 0.02 s of 1e12 photons/s.
SCATTERING = 6.0e-10
FAINTEST_PHOTONS = 0.05
STRONGEST = 1e5  # above the weight times density of any reflection
EDGE_PX = 3.0
PHYSICS = DiffractionSettings.model_validate({})


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


def expected_spots(burst: Burst, panel: Panel, physics: DiffractionSettings = PHYSICS) -> ExpectedSpots:
    """Spots of all lattices of the specimen's crystals on all frames of a burst."""
    parts = list(_parts(burst, panel, physics))
    frame = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
    rest = np.concatenate([part[1] for part in parts], axis=1) if parts else np.zeros((4, 0))
    order = np.argsort(frame, kind="stable")
    frame, rest = frame[order], rest[:, order]
    bounds = np.searchsorted(frame, np.arange(len(burst) + 1))
    return ExpectedSpots(frame, rest[0], rest[1], rest[2], rest[3], bounds)


def _parts(burst: Burst, panel: Panel, physics: DiffractionSettings) -> Iterator[tuple[Index, Array]]:
    """Frames, and columns, rows, photons and spacings of the spots of each lattice in the beam."""
    crystals = burst.specimen.crystals if burst.specimen else ()
    for index, crystal in enumerate(crystals):
        if not crystal.strength or not is_in_beam(burst, crystal):
            continue
        before = burst.dose_mgy[index] if burst.dose_mgy else None
        lit = illuminate(burst, crystal, before, physics)
        for lattice in crystal.lattices:
            scale = burst.exposure_s * crystal.strength * SCATTERING * lattice.volume_frac
            # What the beam hardly reaches is spared: solving its reflections takes long.
            if lit.light.max() * scale * STRONGEST > FAINTEST_PHOTONS:
                yield _of_lattice(burst, crystal, lattice.orientation, lit, scale, panel, physics)


def _of_lattice(
    burst: Burst,
    crystal: Crystal,
    orientation: Matrix,
    lit: Illumination,
    scale: float,
    panel: Panel,
    physics: DiffractionSettings,
) -> tuple[Index, Array]:
    found = _crossings(crystal, orientation, tuple(burst.mount.ravel().round(9)), round(burst.energy_ev, 1), physics)
    frame, member, density = on_frames(found, float(burst.omega_start_deg[0]), burst.omega_width_deg, len(burst))
    x_px, y_px, inside = _on_panel(found, member, burst, panel)
    frame, member, density, x_px, y_px = frame[inside], member[inside], density[inside], x_px[inside], y_px[inside]
    if burst.omega_width_deg == 0.0:
        # All frames are alike; only those in the light are worked out.
        lighted = np.flatnonzero(lit.light * scale * STRONGEST > FAINTEST_PHOTONS)
        frame = np.repeat(lighted, len(member))
        member = np.tile(member, len(lighted))
        density, x_px, y_px = np.tile([density, x_px, y_px], len(lighted))
    photons = lit.light[frame] * scale * found.weight[member] * density
    bright = np.flatnonzero(photons > FAINTEST_PHOTONS)
    frame, d_a = frame[bright], found.d_a[member[bright]]
    return frame, np.stack([x_px[bright], y_px[bright], photons[bright] * lit.left(frame, d_a), d_a])


@lru_cache(maxsize=8)
def _crossings(
    crystal: Crystal,
    orientation: Matrix,
    mount: tuple[float, ...],
    energy_ev: float,
    physics: DiffractionSettings,
) -> Crossings:
    # By value, as the cache compares: a cell of 90 is one of 90.0.
    a, b, c, alpha, beta, gamma = map(float, crystal.cell)
    cell = (a, b, c, alpha, beta, gamma)
    seed = zlib.crc32(f"{cell} {crystal.space_group}".encode())
    form = reflections(cell, crystal.space_group, crystal.d_min_a, crystal.b_factor_a2, seed, physics.anomalous_frac)
    turned = np.reshape(mount, (3, 3)) @ np.array(orientation)
    return crossings(form, turned, energy_ev, crystal.mosaicity_deg, physics.polarisation_frac)


def _on_panel(found: Crossings, member: Index, burst: Burst, panel: Panel) -> tuple[Array, Array, npt.NDArray[np.intp]]:
    """Columns and rows of some crossings, and which of them are recorded."""
    per_mm = 1000.0 / panel.settings.pixel_um
    beam_x, beam_y = panel.beam_px
    x_mm, y_mm = found.direction_x[member] * burst.distance_mm, found.direction_y[member] * burst.distance_mm
    x_px, y_px = beam_x + x_mm * per_mm, beam_y + y_mm * per_mm
    inside = (x_px > EDGE_PX) & (x_px < panel.nx - 1 - EDGE_PX) & (y_px > EDGE_PX) & (y_px < panel.ny - 1 - EDGE_PX)
    if (shadow := burst.shadow) is not None:
        inside &= np.hypot(x_mm - shadow.x_mm, y_mm - shadow.y_mm) > shadow.radius_mm
    return x_px, y_px, np.flatnonzero(inside)
