"""How much of each material a ray of light crosses, for every pixel: parallel rays along z, analytic bodies.

Bodies are given in the lab (image) frame, mm; a map has the value in mm and pixel (row, column) is centred there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Map = npt.NDArray[np.float32]
Box = tuple[slice, slice]


@dataclass(frozen=True)
class View:
    """Which part of the lab a picture shows: x = (column - x_px) mm_per_px, y = y_mm + (row - y_px) mm_per_px."""

    width: int
    height: int
    mm_per_px: float
    x_px: float
    y_px: float
    y_mm: float

    def pixels(self, points: Array) -> Array:
        """Columns and rows of lab points, (n, 2)."""
        return np.column_stack(
            [self.x_px + points[:, 0] / self.mm_per_px, self.y_px + (points[:, 1] - self.y_mm) / self.mm_per_px]
        )

    def box(self, points: Array, margin_mm: float) -> Box | None:
        """Rows and columns around points, None when nothing of it is in the picture."""
        pixels = self.pixels(points)
        margin = margin_mm / self.mm_per_px + 2
        left, top = np.floor(pixels.min(axis=0) - margin).astype(int)
        right, bottom = np.ceil(pixels.max(axis=0) + margin).astype(int) + 1
        rows = slice(max(top, 0), min(bottom, self.height))
        columns = slice(max(left, 0), min(right, self.width))
        return (rows, columns) if rows.start < rows.stop and columns.start < columns.stop else None

    def grid(self, box: Box) -> tuple[Map, Map]:
        """Lab x of the columns (1, n) and y of the rows (m, 1) of a box, mm."""
        rows, columns = box
        x = (np.arange(columns.start, columns.stop) - self.x_px) * self.mm_per_px
        y = self.y_mm + (np.arange(rows.start, rows.stop) - self.y_px) * self.mm_per_px
        return x[None, :].astype(np.float32), y[:, None].astype(np.float32)


def add_fibre(target: Map, view: View, points: Array, radius_mm: float) -> None:
    """Add a round fibre along a polyline: 2 sqrt(r^2 - d^2) at the distance d from its projection."""
    box = view.box(points, radius_mm)
    if box is None:
        return
    rows, columns = box
    line = np.full((rows.stop - rows.start, columns.stop - columns.start), 255, np.uint8)
    local = view.pixels(points) - [columns.start, rows.start]
    cv2.polylines(line, [np.round(local * 16).astype(np.int32)], False, (0,), 1, cv2.LINE_8, 4)
    # A line outside the box leaves an infinite distance; what is further than the radius is all alike.
    distance = np.minimum(cv2.distanceTransform(line, cv2.DIST_L2, 5), 2 * radius_mm / view.mm_per_px)
    distance *= np.float32(view.mm_per_px)
    target[box] += 2 * np.sqrt(np.maximum(np.float32(radius_mm**2) - distance * distance, 0))


def add_ellipsoid(target: Map, view: View, centre: Array, rotation: Array, half_axes_mm: Array) -> None:
    """Add an ellipsoid whose axes are the columns of `rotation`: a quadratic along each ray."""
    reach = np.sqrt((rotation**2) @ (half_axes_mm**2))
    box = view.box(np.array([centre - reach, centre + reach]), 0.0)
    if box is None:
        return
    form = (rotation / half_axes_mm**2) @ rotation.T
    x, y = view.grid(box)
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    a = form[2, 2]
    b = np.float32(form[0, 2]) * x + np.float32(form[1, 2]) * y
    c = np.float32(form[0, 0]) * x * x + np.float32(2 * form[0, 1]) * x * y + np.float32(form[1, 1]) * y * y - 1
    target[box] += np.float32(2 / a) * np.sqrt(np.maximum(b * b - np.float32(a) * c, 0))


def add_box(target: Map, view: View, centre: Array, rotation: Array, half_edges_mm: Array) -> None:
    """Add a box whose edges are the columns of `rotation`: the slab method."""
    reach = np.abs(rotation) @ half_edges_mm
    box = view.box(np.array([centre - reach, centre + reach]), 0.0)
    if box is None:
        return
    x, y = view.grid(box)
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    near = np.full(np.broadcast_shapes(x.shape, y.shape), -np.inf, np.float32)
    far = -near
    for normal, half in zip(rotation.T, half_edges_mm, strict=True):
        offset = np.float32(normal[0]) * x + np.float32(normal[1]) * y
        slope = np.float32(normal[2] if abs(normal[2]) > 1e-6 else 1e-6)
        one, other = (-np.float32(half) - offset) / slope, (np.float32(half) - offset) / slope
        near = np.maximum(near, np.minimum(one, other))
        far = np.minimum(far, np.maximum(one, other))
    target[box] += np.maximum(far - near, 0)


def fill_cylinder(target: Map, view: View, begin: Array, end: Array, radius_mm: float) -> None:
    """Mark an opaque cylinder between two points of its axis, which is nearly parallel to the picture, with 1."""
    along = (end - begin)[:2]
    across = radius_mm * np.array([-along[1], along[0]]) / np.hypot(*along)
    corners = np.array([begin[:2] + across, end[:2] + across, end[:2] - across, begin[:2] - across])
    pixels = np.round(view.pixels(corners) * 16).astype(np.int32)
    cv2.fillPoly(target, [pixels], (1.0,), cv2.LINE_8, 4)
