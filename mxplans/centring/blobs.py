"""Finding what diffracts in the map of a grid: blobs, told from each other, and the fit of compact ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mxplans.centring.background import background
from mxplans.centring.gaussians import Gaussian, fit_gaussians
from mxplans.centring.maxima import SHARP_BOXES, SOFT_BOXES, joined, kept_variance, maxima, without_valley

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Side = Literal["left", "right", "top", "bottom"]

FLOOR_SIGMAS = 2.5
FLOOR_FRAC = 0.05  # of the own maximum: what is darker belongs to no blob
ERROR_MIN_BOX = 1 / 60
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
        lean: Rows by which its middle moves for each column, by its second moments.
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
    lean: float = 0.0


def find_blobs(score: Array, fraction: float = 0.05) -> list[Blob]:
    """Blobs of a map (rows, columns), most photons first.

    Local maxima of the map, smoothed little to tell neighbours apart and more to see what is faint, five standard
    deviations high; each box of a connected region goes to the nearest maximum in it. The blobs of a region are fitted together; where Gaussians are no good, their centres of mass count.

    Args:
        score: Photons per box.
        fraction: Maxima below this fraction of the brightest one are left out.
    """
    level, spread = background(score)
    net = np.maximum(score - level, 0.0)
    if net.max() <= max(3 * spread, 0.0):
        return []
    noise = level + spread**2
    soft = ndimage.gaussian_filter(net, SOFT_BOXES, mode="constant")
    floor = FLOOR_SIGMAS * np.sqrt((noise + 1) * kept_variance(SOFT_BOXES))
    region, _ = ndimage.label(soft > max(0.02 * soft.max(), floor), np.ones((3, 3)))
    soft_peaks = maxima(net, SOFT_BOXES, noise, fraction, region)
    sharp_peaks = joined(maxima(net, SHARP_BOXES, noise, fraction, region), soft_peaks)
    blobs: list[Blob] = []
    for number in np.unique(region[sharp_peaks[:, 0], sharp_peaks[:, 1]]):
        soft_mine, sharp_mine = (each[region[each[:, 0], each[:, 1]] == number] for each in (soft_peaks, sharp_peaks))
        blobs += _of_region(score - level, region == number, sharp_mine, soft_mine, noise)
    return sorted(blobs, key=lambda blob: -blob.total)


def _of_region(net: Array, region: npt.NDArray[np.bool_], sharp: Index, soft: Index, noise: float) -> list[Blob]:
    """The blobs of one connected region, one for each of its maxima.

    What the sharp map alone tells apart is believed where the fit shows a valley too, which noise on a long crystal
    does not make.
    """
    peaks, trusted = sharp, len(sharp) <= max(len(soft), 1)
    while True:
        blobs = _parts(net, region, peaks)
        fitted = _fit(net, region, blobs, noise)
        if trusted or fitted is None:
            break
        weaker = without_valley(fitted)
        if weaker is None:
            break
        peaks = np.delete(peaks, weaker, axis=0)
        trusted = len(peaks) == 1
    if fitted is None:
        return blobs if trusted else _of_region(net, region, soft, soft, noise)
    return [_fitted(blob, gaussian, net.shape) for blob, gaussian in zip(blobs, fitted, strict=True)]


def _parts(net: Array, region: npt.NDArray[np.bool_], peaks: Index) -> list[Blob]:
    """Each box of a region goes to the nearest maximum."""
    rows, columns = np.nonzero(region)
    owner = ((rows[:, None] - peaks[:, 0]) ** 2 + (columns[:, None] - peaks[:, 1]) ** 2.0).argmin(axis=1)
    return [_moments(net, rows[owner == k], columns[owner == k]) for k in range(len(peaks))]


def _fit(net: Array, region: npt.NDArray[np.bool_], blobs: list[Blob], noise: float) -> list[Gaussian] | None:
    if min(net.shape) < 3:
        return None  # a Gaussian in two dimensions needs three rows
    around = np.nonzero(ndimage.binary_dilation(region, np.ones((3, 3))))
    seeds = np.array([(b.row, b.column, b.peak, max(b.row_sigma, 0.5), max(b.column_sigma, 0.5)) for b in blobs])
    return fit_gaussians(
        around[0].astype(float), around[1].astype(float), net[around], np.full(len(around[0]), noise), seeds
    )


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
        lean=float(gaussian.shape[0, 1] / gaussian.shape[1, 1]),
    )
