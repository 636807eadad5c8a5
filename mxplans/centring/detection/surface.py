"""The light behind a sample, where no image without one can be had: a smooth surface through what is bright."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.model.detection import Mask

FloatImage = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]

DEGREE = 4
ROUNDS = 8
COARSE = 16
"""Rows and columns of the image that become one of the fit."""
LOCAL = 8
"""The same where the light around an object is followed."""
LOCAL_SIGMA = 3.0
"""How far the light is followed into an object, in steps of LOCAL pixels."""
DARK = 2.0
"""Counts added before the logarithm."""
SETTLED_FRAC = 0.01
"""The fit has settled when so few weights change."""
OBJECT_WEIGHT = 0.05
"""Of what is darker or brighter than the surface by far."""


def fit_surface(image: FloatImage) -> FloatImage:
    """A polynomial in log intensity, fitted again and again with what is darker than it weighted down.

    Args:
        image: Grey (height, width); the sample covers less than half of it.

    Returns:
        The light without the sample, 1 count at least, (height, width).
    """
    height, width = image.shape
    small = cv2.resize(image, (max(width // COARSE, 8), max(height // COARSE, 8)), interpolation=cv2.INTER_AREA)
    design = _terms(small.shape[0], small.shape[1])
    logs = np.log(small.ravel().astype(np.float64) + DARK)
    weight = (small.ravel() > 0.15 * np.percentile(small, 90)).astype(float)
    fitted = logs
    for _ in range(ROUNDS):
        squared = (weight * weight)[:, None] * design
        # Terms that no pixel tells apart are held at zero by a ridge far below the weight of one pixel.
        normal = design.T @ squared + 1e-6 * np.eye(design.shape[1])
        fitted = design @ np.linalg.solve(normal, squared.T @ logs)
        residual = logs - fitted
        spread = 1.4826 * float(np.median(np.abs(residual[weight > 0]))) + 0.01
        again = np.where((residual < -2 * spread) | (residual > 3 * spread), OBJECT_WEIGHT, 1.0)
        if np.count_nonzero(again != weight) < SETTLED_FRAC * again.size:
            break
        weight = again
    surface = np.clip(np.exp(fitted.reshape(small.shape)) - DARK, 1.0, 255.0).astype(np.float32)
    return np.asarray(cv2.resize(surface, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def follow_light(logs: FloatImage, sample: Mask) -> FloatImage:
    """The smooth part of an image outside a sample, carried on into it: broad shadows that no polynomial follows.

    Args:
        logs: Log of the light over a first surface, (height, width).
        sample: Where the sample and its blur are, (height, width).

    Returns:
        What to take off the logs, (height, width).
    """
    height, width = logs.shape
    size = (max(width // LOCAL, 4), max(height // LOCAL, 4))
    outside = (~sample).astype(np.float32)
    weight = cv2.resize(outside, size, interpolation=cv2.INTER_AREA)
    value = cv2.resize(logs * outside, size, interpolation=cv2.INTER_AREA)
    # A little weight from far away, so that the middle of a large object has a value too.
    near, far = (cv2.GaussianBlur(weight, (0, 0), LOCAL_SIGMA * times) for times in (1, 5))
    sums = cv2.GaussianBlur(value, (0, 0), LOCAL_SIGMA) + 0.01 * cv2.GaussianBlur(value, (0, 0), 5 * LOCAL_SIGMA)
    smooth = sums / (near + 0.01 * far + 1e-6)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


@lru_cache(maxsize=16)
def _terms(rows: int, columns: int) -> Array:
    """All products of powers of column and row up to the degree, (rows * columns, terms)."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    terms = [x**i * y**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    return np.stack(terms, axis=-1).reshape(rows * columns, -1)
