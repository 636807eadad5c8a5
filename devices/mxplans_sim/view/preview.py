"""Diffraction frames as pictures for the eye."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.unsignedinteger[Any]]
Image = npt.NDArray[np.uint8]

CEILING_COUNTS = 1000.0
"""Counts that are black; fixed, so that the pictures of a series can be compared."""


def preview(counts: Counts, edge_px: int | None = None) -> Image:
    """Gray values of a frame: white for no counts, the darker the more, on a logarithmic scale.

    Args:
        counts: A frame (rows, columns); the largest number of its type is a bad pixel or a gap.
        edge_px: Longest edge of the picture; None keeps all pixels. A pixel shows the highest count that it covers.

    >>> preview(np.array([[0, 9, 1000, 65535]], dtype=np.uint16)).tolist()
    [[255, 170, 0, 204]]
    """
    gap = counts == np.iinfo(counts.dtype).max
    shown = np.where(gap, 0, counts).astype(np.float32)
    if edge_px is not None and max(shown.shape) > edge_px:
        block = -(-max(shown.shape) // edge_px)
        shown, gap = _highest(shown, block), _highest(gap.astype(np.float32), block) > 0
    scaled = np.log1p(np.minimum(shown, CEILING_COUNTS)) / np.log1p(np.float32(CEILING_COUNTS))
    gray = np.rint(255 * (1 - scaled)).astype(np.uint8)
    gray[gap & (shown == 0)] = 204
    return np.asarray(gray)


def _highest(values: npt.NDArray[np.float32], block: int) -> npt.NDArray[np.float32]:
    """The highest of each square block; those at the far edges may be smaller."""
    rows, columns = (-(-size // block) for size in values.shape)
    padded = np.zeros((rows * block, columns * block), np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    return np.asarray(padded.reshape(rows, block, columns, block).max(axis=(1, 3)))


def png(image: Image) -> bytes:
    """A picture as a PNG file."""
    return bytes(cv2.imencode(".png", image)[1])
