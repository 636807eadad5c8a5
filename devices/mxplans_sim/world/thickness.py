"""How much of a body a ray of light crosses, for every pixel: parallel rays along z, analytic bodies.

Bodies are given in the lab (image) frame, mm; a map has the value in mm and pixel (row, column) is centred there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from mxplans_sim.world.polyhedron import Polyhedron

Array = npt.NDArray[np.float64]
Map = npt.NDArray[np.float32]
Box = tuple[slice, slice]

_EDGE_ON = 1e-9


class Patch(NamedTuple):
    """A map of some rows and columns of the picture, 0 or nothing elsewhere."""

    box: Box
    map: Map


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

    def local(self, points: Array, box: Box) -> npt.NDArray[np.int32]:
        """Pixels of lab points within a box, in sixteenths, as drawing wants them."""
        rows, columns = box
        pixels = np.clip((self.pixels(points) - [columns.start, rows.start]) * 16, -1e6, 1e6)
        return np.round(pixels).astype(np.int32)


def size_px(box: Box) -> tuple[int, int]:
    """Rows and columns of a box."""
    return box[0].stop - box[0].start, box[1].stop - box[1].start


def fibre(view: View, points: Array, radius_mm: float) -> Patch | None:
    """A round fibre along a polyline: 2 sqrt(r^2 - d^2) at the distance d from its projection."""
    box = view.box(points, radius_mm)
    if box is None:
        return None
    line = np.full(size_px(box), 255, np.uint8)
    cv2.polylines(line, [view.local(points, box)], False, (0,), 1, cv2.LINE_8, 4)
    if line.all():
        return None
    # A line outside the box leaves an infinite distance; what is further than the radius is all alike.
    distance = np.minimum(cv2.distanceTransform(line, cv2.DIST_L2, 5), 2 * radius_mm / view.mm_per_px)
    distance *= np.float32(view.mm_per_px)
    inside = np.asarray(np.float32(radius_mm**2) - distance * distance, dtype=np.float32)
    np.maximum(inside, 0, out=inside)
    cv2.sqrt(inside, inside)
    inside *= 2
    return Patch(box, inside)


def ellipsoid(view: View, centre: Array, rotation: Array, half_axes_mm: Array) -> Patch | None:
    """An ellipsoid whose axes are the columns of `rotation`: a quadratic along each ray."""
    reach = np.sqrt((rotation**2) @ (half_axes_mm**2))
    box = view.box(np.array([centre - reach, centre + reach]), 0.0)
    if box is None:
        return None
    form = (rotation / half_axes_mm**2) @ rotation.T
    x, y = view.grid(box)
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    depth = form[2, 2]
    # Discriminant of the ray's quadratic, as a polynomial of the picture's x and y.
    minors = form[2, :2, None] * form[2, None, :2] - depth * form[:2, :2]
    inside = y * (np.float32(2 * minors[0, 1]) * x)
    inside += np.float32(minors[0, 0]) * x * x + np.float32(depth)
    inside += np.float32(minors[1, 1]) * y * y
    np.maximum(inside, 0, out=inside)
    cv2.sqrt(inside, inside)
    inside *= np.float32(2 / depth)
    return Patch(box, inside)


def polyhedron(view: View, body: Polyhedron) -> Patch | None:
    """A convex body: each face cuts off a part of the ray (the slab method)."""
    corners = body.corners_mm()
    box = view.box(corners, 0.0)
    if box is None:
        return None
    # Far from the origin single precision would lose the thickness of a small body.
    centre = corners.mean(axis=0)
    heights = body.heights_mm - body.normals @ centre
    x, y = view.grid(box)
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    near = np.full(size_px(box), -np.inf, np.float32)
    far = -near
    for normal, height in zip(body.normals, heights, strict=True):
        room = np.float32(height) - np.float32(normal[0]) * x - np.float32(normal[1]) * y
        if normal[2] > _EDGE_ON:
            np.minimum(far, room / np.float32(normal[2]), out=far)
        elif normal[2] < -_EDGE_ON:
            np.maximum(near, room / np.float32(normal[2]), out=near)
        else:
            far[room < 0] = -np.inf
    return Patch(box, np.maximum(far - near, 0))


def cylinder(view: View, begin: Array, end: Array, radius_mm: float) -> Patch | None:
    """An opaque cylinder between two points of its axis, seen from any side: 1 in its middle, less towards its edges."""
    along = (end - begin) / np.linalg.norm(end - begin)
    across = np.linalg.svd(along[None])[2][1:] * radius_mm
    angle = np.linspace(0, 2 * np.pi, 49)[:, None]
    circle = np.cos(angle) * across[0] + np.sin(angle) * across[1]
    outline = np.concatenate([begin + circle, end + circle])
    box = view.box(outline, 0.0)
    if box is None:
        return None
    covered = np.zeros(size_px(box), np.uint8)
    cv2.fillConvexPoly(covered, cv2.convexHull(view.local(outline, box)), (1,), cv2.LINE_8, 4)
    x, y = view.grid(box)
    sideways = np.hypot(along[0], along[1])
    if sideways < _EDGE_ON:
        return Patch(box, covered.astype(np.float32))
    distance = (
        np.float32(along[0]) * (y - np.float32(begin[1])) - np.float32(along[1]) * (x - np.float32(begin[0]))
    ) / (np.float32(radius_mm * sideways))
    height = np.sqrt(np.maximum(1 - distance * distance, np.float32(0.01)))
    return Patch(box, np.asarray(covered * height, dtype=np.float32))


def filled(view: View, outline: Array) -> Patch | None:
    """The inside of a closed line, 1 there."""
    box = view.box(outline, 0.0)
    if box is None:
        return None
    inside = np.zeros(size_px(box), np.uint8)
    cv2.fillPoly(inside, [view.local(outline, box)], (1,), cv2.LINE_8, 4)
    return Patch(box, inside.astype(np.float32))
