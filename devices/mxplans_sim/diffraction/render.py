"""Frames: background and spots with counting noise, and the spots that a spot finder would report."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.diffraction.spots import BEAMSTOP_MM, ExpectedSpots
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.burst import Burst

Array = npt.NDArray[np.float64]
Frame = npt.NDArray[np.uint32]

LEVELS = 64
STEPS = 4096
STAMP = np.arange(-2, 3)
FULL_FLUX_HZ = 1e12
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
        index: Room for the indices of a frame; fresh memory for each frame would cost as much as the noise.
    """

    expected: Array
    offset: npt.NDArray[np.intp]
    inverse: npt.NDArray[np.unsignedinteger[Any]]
    tail: npt.NDArray[np.unsignedinteger[Any]]
    index: npt.NDArray[np.intp]

    def draw(self, rng: np.random.Generator, frame: Frame) -> None:
        """Fill a frame (ny, nx) with fresh noise.

        Looking counts up is several times faster than drawing Poisson numbers, as long as the table fits the cache.
        """
        size = self.offset.size
        raw = rng.bit_generator.random_raw((size + 3) // 4)  # four 16-bit numbers in each
        uniform = raw.view(np.uint16)[:size] >> 4
        np.add(self.offset, uniform, out=self.index)
        # The indices are within the table; "clip" only spares their check.
        counts = self.inverse.take(self.index, mode="clip")
        rare = np.flatnonzero(uniform == STEPS - 1)
        counts[rare] = self.tail[self.offset[rare] + rng.integers(0, STEPS, len(rare))]
        frame[...] = counts.reshape(frame.shape)


def background(burst: Burst, detector: DetectorSettings) -> Background:
    """Air and solvent scatter around the beam, dark behind the beamstop; in proportion to flux and time."""
    # The ring current falls a little from row to row of a grid; three digits are enough for one table to serve all.
    light = float(f"{burst.exposure_s * burst.flux_hz.mean() / FULL_FLUX_HZ:.2e}")
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
    uniform = (np.arange(STEPS) + 0.5) / STEPS
    return Background(
        expected=steps[level],
        offset=(level.ravel() * STEPS).astype(np.intp),
        inverse=_looked_up(steps, uniform),
        tail=_looked_up(steps, 1 - (1 - uniform) / STEPS),
        index=np.empty(level.size, dtype=np.intp),
    )


def _looked_up(steps: Array, uniform: Array) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Inverse Poisson distributions, flattened, in the smallest type that holds them."""
    rows = []
    for step in steps:
        reach = 12 * np.sqrt(step + 1)
        counts = np.arange(max(0, int(step - reach)), int(step + reach) + 1)
        rows.append(counts[0] + np.searchsorted(poisson.cdf(counts, step), uniform))
    inverse = np.concatenate(rows)
    return inverse.astype(np.min_scalar_type(int(inverse.max())))


def frame_generator(seed: int, burst: Burst, index: int, image: int) -> np.random.Generator:
    """Noise of one frame, the same for the same sample, pose and image number of a series."""
    name = burst.specimen.name if burst.specimen else ""
    pose = (burst.omega_start_deg[index], *burst.spindle_mm[index], *burst.lab_mm[index])
    quantised = [round(float(value) * 1e4) % 2**32 for value in pose]
    return np.random.Generator(np.random.SFC64([seed, zlib.crc32(name.encode()), image, *quantised]))


def render(
    dark: Background, spots: ExpectedSpots, index: int, psf_px: float, rng: np.random.Generator, frame: Frame
) -> Array:
    """Fill one frame and say what is found on it.

    Args:
        dark: The background.
        spots: Of the whole burst.
        index: Of the frame within the burst.
        psf_px: Standard deviation of a spot.
        rng: Of this frame.
        frame: Counts (ny, nx), overwritten.

    Returns:
        Found spots (n, 5): x, y (px), intensity, sigma (photons), d (A), strongest first. An intensity is what the
        frame holds in 5 x 5 pixels less the expected background.
    """
    dark.draw(rng, frame)
    part = slice(int(spots.bounds[index]), int(spots.bounds[index + 1]))
    x, y, photons, d_a = spots.x_px[part], spots.y_px[part], spots.photons[part], spots.d_a[part]
    if not len(x):
        return np.zeros((0, 5))
    column, row = np.rint(x).astype(np.int64), np.rint(y).astype(np.int64)
    along_x = _profile(column, x, psf_px)
    along_y = _profile(row, y, psf_px)
    stamps = rng.poisson(photons[:, None, None] * along_y[:, :, None] * along_x[:, None, :])
    centres = row * frame.shape[1] + column
    boxes = centres[:, None, None] + STAMP[:, None] * frame.shape[1] + STAMP
    flat = frame.reshape(-1)
    np.add.at(flat, boxes.ravel(), stamps.ravel().astype(np.uint32))  # flat indices: five times as fast
    noise = dark.expected.reshape(-1).take(boxes).sum(axis=(1, 2))
    counted = flat.take(boxes).sum(axis=(1, 2)) - noise
    sigma = np.sqrt(np.maximum(counted, 1.0) + noise)
    found = np.flatnonzero(counted > np.maximum(DETECTION_SIGMAS * np.sqrt(noise), DETECTION_PHOTONS))
    if not len(found):
        return np.zeros((0, 5))
    found = found[np.argsort(-counted[found], kind="stable")]
    found = found[_apart(column[found], row[found])][:SPOTS_MAX]
    return np.stack([x, y, counted, sigma, d_a], axis=1)[found].round(3)


def _apart(column: npt.NDArray[np.int64], row: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Which spots share no pixel with a stronger one; strongest first. Blended spots are found once."""
    width = len(STAMP)
    near = (abs(column[:, None] - column) < width) & (abs(row[:, None] - row) < width)
    # The first neighbour of a spot is itself, unless there is a stronger one.
    return np.asarray(near.argmax(axis=1) == np.arange(len(column)))


def _profile(centre: npt.NDArray[np.int64], position: Array, psf_px: float) -> Array:
    """Part of a spot in each of five pixels around its centre (n, 5)."""
    weight = np.exp(-0.5 * ((STAMP[None] + centre[:, None] - position[:, None]) / psf_px) ** 2)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True), dtype=np.float64)
