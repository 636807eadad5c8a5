"""Finding what diffracts in the map of a grid: significance, blobs, and the fit of a compact one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Array = npt.NDArray[np.float64]

SMOOTH_BOXES = 0.7
VALLEY_FRACTION = 0.1  # of the lower of two maxima


@dataclass(frozen=True)
class Blob:
    """One bright region of a grid, in boxes (index = centre of a box).

    Attributes:
        row: Centre of mass.
        column: Centre of mass.
        total: Sum over its boxes, background off.
        peak: Largest box, background off.
        row_sigma: Second moment, as a standard deviation.
        column_sigma: As above.
        row_error: Standard error of `row`.
        column_error: As above.
    """

    row: float
    column: float
    total: float
    peak: float
    row_sigma: float
    column_sigma: float
    row_error: float
    column_error: float


def background(score: Array) -> tuple[float, float]:
    """Level and spread of the outermost boxes: median, and 1.4826 times the median absolute deviation.

    A grid of one or two rows or columns, or of less than 16 boxes, is nearly all edge and would be its own background:
    then both are 0.
    """
    if min(score.shape) < 3 or score.size < 16:
        return 0.0, 0.0
    edge = np.concatenate([score[0], score[-1], score[1:-1, 0], score[1:-1, -1]])
    level = float(np.median(edge))
    return level, float(1.4826 * np.median(np.abs(edge - level)))


def significance(score: Array) -> float:
    """How far the brightest box stands above the background, in standard deviations.

    (s - b) / sqrt(max(s, 1) + spread^2): counting noise of the box itself and the spread of the background. With
    the brightest box's own noise in the divisor, a background of zero does not make one photon significant.
    """
    level, spread = background(score)
    peak = float(score.max())
    return (peak - level) / float(np.sqrt(max(peak, 1.0) + spread**2))


def find_blobs(score: Array, fraction: float = 0.15) -> list[Blob]:
    """Blobs of a map (rows, columns), brightest first.

    Local maxima of the smoothed map; each box of a connected region goes to the nearest maximum in it.

    Args:
        score: Photons per box.
        fraction: Maxima and boxes below this fraction of the brightest one are left out.
    """
    level, spread = background(score)
    net = np.maximum(score - level, 0.0)
    if net.max() <= max(3 * spread, 0.0):
        return []
    smooth = ndimage.gaussian_filter(net, SMOOTH_BOXES, mode="constant")
    region, _ = ndimage.label(smooth > max(0.08 * smooth.max(), spread), np.ones((3, 3)))
    is_peak = (smooth == ndimage.maximum_filter(smooth, 3)) & (smooth > fraction * smooth.max()) & (region > 0)
    peaks = _distinct(np.argwhere(is_peak), smooth)
    rows, columns = np.nonzero(region)
    distance = (rows[:, None] - peaks[:, 0]) ** 2 + (columns[:, None] - peaks[:, 1]) ** 2.0
    same = region[rows, columns][:, None] == region[peaks[:, 0], peaks[:, 1]][None]
    owner = np.where(same, distance, np.inf).argmin(axis=1)
    blobs = [_blob(net, rows[owner == index], columns[owner == index]) for index in range(len(peaks))]
    return sorted((blob for blob in blobs if blob.total > 0), key=lambda blob: -blob.total)


def _distinct(peaks: npt.NDArray[np.int64], smooth: Array) -> npt.NDArray[np.int64]:
    """Leave out each maximum without a valley between it and a brighter one: noise on the back of a long crystal.

    A valley counts when it is deeper than three standard deviations of the counts there, and than a part of the peak.
    """
    order = np.argsort(-smooth[peaks[:, 0], peaks[:, 1]], kind="stable")
    kept: list[npt.NDArray[np.int64]] = []
    for peak in peaks[order]:
        height = float(smooth[tuple(peak)])
        # The variance of counts after the smoothing is 1 / (4 pi 0.7^2) of theirs.
        depth = max(3 * np.sqrt(height / (4 * np.pi * SMOOTH_BOXES**2)), VALLEY_FRACTION * height)
        plateau, _ = ndimage.label(smooth >= height - depth, np.ones((3, 3)))
        if all(plateau[tuple(peak)] != plateau[tuple(other)] for other in kept):
            kept.append(peak)
    return np.array(kept, dtype=np.int64).reshape(-1, 2)


def _blob(net: Array, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> Blob:
    weight = net[rows, columns]
    total = float(weight.sum())
    if total <= 0:
        return Blob(0, 0, 0, 0, 0, 0, 0, 0)
    row, column = float((rows * weight).sum() / total), float((columns * weight).sum() / total)
    row_sigma = float(np.sqrt(((rows - row) ** 2 * weight).sum() / total))
    column_sigma = float(np.sqrt(((columns - column) ** 2 * weight).sum() / total))
    # Counting statistics of the weights, and never better than a thirtieth of a box.
    error = 1 / float(np.sqrt(total))
    return Blob(
        row=row,
        column=column,
        total=total,
        peak=float(weight.max()),
        row_sigma=row_sigma,
        column_sigma=column_sigma,
        row_error=max(row_sigma * error, 1 / 30),
        column_error=max(column_sigma * error, 1 / 30),
    )
