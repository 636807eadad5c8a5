"""From spots per frame to a map of how strongly each box of a grid diffracts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.errors import InvalidInput
from mxplans.geometry import GridPlan
from mxplans.model.acquisition import FrameSpots

Array = npt.NDArray[np.float64]

# Hexagonal ice, A; spots within the relative width of one of these rings say nothing about the crystal.
ICE_RINGS_A = (3.897, 3.669, 3.441, 2.671, 2.249, 2.072, 1.948, 1.918, 1.883, 1.721)
ICE_WIDTH_FRAC = 0.006
SPOTS_MIN = 3  # a crystal in the beam shows several; one or two are what noise looks like to a spot finder
QUALITY_CAP = 30.0  # of I/sigma: one strong spot does not make a good crystal
MONSTER_MEDIANS = 30.0
"""A spot of more photons than so many typical ones of its frame is salt or a hot pixel, and counts as that many. Being
relative, it is the same for a little and for much of a crystal, so that photons stay proportional to the volume."""
REACH_PERCENTILE = 5.0  # of 1/d^2, from its end: one false spot in the corner is no resolution
_RINGS = np.array(ICE_RINGS_A)


@dataclass(frozen=True)
class FrameScore:
    """What the spots of one frame come to.

    Attributes:
        photons: In all spots, no spot more than `MONSTER_MEDIANS` typical ones; 0 with fewer than `SPOTS_MIN` spots.
        quality: Sum of I/sigma, each no more than `QUALITY_CAP`; 0 with fewer than `SPOTS_MIN` spots.
        n_spots: How many, ice rings and what lies outside the range left out.
        d_est_a: Spacing that nearly all spots reach; infinite with fewer than `SPOTS_MIN` spots.
    """

    photons: float
    quality: float
    n_spots: int
    d_est_a: float


@dataclass(frozen=True)
class GridView:
    """A scanned grid; all maps are (rows, columns), box (0, 0) top left, index = centre of a box.

    Attributes:
        grid: Where its boxes stand.
        score: Photons; proportional to the volume of crystal in the beam, which makes its centre of mass a position.
        n_spots: Spots.
        quality: Capped I/sigma, where the frames were scored here.
        d_est_a: Estimated resolution, likewise; infinite without diffraction.

    Raises:
        InvalidInput: If a map has another shape than the grid, or scores are negative or not finite.
    """

    grid: GridPlan
    score: Array
    n_spots: npt.NDArray[np.int64]
    quality: Array | None = None
    d_est_a: Array | None = None

    def __post_init__(self) -> None:
        shape = (self.grid.rows, self.grid.columns)
        for name in ("score", "n_spots", "quality", "d_est_a"):
            values = getattr(self, name)
            if values is not None and np.shape(values) != shape:
                raise InvalidInput(f"{name} is {np.shape(values)}, the grid has {shape} boxes; give one value per box")
        for name in ("score", "n_spots"):
            values = getattr(self, name)
            wrong = ~(np.isfinite(values) & (np.asarray(values) >= 0))
            if wrong.any():
                row, column = np.argwhere(wrong)[0]
                raise InvalidInput(
                    f"{name} of box ({row}, {column}) is {values[row, column]}, and {int(wrong.sum())} boxes in all "
                    "are like that; allowed are finite values from 0: look at the spot finder"
                )


def score_frame(frame: FrameSpots, d_min_a: float = 1.5, d_max_a: float = 40.0) -> FrameScore:
    """Score a frame; ice rings and what lies outside the range of spacings is left out.

    Raises:
        InvalidInput: If a spot has an intensity that is negative or not finite.
    """
    table = np.array([(spot.intensity, spot.sigma, spot.d_a) for spot in frame.spots]).reshape(-1, 3)
    intensity, sigma, d_a = table.T
    if not np.all(np.isfinite(intensity) & (intensity >= 0)):
        raise InvalidInput(
            f"image {frame.image} has a spot with an intensity of {intensity.min()} photons; "
            "allowed are finite values from 0: look at the spot finder"
        )
    on_ice = (np.abs(d_a[:, None] - _RINGS) < ICE_WIDTH_FRAC * _RINGS).any(axis=1)
    kept = (d_a >= d_min_a) & (d_a <= d_max_a) & ~on_ice
    number = int(kept.sum())
    if number < SPOTS_MIN:
        return FrameScore(0.0, 0.0, number, np.inf)
    photons = np.minimum(intensity[kept], MONSTER_MEDIANS * np.median(intensity[kept]))
    quality = np.minimum(photons / np.maximum(sigma[kept], 1.0), QUALITY_CAP)
    reach = np.percentile(1 / d_a[kept] ** 2, 100 - REACH_PERCENTILE)
    return FrameScore(float(photons.sum()), float(quality.sum()), number, float(1 / np.sqrt(reach)))


def score_frames(grid: GridPlan, frames: Iterable[FrameSpots]) -> GridView:
    """Put the frames of a grid scan in their boxes.

    Raises:
        ValueError: If a box has no frame, or there are frames without a box.
        InvalidInput: If a spot has an intensity that is negative or not finite.
    """
    shape = (grid.rows, grid.columns)
    score, quality, d_est_a = np.full(shape, np.nan), np.zeros(shape), np.full(shape, np.inf)
    n_spots = np.zeros(shape, dtype=np.int64)
    for frame in frames:
        if frame.image > grid.rows * grid.columns:
            raise ValueError(f"image {frame.image} lies outside a grid of {grid.rows * grid.columns} boxes")
        box, found = grid.box_of_image(frame.image), score_frame(frame)
        score[box], quality[box], n_spots[box], d_est_a[box] = (
            found.photons,
            found.quality,
            found.n_spots,
            found.d_est_a,
        )
    missing = int(np.isnan(score).sum())
    if missing:
        raise ValueError(f"{missing} of {score.size} boxes of the grid have no frame: the spot finder lost them")
    return GridView(grid, score, n_spots, quality, d_est_a)
