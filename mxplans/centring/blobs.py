"""Finding what diffracts in the map of a grid: blobs, told from each other, and the fit of compact ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mxplans.centring.background import background
from mxplans.centring.gaussians import Gaussian, fit_gaussians

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Side = Literal["left", "right", "top", "bottom"]

SMOOTH_BOXES = 0.7
SMOOTHED_VARIANCE = 1 / (4 * np.pi * SMOOTH_BOXES**2)  # of counts after the smoothing, as a part of theirs
SEED_SIGMAS = 5.0
FLOOR_SIGMAS = 2.5
FLOOR_FRAC = 0.05  # of the own maximum: what is darker belongs to no blob
VALLEY_FRACTION = 0.1  # of the lower of two maxima
VALLEY_SIGMAS = 3.0
ERROR_MIN_BOX = 1 / 30
OF_SIZE_FRAC = (
    0.08  # of the standard deviation: how well a centre of mass finds the middle of a body cut off at a floor
)
EVEN_BOX = 12**-0.5  # standard deviation of a place of which only the box is known
EDGE_FRAC = 0.3  # of the largest box: so bright on the edge of a grid, a blob reaches beyond


@dataclass(frozen=True)
class Blob:
    """One bright region of a grid, in boxes (index = centre of a box).

    Attributes:
        row: Centre of the fitted Gaussian, or centre of mass.
        column: As above.
        total: Photons, background off.
        peak: Largest box, background off.
        row_sigma: Second moment, as a standard deviation.
        column_sigma: As above.
        row_error: Standard error of `row`.
        column_error: As above.
        sides: Edges of the grid over which it reaches.
        fitted: Whether it is a fit, for compact blobs alone.
    """

    row: float
    column: float
    total: float
    peak: float
    row_sigma: float
    column_sigma: float
    row_error: float
    column_error: float
    sides: tuple[Side, ...] = ()
    fitted: bool = False


def find_blobs(score: Array, fraction: float = 0.05) -> list[Blob]:
    """Blobs of a map (rows, columns), most photons first.

    Local maxima of the smoothed map, five standard deviations high; each box of a connected region goes to the nearest
    maximum in it. The blobs of a region are fitted together; where Gaussians are no good, their centres of mass count.

    Args:
        score: Photons per box.
        fraction: Maxima below this fraction of the brightest one are left out.
    """
    level, spread = background(score)
    net = np.maximum(score - level, 0.0)
    if net.max() <= max(3 * spread, 0.0):
        return []
    smooth = ndimage.gaussian_filter(net, SMOOTH_BOXES, mode="constant")
    floor = FLOOR_SIGMAS * np.sqrt((level + spread**2 + 1) * SMOOTHED_VARIANCE)
    region, _ = ndimage.label(smooth > max(0.02 * smooth.max(), floor), np.ones((3, 3)))
    height = np.maximum(
        fraction * smooth.max(), SEED_SIGMAS * np.sqrt((smooth + level + spread**2) * SMOOTHED_VARIANCE)
    )
    is_peak = (smooth == ndimage.maximum_filter(smooth, 3)) & (smooth > height) & (region > 0)
    peaks = _distinct(np.argwhere(is_peak), smooth)
    blobs: list[Blob] = []
    for number in np.unique(region[peaks[:, 0], peaks[:, 1]]):
        mine = peaks[region[peaks[:, 0], peaks[:, 1]] == number]
        blobs += _of_region(score - level, region == number, mine, level + spread**2)
    return sorted(blobs, key=lambda blob: -blob.total)


def _distinct(peaks: Index, smooth: Array) -> Index:
    """Leave out each maximum without a valley between it and a brighter one: noise on the back of a long crystal.

    A valley counts when it is deeper than three standard deviations of the counts there, and than a part of the peak.
    """
    order = np.argsort(-smooth[peaks[:, 0], peaks[:, 1]], kind="stable")
    kept: list[Index] = []
    for peak in peaks[order]:
        height = float(smooth[tuple(peak)])
        depth = max(VALLEY_SIGMAS * np.sqrt(height * SMOOTHED_VARIANCE), VALLEY_FRACTION * height)
        plateau, _ = ndimage.label(smooth >= height - depth, np.ones((3, 3)))
        if all(plateau[tuple(peak)] != plateau[tuple(other)] for other in kept):
            kept.append(peak)
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _of_region(net: Array, region: npt.NDArray[np.bool_], peaks: Index, noise: float) -> list[Blob]:
    """The blobs of one connected region, one for each of its maxima."""
    rows, columns = np.nonzero(region)
    owner = ((rows[:, None] - peaks[:, 0]) ** 2 + (columns[:, None] - peaks[:, 1]) ** 2.0).argmin(axis=1)
    parts = [(rows[owner == k], columns[owner == k]) for k in range(len(peaks))]
    blobs = [_moments(net, *part) for part in parts]
    if min(net.shape) < 3:
        return blobs  # a Gaussian in two dimensions needs three rows
    around = np.nonzero(ndimage.binary_dilation(region, np.ones((3, 3))))
    seeds = np.array([(b.row, b.column, b.peak, max(b.row_sigma, 0.5), max(b.column_sigma, 0.5)) for b in blobs])
    fitted = fit_gaussians(
        around[0].astype(float), around[1].astype(float), net[around], np.full(len(around[0]), noise), seeds
    )
    if fitted is None:
        return blobs
    return [_fitted(blob, gaussian, net.shape) for blob, gaussian in zip(blobs, fitted, strict=True)]


def _moments(net: Array, rows: Index, columns: Index) -> Blob:
    """Centre of mass and second moments of some boxes."""
    peak = float(net[rows, columns].max())
    bright = net[rows, columns] > FLOOR_FRAC * peak
    rows, columns = rows[bright], columns[bright]
    weight = net[rows, columns]
    total = float(weight.sum())
    row, column = float((rows * weight).sum() / total), float((columns * weight).sum() / total)
    row_sigma = float(np.sqrt(((rows - row) ** 2 * weight).sum() / total))
    column_sigma = float(np.sqrt(((columns - column) ** 2 * weight).sum() / total))
    highest, lowest = rows[weight > EDGE_FRAC * peak], columns[weight > EDGE_FRAC * peak]
    sides = _sides(highest, lowest, net.shape)
    brightest = int(weight.argmax())
    return Blob(
        row=row,
        column=column,
        total=total,
        peak=peak,
        row_sigma=row_sigma,
        column_sigma=column_sigma,
        row_error=_error(row_sigma, total, net.shape[0], rows[brightest]),
        column_error=_error(column_sigma, total, net.shape[1], columns[brightest]),
        sides=sides,
    )


def _sides(rows: Index, columns: Index, shape: tuple[int, ...]) -> tuple[Side, ...]:
    """Edges on which bright boxes stand; across a line nothing is said, it is laid over the middle of a crystal."""
    reached: list[tuple[Side, bool]] = []
    if shape[1] >= 3:
        reached += [("left", bool((columns == 0).any())), ("right", bool((columns == shape[1] - 1).any()))]
    if shape[0] >= 3:
        reached += [("top", bool((rows == 0).any())), ("bottom", bool((rows == shape[0] - 1).any()))]
    return tuple(side for side, is_reached in reached if is_reached)


def _error(sigma: float, total: float, boxes: int, brightest: int) -> float:
    """Standard error of a centre of mass: counts, and what the floor cuts off.

    Where a blob is brightest on the edge of its grid, or the grid is one box wide, more than the box is not known.
    """
    error = max(float(np.hypot(sigma / np.sqrt(total), OF_SIZE_FRAC * sigma)), ERROR_MIN_BOX)
    return max(error, EVEN_BOX) if brightest in (0, boxes - 1) else error


def _fitted(blob: Blob, gaussian: Gaussian, shape: tuple[int, ...]) -> Blob:
    """The same blob by its Gaussian."""
    row_sigma, column_sigma = np.sqrt(np.diag(gaussian.shape))
    on_edge = [not 0.5 <= gaussian.row <= shape[0] - 1.5, not 0.5 <= gaussian.column <= shape[1] - 1.5]
    errors = [
        max(error, EVEN_BOX if edge else ERROR_MIN_BOX) for error, edge in zip(gaussian.errors, on_edge, strict=True)
    ]
    return Blob(
        row=gaussian.row,
        column=gaussian.column,
        total=gaussian.total,
        peak=blob.peak,
        row_sigma=float(row_sigma),
        column_sigma=float(column_sigma),
        row_error=errors[0],
        column_error=errors[1],
        sides=blob.sides,
        fitted=True,
    )
