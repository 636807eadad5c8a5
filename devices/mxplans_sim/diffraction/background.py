"""What a frame shows besides spots: scatter of air, solvent and ice around the beam, with counting noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import poisson

from mxplans_sim.diffraction.geometry import HC_EV_A
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.world.burst import Burst, Shadow

Array = npt.NDArray[np.float64]
Frame = npt.NDArray[np.uint32]
Counts = npt.NDArray[np.unsignedinteger[Any]]

LEVELS = 64
STEPS = 4096
FULL_FLUX_HZ = 1e12
LIGHT_STEP = 1.02  # levels of light and of ice, so that few tables serve all frames
ICE_STEP = 1.25
ICE_LEAST_MM = 0.002
SOLVENT_D_A = 3.6
SOLVENT_WIDTH = 0.06  # 1/A
ICE_WIDTH = 0.003  # 1/A
ICE_PER_MM = 60.0  # height of a ring of strength 1 over the air far from the beam, which is 0.4
ICE_RINGS = (
    (3.897, 1.0),
    (3.669, 1.3),
    (3.441, 1.0),
    (2.671, 0.5),
    (2.249, 0.7),
    (2.072, 0.5),
    (1.948, 0.5),
    (1.918, 0.4),
    (1.883, 0.2),
    (1.721, 0.3),
)
"""Spacings (A) of the rings of hexagonal ice, and their strengths."""


@dataclass(frozen=True)
class Pattern:
    """Where the background is how strong, in levels.

    Attributes:
        shape: Of a frame (ny, nx).
        steps: Counts of each level in one second of the full flux (LEVELS,).
        offset: Start of each pixel's level in the tables, flattened (ny * nx,).
        index: Room for the indices of a frame; fresh memory for each frame would cost as much as the noise.
    """

    shape: tuple[int, int]
    steps: Array
    offset: npt.NDArray[np.intp]
    index: npt.NDArray[np.intp]


@dataclass(frozen=True)
class Table:
    """Inverse Poisson distributions of all levels, flattened.

    Attributes:
        inverse: Counts by level and 12-bit uniform number.
        tail: The same for the last of these numbers, split up into 4096 once more.
    """

    inverse: Counts
    tail: Counts


@dataclass(frozen=True)
class Background:
    """The background of a frame: a pattern, and how much light there was in seconds of the full flux."""

    pattern: Pattern
    light_s: float

    @property
    def expected(self) -> Array:
        """Expected counts per pixel (ny, nx)."""
        return self.at(np.arange(self.pattern.offset.size)).reshape(self.pattern.shape)

    def at(self, pixels: npt.NDArray[np.intp]) -> Array:
        """Expected counts of pixels by their flat indices."""
        return np.asarray((self.pattern.steps * self.light_s).take(self.pattern.offset.take(pixels) // STEPS))

    def draw(self, rng: np.random.Generator, frame: Frame) -> None:
        """Fill a frame (ny, nx) with fresh noise.

        Looking counts up is several times faster than drawing Poisson numbers, as long as the table fits the cache.
        """
        pattern = self.pattern
        if not self.light_s or not pattern.steps[-1]:
            frame[...] = 0
            return
        table = _table(float(pattern.steps[-1]) * self.light_s)
        size = pattern.offset.size
        raw = rng.bit_generator.random_raw((size + 3) // 4)  # four 16-bit numbers in each
        uniform = raw.view(np.uint16)[:size] >> 4
        np.add(pattern.offset, uniform, out=pattern.index)
        # The indices are within the table; "clip" only spares their check.
        counts = table.inverse.take(pattern.index, mode="clip")
        rare = np.flatnonzero(uniform == STEPS - 1)
        counts[rare] = table.tail[pattern.offset[rare] + rng.integers(0, STEPS, len(rare))]
        frame[...] = counts.reshape(frame.shape)


def backgrounds(burst: Burst, panel: Panel) -> list[Background]:
    """Background of each frame; those with nearly the same light and ice are equal."""
    light = burst.exposure_s * burst.flux_hz / FULL_FLUX_HZ
    energy_ev, distance_mm = round(burst.energy_ev), round(burst.distance_mm, 1)
    return [
        Background(
            _pattern(energy_ev, distance_mm, panel, _rounded(ice, ICE_STEP), burst.shadow),
            _rounded(seconds, LIGHT_STEP),
        )
        for seconds, ice in zip(light.tolist(), ice_mm(burst).tolist(), strict=True)
    ]


def ice_mm(burst: Burst) -> Array:
    """Length of the beam's way through ice, frame by frame, mm (n,)."""
    total = np.zeros(len(burst))
    for ball in burst.specimen.ice if burst.specimen else ():
        centre = burst.seen_mm(np.array([ball.centre_mm]))[:, 0]
        off_axis = np.hypot(centre[:, 0] - burst.beam_mm[:, 0], centre[:, 1] - burst.beam_mm[:, 1])
        total += 2 * np.sqrt(np.maximum(ball.radius_mm**2 - off_axis**2, 0.0))
    return total


def _rounded(value: float, step: float) -> float:
    """The nearest power of a step; 0 for nothing."""
    if value <= 0:
        return 0.0
    return float(f"{step ** round(math.log(value, step)):.6g}")


@lru_cache(maxsize=4)
def _pattern(energy_ev: float, distance_mm: float, panel: Panel, ice: float, shadow: Shadow | None) -> Pattern:
    beam_x, beam_y = panel.beam_px
    y, x = np.mgrid[: panel.ny, : panel.nx]
    x_mm, y_mm = ((index - beam) * panel.settings.pixel_um / 1000 for index, beam in ((x, beam_x), (y, beam_y)))
    radius_mm = np.hypot(x_mm, y_mm)
    q = 2 * np.sin(0.5 * np.arctan(radius_mm / distance_mm)) / (HC_EV_A / energy_ev)
    shape = 0.4 + 1.5 * np.exp(-0.5 * ((q - 1 / SOLVENT_D_A) / SOLVENT_WIDTH) ** 2) + 2.5 * np.exp(-q / 0.06)
    for d_a, strength in ICE_RINGS if ice > ICE_LEAST_MM else ():
        shape += 0.4 * ICE_PER_MM * ice * strength * np.exp(-0.5 * ((q - 1 / d_a) / ICE_WIDTH) ** 2)
    if shadow is not None:
        shape[np.hypot(x_mm - shadow.x_mm, y_mm - shadow.y_mm) < shadow.radius_mm] = 0.0
    expected = shape * panel.settings.background
    steps = np.linspace(0.0, float(expected.max()), LEVELS)
    level = np.rint(expected / max(steps[1], np.finfo(float).tiny)).astype(np.intp)
    return Pattern(expected.shape, steps, level.ravel() * STEPS, np.empty(level.size, dtype=np.intp))


@lru_cache(maxsize=16)
def _table(highest: float) -> Table:
    steps = np.linspace(0.0, highest, LEVELS)
    uniform = (np.arange(STEPS) + 0.5) / STEPS
    return Table(_looked_up(steps, uniform), _looked_up(steps, 1 - (1 - uniform) / STEPS))


def _looked_up(steps: Array, uniform: Array) -> Counts:
    """Inverse Poisson distributions, flattened, in the smallest type that holds them."""
    rows = []
    for step in steps:
        reach = 12 * np.sqrt(step + 1)
        counts = np.arange(max(0, int(step - reach)), int(step + reach) + 1)
        rows.append(counts[0] + np.searchsorted(poisson.cdf(counts, step), uniform))
    inverse = np.concatenate(rows)
    return inverse.astype(np.min_scalar_type(int(inverse.max())))
