"""Frames: background and spots with counting noise, and the spots that a spot finder would report."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.diffraction.spots import ExpectedSpots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst

Array = npt.NDArray[np.float64]
Frame = npt.NDArray[np.uint32]
FoundSpot = tuple[float, float, float, float, float]

LEVELS = 64
STEPS = 4096
STAMP = np.arange(-2, 3)
BEAMSTOP_MM = 1.5
FULL_FLUX_HZ = 1e12
SPOT_PIXELS = 21  # that a spot finder would integrate
DETECTION_SIGMAS = 4.5
DETECTION_PHOTONS = 8.0
SPOTS_MAX = 100


@dataclass(frozen=True)
class Background:
    """Expected background as levels, and for each level the inverse of its Poisson distribution.

    Attributes:
        expected: Counts per pixel (ny, nx).
        offset: Start of each pixel's row in the tables, flattened (ny * nx,).
        inverse: Counts by level and 12-bit uniform number, flattened.
        tail: The same for the last of these numbers, split up into 4096 once more.
    """

    expected: Array
    offset: npt.NDArray[np.int32]
    inverse: npt.NDArray[np.uint8]
    tail: npt.NDArray[np.uint8]

    def draw(self, rng: np.random.Generator) -> Frame:
        """One frame of fresh noise.

        Looking counts up is several times faster than drawing Poisson numbers, as long as the table fits the cache.
        """
        uniform = rng.integers(0, STEPS, self.offset.size, dtype=np.uint16)
        counts = self.inverse.take(self.offset + uniform)
        rare = np.flatnonzero(uniform == STEPS - 1)
        counts[rare] = self.tail[self.offset[rare] + rng.integers(0, STEPS, len(rare))]
        return counts.astype(np.uint32).reshape(self.expected.shape)


def background(burst: Burst, detector: DetectorSettings) -> Background:
    """Air and solvent scatter around the beam, dark behind the beamstop; in proportion to flux and time."""
    # The ring current falls a little from row to row of a grid; three digits are enough for one table to serve all.
    light = float(f"{burst.exposure_s * burst.flux_hz / FULL_FLUX_HZ:.2e}")
    return _background(light, burst.energy_ev, burst.distance_mm, detector)


@lru_cache(maxsize=4)
def _background(light_s: float, energy_ev: float, distance_mm: float, detector: DetectorSettings) -> Background:
    y, x = np.mgrid[: detector.ny, : detector.nx]
    radius_mm = np.hypot(x - detector.beam_x_px, y - detector.beam_y_px) * detector.pixel_um / 1000
    wavelength_a = HC_EV_A / energy_ev
    q = 2 * np.sin(0.5 * np.arctan(radius_mm / distance_mm)) / wavelength_a
    shape = 0.4 + 1.5 * np.exp(-0.5 * ((q - 1 / 3.6) / 0.06) ** 2) + 2.5 * np.exp(-q / 0.06)
    shape[radius_mm < BEAMSTOP_MM] = 0.0
    expected = shape * detector.background * light_s
    steps = np.linspace(0.0, max(float(expected.max()), 1e-9), LEVELS)
    level = np.rint(expected / steps[1]).astype(np.int64)
    counts = np.arange(int(steps[-1] + 12 * np.sqrt(steps[-1] + 1)) + 1)
    uniform = (np.arange(STEPS) + 0.5) / STEPS
    distributions = [poisson.cdf(counts, step) for step in steps]
    return Background(
        expected=steps[level],
        offset=(level.ravel() * STEPS).astype(np.int32),
        inverse=_looked_up(distributions, uniform),
        tail=_looked_up(distributions, 1 - (1 - uniform) / STEPS),
    )


def _looked_up(distributions: list[Array], uniform: Array) -> npt.NDArray[np.uint8]:
    inverse = np.stack([np.searchsorted(distribution, uniform) for distribution in distributions])
    return np.minimum(inverse, 255).astype(np.uint8).ravel()


def frame_generator(seed: int, burst: Burst, index: int) -> np.random.Generator:
    """Noise of one frame, the same for the same sample at the same pose."""
    name = burst.specimen.name if burst.specimen else ""
    pose = (burst.omega_start_deg[index], burst.x_mm[index], burst.y_mm[index], burst.z_mm[index])
    quantised = [round(float(value) * 1e4) % 2**32 for value in pose]
    return np.random.Generator(np.random.SFC64([seed, zlib.crc32(name.encode()), *quantised]))


def render(
    dark: Background, spots: ExpectedSpots, index: int, psf_px: float, rng: np.random.Generator
) -> tuple[Frame, list[FoundSpot]]:
    """One frame and what is found on it.

    Args:
        dark: The background.
        spots: Of the whole burst.
        index: Of the frame within the burst.
        psf_px: Standard deviation of a spot.
        rng: Of this frame.

    Returns:
        Counts (ny, nx), and per found spot x, y (px), intensity, sigma (photons), d (A), strongest first.
    """
    frame = dark.draw(rng)
    part = slice(int(spots.bounds[index]), int(spots.bounds[index + 1]))
    x, y, photons, d_a = spots.x_px[part], spots.y_px[part], spots.photons[part], spots.d_a[part]
    if not len(x):
        return frame, []
    column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    along_x = _profile(column, x, psf_px)
    along_y = _profile(row, y, psf_px)
    stamps = rng.poisson(photons[:, None, None] * along_y[:, :, None] * along_x[:, None, :])
    flat = (row[:, None, None] + STAMP[None, :, None]) * frame.shape[1] + column[:, None, None] + STAMP[None, None, :]
    np.add.at(frame.ravel(), flat.ravel(), stamps.ravel().astype(np.uint32))
    noise = dark.expected[row, column] * SPOT_PIXELS
    counted = stamps.sum(axis=(1, 2)) + rng.normal(0.0, 1.0, len(x)) * np.sqrt(noise)
    sigma = np.sqrt(np.maximum(counted, 1.0) + noise)
    found = np.flatnonzero(counted > np.maximum(DETECTION_SIGMAS * np.sqrt(noise), DETECTION_PHOTONS))
    found = found[np.argsort(-counted[found])][:SPOTS_MAX]
    table = np.stack([x, y, counted, sigma, d_a], axis=1)[found].round(3)
    return frame, [(a, b, c, d, e) for a, b, c, d, e in table.tolist()]


def _profile(centre: npt.NDArray[np.int64], position: Array, psf_px: float) -> Array:
    """Part of a spot in each of five pixels around its centre (n, 5)."""
    weight = np.exp(-0.5 * ((STAMP[None] + centre[:, None] - position[:, None]) / psf_px) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)
