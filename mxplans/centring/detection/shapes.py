"""Masks: gaps closed, holes filled, pieces chosen. All distances are in pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


def grow(seen: Bytes, radius_px: float) -> Bytes:
    """Everything within a distance of what is seen."""
    if not seen.any():
        return seen
    return np.asarray(_distance(_inverse(seen)) <= radius_px, dtype=np.uint8)


def shrink(seen: Bytes, radius_px: float) -> Bytes:
    """Everything farther than a distance from what is not seen; the image's border counts as neither."""
    return seen if seen.all() else np.asarray(_distance(seen) > radius_px, dtype=np.uint8)


def close(seen: Bytes, radius_px: float) -> Bytes:
    """Bridge gaps up to twice the radius. The image is padded by itself, so that an object at its border is not eaten."""
    if not seen.any():
        return seen
    margin = int(radius_px) + 2
    padded = np.asarray(cv2.copyMakeBorder(seen, margin, margin, margin, margin, cv2.BORDER_REPLICATE), dtype=np.uint8)
    grown = (_distance(_inverse(padded)) <= radius_px).astype(np.uint8)
    # What lies outside the padding counts as grown, else the erosion would come in from there.
    closed = grown if grown.all() else (_distance(grown) > radius_px).astype(np.uint8)
    return np.asarray(closed[margin:-margin, margin:-margin] | seen, dtype=np.uint8)


def fill(seen: Bytes) -> Bytes:
    """Fill all holes."""
    contours, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = seen.copy()
    cv2.drawContours(filled, contours, -1, (1,), cv2.FILLED)
    return np.asarray(filled, dtype=np.uint8)


def opened(seen: Bytes) -> Bytes:
    """Take off threads and specks of one or two pixels."""
    return np.asarray(cv2.morphologyEx(seen, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def box_around(seen: Bytes, margin_px: int) -> tuple[slice, slice] | None:
    """Rows and columns of what is seen, with a margin as far as the image goes; None when nothing is."""
    if not seen.any():
        return None
    left, top, width, height = cv2.boundingRect(seen)
    return (
        slice(max(top - margin_px, 0), min(top + height + margin_px, seen.shape[0])),
        slice(max(left - margin_px, 0), min(left + width + margin_px, seen.shape[1])),
    )


def pieces(seen: Bytes) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Connected pieces: their labels (height, width), 0 outside; left, top, width, height, area of each (n, 5)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(seen, connectivity=8)
    return np.asarray(labels, dtype=np.int32), np.asarray(stats, dtype=np.int32)


def _inverse(seen: Bytes) -> Bytes:
    return np.asarray(seen == 0, dtype=np.uint8)


def _distance(seen: Bytes) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.distanceTransform(seen, cv2.DIST_L2, 3), dtype=np.float32)
