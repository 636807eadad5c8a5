"""From spots per frame to a map of how strongly each box of a grid diffracts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mxplans.geometry import GridPlan
from mxplans.model.acquisition import FrameSpots

Array = npt.NDArray[np.float64]

# Hexagonal ice, A; spots within the relative width of one of these rings say nothing about the crystal.
ICE_RINGS_A = (3.897, 3.669, 3.441, 2.671, 2.249, 2.072, 1.948, 1.918, 1.883, 1.721)
ICE_WIDTH_FRAC = 0.006
SPOTS_MIN = 3  # a crystal in the beam shows several; one or two are what noise looks like to a spot finder


@dataclass(frozen=True)
class GridView:
    """A scanned grid: `score` (rows, columns) in photons and `n_spots` of the same shape."""

    grid: GridPlan
    score: Array
    n_spots: npt.NDArray[np.int64]


def score_frame(frame: FrameSpots, d_min_a: float = 1.5, d_max_a: float = 40.0) -> tuple[float, int]:
    """Photons in the spots of a frame, and how many spots; ice rings and what lies outside the range left out.

    The sum is proportional to the volume of crystal in the beam, which is what makes its centre of mass a position.
    A frame with fewer than `SPOTS_MIN` spots scores 0.
    """
    kept = [
        spot.intensity
        for spot in frame.spots
        if d_min_a <= spot.d_a <= d_max_a
        and not any(abs(spot.d_a - ring_a) < ICE_WIDTH_FRAC * ring_a for ring_a in ICE_RINGS_A)
    ]
    return float(sum(kept)) if len(kept) >= SPOTS_MIN else 0.0, len(kept)


def score_frames(grid: GridPlan, frames: Iterable[FrameSpots]) -> GridView:
    """Put the frames of a grid scan in their boxes.

    Raises:
        ValueError: If a box has no frame, or there are frames without a box.
    """
    score = np.full((grid.rows, grid.columns), np.nan)
    n_spots = np.zeros((grid.rows, grid.columns), dtype=np.int64)
    for frame in frames:
        if frame.image > grid.rows * grid.columns:
            raise ValueError(f"image {frame.image} lies outside a grid of {grid.rows * grid.columns} boxes")
        score[grid.box_of_image(frame.image)], n_spots[grid.box_of_image(frame.image)] = score_frame(frame)
    missing = int(np.isnan(score).sum())
    if missing:
        raise ValueError(f"{missing} of {score.size} boxes of the grid have no frame: the spot finder lost them")
    return GridView(grid, score, n_spots)
