"""Convex bodies as intersections of half spaces n.x <= h: corners, volume, what is inside, and nodes to integrate over."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, QhullError

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_PARALLEL = 1e-9
_SAMPLES = 4
"""Points along the edge of an eighth of a cell that tell how much of it is inside."""
_LEAST_CELLS = 2
_GAUSS = 0.5 / np.sqrt(3.0)
"""Place of the two Gauss-Legendre points of a cell, from its middle, in units of its edge."""


@dataclass(frozen=True, eq=False)
class Polyhedron:
    """A convex body.

    Attributes:
        normals: Outward unit normals of its faces (m, 3).
        heights_mm: Distance of each face from the origin along its normal (m,).
    """

    normals: Array
    heights_mm: Array

    def moved(self, rotation: Array, shift_mm: Array) -> Polyhedron:
        """The same body turned about the origin and then shifted."""
        normals = self.normals @ rotation.T
        return Polyhedron(normals, self.heights_mm + normals @ shift_mm)

    def contains(self, points_mm: Array) -> Mask:
        """Which points (..., 3) are inside."""
        return np.asarray((points_mm @ self.normals.T <= self.heights_mm).all(axis=-1))

    def corners_mm(self) -> Array:
        """Its corners (k, 3).

        Raises:
            ValueError: If the half spaces enclose no body.
        """
        triples = np.array(list(combinations(range(len(self.normals)), 3)))
        planes = self.normals[triples]
        crossing = np.abs(np.linalg.det(planes)) > _PARALLEL
        points = np.linalg.solve(planes[crossing], self.heights_mm[triples[crossing]][..., None])[..., 0]
        slack = _PARALLEL * (1 + np.abs(self.heights_mm).max())
        points = points[(points @ self.normals.T <= self.heights_mm + slack).all(axis=1)]
        points = np.unique(points.round(9), axis=0)
        flat = len(points) < 4 or np.linalg.matrix_rank(points - points[0], tol=_PARALLEL) < 3
        if flat or not _surround(self.normals):
            raise ValueError(
                f"{len(self.normals)} faces at {self.heights_mm.tolist()} mm enclose no body; "
                "at least four must face away from each other, each at a height above 0"
            )
        return np.asarray(points)

    def volume_and_centre(self) -> tuple[float, Array]:
        """Volume in mm3 and centre of mass in mm (3,)."""
        corners = self.corners_mm()
        apex = corners.mean(axis=0)
        triangles = corners[ConvexHull(corners).simplices]
        volumes = np.abs(np.linalg.det(triangles - apex)) / 6
        centres = (triangles.sum(axis=1) + apex) / 4
        return float(volumes.sum()), np.asarray(volumes @ centres / volumes.sum())


def _surround(normals: Array) -> bool:
    """Whether faces with these normals leave no way out."""
    try:
        return bool((ConvexHull(normals).equations[:, 3] < -_PARALLEL).all())
    except QhullError:
        return False


def box(half_size_mm: Array) -> Polyhedron:
    """A box about the origin, its edges along x, y and z."""
    normals = np.repeat(np.eye(3), 2, axis=0) * np.tile([[1.0], [-1.0]], (3, 1))
    return Polyhedron(normals, np.repeat(np.asarray(half_size_mm, dtype=float), 2))


def prism(half_size_mm: Array, sides: int = 6) -> Polyhedron:
    """A prism along x with an even number of sides, which just fits into a box."""
    around = _around(sides)
    ends = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
    return _fitted(np.concatenate([around, ends]), np.ones(sides + 2), half_size_mm)


def bipyramid(half_size_mm: Array, sides: int = 4) -> Polyhedron:
    """Two pyramids base to base with their tips along x and an even number of sides, which just fit into a box."""
    around = _around(sides)
    normals = np.concatenate([around + [1.0, 0.0, 0.0], around - [1.0, 0.0, 0.0]])
    return _fitted(normals, np.ones(2 * sides), half_size_mm)


def _around(sides: int) -> Array:
    if sides < 4 or sides % 2:
        raise ValueError(f"a crystal has {sides} sides, allowed are even numbers from 4")
    angle = 2 * np.pi * np.arange(sides) / sides
    return np.column_stack([np.zeros(sides), np.cos(angle), np.sin(angle)])


def _fitted(normals: Array, heights: Array, half_size_mm: Array) -> Polyhedron:
    """A body with these faces (normals of any length), stretched until it fills a box about the origin."""
    half = np.abs(Polyhedron(normals, heights).corners_mm()).max(axis=0)
    stretched = normals * half / half_size_mm
    lengths = np.linalg.norm(stretched, axis=1)
    return Polyhedron(stretched / lengths[:, None], heights / lengths)


def quadrature(polyhedron: Polyhedron, spacing_mm: float) -> tuple[Array, Array]:
    """Nodes (n, 3) in a body, mm, and the volumes (n,) that they stand for, mm3.

    Cells of twice the spacing hold eight Gauss-Legendre nodes if they are inside; of cells at the surface each eighth has
    a node in the middle of what is inside. Volume and centre of mass of the nodes are those of the body.
    """
    volume, centre = polyhedron.volume_and_centre()
    axes = _axes(polyhedron.normals)
    along = (polyhedron.corners_mm() - centre) @ axes
    low, high = along.min(axis=0), along.max(axis=0)
    numbers = np.maximum(np.ceil((high - low) / (2 * spacing_mm)), _LEAST_CELLS).astype(int)
    cell = (high - low) / numbers
    ticks = [low[k] + (np.arange(numbers[k]) + 0.5) * cell[k] for k in range(3)]
    middles = np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3) @ axes.T + centre
    farthest = np.abs(polyhedron.normals @ axes) @ (cell / 2)
    distance = middles @ polyhedron.normals.T - polyhedron.heights_mm
    whole = (distance + farthest <= 1e-9).all(axis=1)
    cut = (distance - farthest < 0).all(axis=1) & ~whole
    eighths = _corners() * 2 * _GAUSS * cell @ axes.T
    inner = (middles[whole, None] + eighths).reshape(-1, 3)
    outer, parts = _surface(polyhedron, middles[cut], cell, axes)
    nodes = np.concatenate([inner, outer])
    volumes = np.concatenate([np.full(len(inner), 1 / 8), parts]) * cell.prod()
    return nodes, _exact(nodes, volumes, volume, centre)


def _axes(normals: Array) -> Array:
    """Columns of a rotation: two faces that are as upright to each other as there are, and their cross product."""
    first = normals[0]
    second = normals[np.abs(normals @ first).argmin()]
    second = second - (second @ first) * first
    second /= np.linalg.norm(second)
    return np.column_stack([first, second, np.cross(first, second)])


def _corners() -> Array:
    """The corners of a cube with an edge of 1, (8, 3)."""
    return np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


def _surface(polyhedron: Polyhedron, middles: Array, cell: Array, axes: Array) -> tuple[Array, Array]:
    """Nodes of the eighths of some cells, and the part of a cell that each has."""
    ticks = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    fine = np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 3)
    places = ((_corners()[:, None] + fine) * cell / 2) @ axes.T
    nodes, parts = [np.zeros((0, 3))], [np.zeros(0)]
    for middle in middles:
        points = middle + places
        inside = polyhedron.contains(points)
        number = inside.sum(axis=1)
        some = number > 0
        nodes.append((points * inside[..., None]).sum(axis=1)[some] / number[some, None])
        parts.append(number[some] / (8 * len(fine)))
    return np.concatenate(nodes), np.concatenate(parts)


def _exact(nodes: Array, volumes: Array, volume: float, centre: Array) -> Array:
    """Volumes with a slight linear trend, so that their sum and their centre of mass are right."""
    middle = volumes @ nodes / volumes.sum()
    offset = nodes - middle
    moments = np.einsum("n,ni,nj->ij", volumes, offset, offset)
    trend = np.linalg.solve(moments, volume * (centre - middle))
    return np.asarray(volumes * (volume / volumes.sum() + offset @ trend))
