"""A hull as a mesh for other programs, in STL.

The surface is that of the cells, face by face: closed, of exactly their volume, and without a library for meshes.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mxplans.centring.hull import Hull

Triangles = npt.NDArray[np.float32]

_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_HEADER = b"mxplans hull, mm, sample frame".ljust(80, b"\0")


def triangles(hull: Hull) -> Triangles:
    """The surface: (n, 3, 3), corners of each triangle in mm of the sample's frame, anticlockwise from outside."""
    first = hull.cells.min(axis=0) - 1
    inside = np.zeros(hull.cells.max(axis=0) - first + 2, dtype=bool)
    places = hull.cells - first
    inside[tuple(places.T)] = True
    found = []
    for axis in range(3):
        for side in (-1, 1):
            step = np.zeros(3, dtype=np.int32)
            step[axis] = side
            open_to = places[~inside[tuple((places + step).T)]]
            across, up = np.eye(3)[(axis + 1) % 3], np.eye(3)[(axis + 2) % 3]
            if side < 0:
                across, up = up, across
            corners = np.array([-across - up, across - up, across + up, -across + up]) / 2 + step / 2
            quads = open_to[:, None] + first + corners
            found += [quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]
    return np.asarray(hull.origin_mm + hull.step_mm * np.concatenate(found), dtype=np.float32)


def stl_bytes(hull: Hull) -> bytes:
    """The surface as binary STL, in mm."""
    corners = triangles(hull)
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    records = np.zeros(len(corners), dtype=_RECORD)
    records["normal"] = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    records["corners"] = corners
    return _HEADER + np.array(len(corners), dtype="<u4").tobytes() + records.tobytes()


def write_stl(hull: Hull, path: Path) -> None:
    """Write the surface into a file, whole or not at all.

    Raises:
        OSError: If that cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.write_bytes(stl_bytes(hull))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
