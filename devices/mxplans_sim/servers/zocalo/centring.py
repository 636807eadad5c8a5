"""X-ray centring from one grid, or from two at a right angle, by the method of the real service.

Each voxel of two grids gets the product of the scores of the two boxes that see it; voxels above a fraction of the
largest belong to crystals, connected ones to the same. A voxel reaches from its index to index + 1, so that a centre of
mass is a mean index + 0.5, and a bounding box is half open. Axes of results: x along the rows, y down the first grid,
z down the second; a single grid is one layer in z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mxplans_sim.settings.analysis import ZocaloSettings
from mxplans_sim.world.seeding import rng_for

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Well:
    """Columns that belong to one sample of a pin with several.

    Attributes:
        begin: First edge, boxes from the grid's left edge.
        end: Last edge.
        sample_id: Its number in the LIMS.
    """

    begin: float
    end: float
    sample_id: int


@dataclass(frozen=True)
class Grid:
    """What is true of one grid.

    Attributes:
        scores: Spots per box, (rows, columns); columns along the omega axis, whatever the order of the scan.
        omega_deg: Where it was taken.
        wells: Of a pin with several samples.
    """

    scores: Scores
    omega_deg: float
    wells: tuple[Well, ...] = ()


def arranged(scores: Scores, rows: int, columns: int, snake: bool, upright: bool = False) -> Scores:
    """Scores of a scan's frames as boxes of a grid.

    >>> arranged(np.arange(6.0), rows=2, columns=3, snake=True)
    array([[0., 1., 2.],
           [5., 4., 3.]])

    Args:
        scores: One per frame, as they were taken; those that are missing at the end count as 0.
        rows: Of the grid.
        columns: Of the grid, along the omega axis.
        snake: Whether every second line of the scan ran backwards.
        upright: Whether the lines of the scan are the grid's columns.
    """
    lines, frames = (columns, rows) if upright else (rows, columns)
    full = np.zeros(lines * frames)
    full[: len(scores)] = scores[: len(full)]
    boxes = full.reshape(lines, frames)
    if snake:
        boxes[1::2] = boxes[1::2, ::-1].copy()
    return boxes.T if upright else boxes


class GridMismatchError(ValueError):
    """Grids that do not belong together."""


def centre(grids: Sequence[Grid], settings: ZocaloSettings, seed: int) -> list[dict[str, Any]]:
    """Crystals in one or two grids, the strongest voxel first; none when nothing diffracts.

    Raises:
        GridMismatchError: If there are more, or two that do not stand at a right angle or are not of the same width.
    """
    _check(grids)
    noisy = [_cut(_noisy(grid.scores, settings, seed), settings) for grid in grids]
    second = noisy[1] if len(noisy) == 2 else np.ones((1, noisy[0].shape[1]))
    voxels = noisy[0][None, :, :] * second[:, None, :]
    most = float(voxels.max(initial=0.0))
    if most <= 0:
        return []
    labels, number = ndimage.label(voxels >= settings.threshold_frac * most)
    jitter = rng_for(seed, "zocalo jitter", _digest(noisy))
    results = [_result(voxels, labels == label, grids[0].wells) for label in range(1, number + 1)]
    for result in results:
        shift = jitter.normal(0.0, settings.jitter_boxes, 3)
        result["centre_of_mass"] = [float(value) for value in np.array(result["centre_of_mass"]) + shift]
    return sorted(results, key=lambda result: -float(result["max_count"]))


def _check(grids: Sequence[Grid]) -> None:
    if len(grids) not in (1, 2):
        raise GridMismatchError(f"{len(grids)} grids; one or two can be centred")
    if len(grids) == 2:
        widths = [grid.scores.shape[1] for grid in grids]
        turn_deg = (grids[1].omega_deg - grids[0].omega_deg) % 180.0
        if widths[0] != widths[1] or abs(turn_deg - 90.0) > 1.0:
            raise GridMismatchError(
                f"grids of {widths[0]} and {widths[1]} columns at omega {grids[0].omega_deg:g} and "
                f"{grids[1].omega_deg:g} deg; they must be equally wide and 90 deg apart"
            )


def _noisy(scores: Scores, settings: ZocaloSettings, seed: int) -> Scores:
    rng = rng_for(seed, "zocalo scores", _digest([scores]))
    return scores * (1 + settings.score_noise_frac * rng.standard_normal(scores.shape))


def _cut(scores: Scores, settings: ZocaloSettings) -> Scores:
    return np.asarray(np.where(scores < max(settings.threshold_count, 0.0), 0.0, scores))


def _digest(grids: Sequence[Scores]) -> str:
    return "|".join(f"{grid.shape}{grid.tobytes().hex()}" for grid in grids)


def _result(voxels: Scores, own: npt.NDArray[np.bool_], wells: Sequence[Well]) -> dict[str, Any]:
    """Numbers of one crystal; arrays are [z, y, x], results x, y, z."""
    where = np.argwhere(own)
    counts = voxels[own]
    middle = (counts @ where) / counts.sum() + 0.5
    return {
        "centre_of_mass": [float(value) for value in middle[::-1]],
        "max_voxel": [int(value) for value in where[counts.argmax()][::-1]],
        "max_count": round(float(counts.max())),
        "n_voxels": len(where),
        "total_count": round(float(counts.sum())),
        "bounding_box": [
            [int(value) for value in where.min(axis=0)[::-1]],
            [int(value) + 1 for value in where.max(axis=0)[::-1]],
        ],
        "sample_id": next((well.sample_id for well in wells if well.begin <= middle[2] < well.end), None),
    }
