"""Maxima of a map that stand for one crystal each: high enough, and told from each other by valleys."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from mxplans.centring.gaussians import Gaussian

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

SOFT_BOXES, SHARP_BOXES = 0.7, 0.3
"""Smoothing, as standard deviations: the soft one sees what is faint, the sharp one tells neighbours apart."""
SOFT_APART_BOX = 2.0  # a soft maximum nearer to a sharp one is the same
SEED_SIGMAS = 5.0
VALLEY_FRACTION = 0.3  # of the lower of two maxima; less is an uneven back of one crystal
VALLEY_SIGMAS = 3.0
BETWEEN = np.linspace(0.0, 1.0, 21)


def kept_variance(smooth_boxes: float) -> float:
    """Variance of independent counts after smoothing, as a part of theirs."""
    reach = np.arange(-8, 9)
    kernel = np.exp(-0.5 * (reach / smooth_boxes) ** 2)
    return float((kernel**2).sum() / kernel.sum() ** 2) ** 2


def maxima(net: Array, smooth_boxes: float, noise: float, fraction: float, region: Index) -> Index:
    """Maxima of a smoothed map (n, 2), five standard deviations high, the highest first.

    Args:
        net: Photons less background, not negative.
        smooth_boxes: Standard deviation of the smoothing.
        noise: Variance of the background.
        fraction: Maxima below this fraction of the brightest one are left out.
        region: Connected regions; outside of them (0) there is no maximum.
    """
    smooth = ndimage.gaussian_filter(net, smooth_boxes, mode="constant")
    kept = kept_variance(smooth_boxes)
    height = np.maximum(fraction * smooth.max(), SEED_SIGMAS * np.sqrt((smooth + noise) * kept))
    is_peak = (smooth == ndimage.maximum_filter(smooth, 3)) & (smooth > height) & (region > 0)
    return _distinct(np.argwhere(is_peak), smooth, kept)


def joined(sharp: Index, soft: Index) -> Index:
    """The sharp maxima, and those soft ones that have none near them."""
    near = np.linalg.norm(soft[:, None] - sharp, axis=2).min(axis=1, initial=np.inf) <= SOFT_APART_BOX
    return np.vstack([sharp, soft[~near]])


def without_valley(found: Sequence[Gaussian]) -> int | None:
    """The lower one of two Gaussians of a fit between which their sum has no valley; None if all are told apart."""
    for i, j in itertools.combinations(range(len(found)), 2):
        rows, columns = (
            start + BETWEEN * (end - start)
            for start, end in ((found[i].row, found[j].row), (found[i].column, found[j].column))
        )
        light = np.sum([one.at(rows, columns) for one in found], axis=0)
        lower = min(light[0], light[-1])
        if light.min() > (1 - VALLEY_FRACTION) * lower:
            return i if light[0] < light[-1] else j
    return None


def _distinct(peaks: Index, smooth: Array, kept: float) -> Index:
    """Leave out each maximum without a valley between it and a brighter one: noise on the back of a long crystal.

    A valley counts when it is deeper than three standard deviations of the counts there, and than a part of the peak.
    """
    order = np.argsort(-smooth[peaks[:, 0], peaks[:, 1]], kind="stable")
    chosen: list[Index] = []
    for peak in peaks[order]:
        height = float(smooth[tuple(peak)])
        depth = max(VALLEY_SIGMAS * np.sqrt(height * kept), VALLEY_FRACTION * height)
        plateau, _ = ndimage.label(smooth >= height - depth, np.ones((3, 3)))
        if all(plateau[tuple(peak)] != plateau[tuple(other)] for other in chosen):
            chosen.append(peak)
    return np.array(chosen, dtype=np.int64).reshape(-1, 2)
