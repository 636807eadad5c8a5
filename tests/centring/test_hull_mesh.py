"""The exported surface: closed, facing outwards, of exactly the cells' volume, readable as STL."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans.centring.hull import Hull
from mxplans.centring.mesh import stl_bytes, triangles, write_stl


def volume_mm3(corners):
    """By the divergence theorem; positive only when the faces look outwards."""
    corners = corners.astype(float)
    return float(np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6)


@given(st.integers(0, 1000), st.floats(0.1, 0.9))
def test_the_surface_is_closed_and_holds_the_volume(seed, filled):
    inside = np.random.default_rng(seed).random((5, 4, 3)) < filled
    inside[2, 2, 1] = True
    hull = Hull(np.argwhere(inside).astype(np.int32), np.array([0.1, -0.2, 0.3]), 0.004, 12, 1)
    corners = triangles(hull)
    assert volume_mm3(corners) * 1e9 == pytest.approx(hull.volume_um3, rel=1e-3)
    # Every edge is walked as often in one direction as in the other.
    keys = np.round((corners - hull.origin_mm) / hull.step_mm * 2).astype(int)
    edges = {}
    for one in keys:
        for first, second in ((0, 1), (1, 2), (2, 0)):
            a, b = tuple(one[first]), tuple(one[second])
            edges[min(a, b), max(a, b)] = edges.get((min(a, b), max(a, b)), 0) + (1 if a < b else -1)
    assert not any(edges.values())


def test_a_single_cell_as_stl(tmp_path):
    hull = Hull(np.zeros((1, 3), dtype=np.int32), np.zeros(3), 0.01, 2, 0)
    path = tmp_path / "hull.stl"
    write_stl(hull, path)
    content = path.read_bytes()
    assert content == stl_bytes(hull)
    assert struct.unpack_from("<I", content, 80) == (12,)
    assert len(content) == 84 + 12 * 50
    normals = np.array([struct.unpack_from("<3f", content, 84 + 50 * index) for index in range(12)])
    assert sorted(map(tuple, np.round(normals))) == sorted(
        2 * [tuple(sign * axis) for axis in np.eye(3) for sign in (-1, 1)]
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["hull.stl"]
