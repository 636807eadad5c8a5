"""What a grid shows where no crystal is, and how far its brightest box stands above that."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FRAME_BOXES_MIN = 16
LINE_BOXES_MIN = 6
MAD_SIGMAS = 1.4826  # of the median absolute deviation, for normal noise


def background(score: Array) -> tuple[float, float]:
    """Level and spread of the outermost boxes: median, and 1.4826 times the median absolute deviation.

    Of a grid with one or two rows or columns these are its ends, an eighth of its length each, two boxes at least; the
    lower end counts, since a crystal may reach over the other. A grid of less than 6 boxes, or a block of less than 16,
    is nearly all edge and would be its own background: then both are 0, which is what spots of an empty frame come to.

    >>> background(np.array([[1.0, 3.0, 90.0, 80.0, 3.0, 1.0]]))
    (2.0, 1.4826)
    """
    if min(score.shape) >= 3 and score.size >= FRAME_BOXES_MIN:
        edge = np.concatenate([score[0], score[-1], score[1:-1, 0], score[1:-1, -1]])
    elif min(score.shape) < 3 and max(score.shape) >= LINE_BOXES_MIN:
        along = score if score.shape[1] >= score.shape[0] else score.T
        reach = max(2, along.shape[1] // 8)
        edge = min(along[:, :reach].ravel(), along[:, -reach:].ravel(), key=np.median)
    else:
        return 0.0, 0.0
    level = float(np.median(edge))
    return level, float(MAD_SIGMAS * np.median(np.abs(edge - level)))


def significance(score: Array) -> float:
    """How far the brightest box stands above the background, in standard deviations.

    (s - b) / sqrt(max(s, 1) + spread^2): counting noise of the box itself and the spread of the background. With
    the brightest box's own noise in the divisor, a background of zero does not make one photon significant.
    """
    level, spread = background(score)
    peak = float(score.max())
    return (peak - level) / float(np.sqrt(max(peak, 1.0) + spread**2))
