"""Numbers about masks. Points are (row, column), pixels of the prediction; index = pixel centre."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mxplans_sim.world.recent import Mask

Description = dict[str, Any]
Point = tuple[float, float]
NOWHERE: Point = (-1.0, -1.0)


def cleaned(mask: Mask, min_size_px: int) -> Mask:
    """A mask without objects smaller than `min_size_px`."""
    number, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = statistics[:, cv2.CC_STAT_AREA] >= min_size_px
    large[0] = False  # what is no object
    return np.asarray(large[labels]) if number > 1 else mask


def describe(mask: Mask) -> Description:
    """All that is said about a notion.

    `r`, `c` are the centroid, `h`, `w` the size of the box, `area` that of the convex hull. "Out" is where the columns
    are smaller: `epo`, `epi` are the outermost and innermost points, `epooa`, `epioa` those on the principal axis.
    `pa` is (inertia, eigenvalues, eigenvectors, centre), or nan without two dimensions.
    """
    if not mask.any():
        points = dict.fromkeys(("epo", "epi", "epooa", "epioa"), NOWHERE)
        numbers = {"present": 0, "r": -1.0, "c": -1.0, "h": 0, "w": 0, "area": 0}
        return {**numbers, **points, "pa": float("nan"), "notion_mask": mask.astype(np.uint8)}
    rows, columns = np.nonzero(mask)
    centre = np.array([rows.mean(), columns.mean()])
    axes = _principal(rows, columns, centre)
    return {
        "present": 1,
        "r": centre[0],
        "c": centre[1],
        "h": int(np.ptp(rows)) + 1,
        "w": int(np.ptp(columns)) + 1,
        "area": _convex_area_px(mask),
        "epo": _extreme(rows, columns, columns.min()),
        "epi": _extreme(rows, columns, columns.max()),
        **_on_axis(rows, columns, centre, axes),
        "pa": float("nan") if axes is None else (*axes, centre),
        "notion_mask": mask.astype(np.uint8),
    }


Axes = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _principal(rows: npt.NDArray[Any], columns: npt.NDArray[Any], centre: npt.NDArray[Any]) -> Axes | None:
    """Second moments, their eigenvalues in ascending order, and the axes as columns; None for a line or a point."""
    offsets = np.stack([rows, columns]) - centre[:, None]
    inertia = offsets @ offsets.T / offsets.shape[1]
    values, vectors = np.linalg.eigh(inertia)
    return (inertia, values, vectors) if values[0] > 1e-9 else None


def _convex_area_px(mask: Mask) -> int:
    points = cv2.findNonZero(mask.astype(np.uint8))
    hull = np.zeros(mask.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), (1,))
    return int(hull.sum())


def _extreme(rows: npt.NDArray[Any], columns: npt.NDArray[Any], column: int) -> Point:
    """Middle of a mask's first or last column."""
    return float(rows[columns == column].mean()), float(column)


def _on_axis(
    rows: npt.NDArray[Any], columns: npt.NDArray[Any], centre: npt.NDArray[Any], axes: Axes | None
) -> dict[str, Point]:
    """Ends of the mask along its longest axis through the centre; the centre when nothing of it lies there."""
    near = np.zeros(0, dtype=int)
    if axes is not None:
        across = axes[2][:, 0]
        near = np.nonzero(np.abs((rows - centre[0]) * across[0] + (columns - centre[1]) * across[1]) <= 0.75)[0]
    if not near.size:
        return dict.fromkeys(("epooa", "epioa"), (float(centre[0]), float(centre[1])))
    out, inner = near[np.argmin(columns[near])], near[np.argmax(columns[near])]
    return {
        "epooa": (float(rows[out]), float(columns[out])),
        "epioa": (float(rows[inner]), float(columns[inner])),
    }
