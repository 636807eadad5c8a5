import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mxplans_sim.world.lattices import faces_of
from mxplans_sim.world.polyhedron import Polyhedron, bipyramid, box, prism, quadrature
from mxplans_sim.world.thickness import View, polyhedron

HALF = np.array([0.05, 0.03, 0.02])

halves = st.tuples(*[st.floats(0.005, 0.1)] * 3).map(np.array)
rotations = st.integers(0, 10_000).map(lambda seed: Rotation.random(random_state=seed).as_matrix())
shifts = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)
makers = st.sampled_from([box, prism, bipyramid, lambda half: prism(half, 8), lambda half: bipyramid(half, 6)])


def simplex(edge=0.06):
    """A corner of a cube cut off: neither symmetric nor centred."""
    normals = np.array([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [3**-0.5] * 3])
    return Polyhedron(normals, np.array([0.0, 0.0, 0.0, edge * 3**-0.5]))


@pytest.mark.parametrize(
    ("body", "corners", "part_of_box"),
    [
        (box(HALF), 8, 1.0),
        # A regular hexagon fills 3/4 of the rectangle that just holds it.
        (prism(HALF, 6), 12, 3 / 4),
        # A pyramid is a third of its prism; the base of four sides is the rectangle itself.
        (bipyramid(HALF, 4), 6, 1 / 3),
        (bipyramid(HALF, 6), 8, 1 / 4),
    ],
)
def test_shapes_have_the_corners_and_the_volume_that_geometry_gives_them(body, corners, part_of_box):
    assert len(body.corners_mm()) == corners
    assert np.abs(body.corners_mm()).max(axis=0) == pytest.approx(HALF, abs=1e-9)
    assert np.linalg.norm(body.normals, axis=1) == pytest.approx(np.ones(len(body.normals)))
    volume, centre = body.volume_and_centre()
    assert volume == pytest.approx(8 * HALF.prod() * part_of_box, rel=1e-6)
    assert centre == pytest.approx(np.zeros(3), abs=1e-9)


def test_a_corner_of_a_cube_has_a_sixth_of_its_volume_and_its_centre_a_quarter_up():
    volume, centre = simplex(0.06).volume_and_centre()
    assert volume == pytest.approx(0.06**3 / 6, rel=1e-6)
    assert centre == pytest.approx(np.full(3, 0.015), abs=1e-9)


@given(makers, halves, rotations, shifts)
@settings(max_examples=40, deadline=None)
def test_a_motion_takes_points_along_and_keeps_the_volume(make, half, rotation, shift):
    body = make(half)
    moved = body.moved(rotation, shift)
    points = np.random.default_rng(1).uniform(-1.2, 1.2, (200, 3)) * half
    near = np.abs(points @ body.normals.T - body.heights_mm).min(axis=1) < 1e-9
    assert (body.contains(points) == moved.contains(points @ rotation.T + shift))[~near].all()
    assert moved.volume_and_centre()[0] == pytest.approx(body.volume_and_centre()[0], rel=1e-5)
    assert moved.volume_and_centre()[1] == pytest.approx(shift, abs=1e-8)


@given(st.sampled_from([box, prism, bipyramid, lambda _: simplex()]), halves, rotations, shifts, st.floats(0.003, 0.02))
@settings(max_examples=40, deadline=None)
def test_nodes_have_the_volume_and_the_centre_of_the_body_and_stand_in_it(make, half, rotation, shift, spacing):
    body = make(half).moved(rotation, shift)
    nodes, volumes = quadrature(body, max(spacing, half.max() / 15))
    volume, centre = body.volume_and_centre()
    assert volumes.sum() == pytest.approx(volume, rel=1e-9)
    assert volumes @ nodes / volume == pytest.approx(centre, abs=1e-9)  # far below the 0.2 um that are allowed
    assert (volumes > 0).all()
    assert body.contains(nodes).all()


@pytest.mark.parametrize("body", [box(HALF), prism(HALF), bipyramid(HALF), simplex(0.09)])
def test_a_narrow_beam_over_the_nodes_is_that_over_many_random_points(body):
    turned = body.moved(Rotation.from_euler("xyz", [20, 30, 40], degrees=True).as_matrix(), np.array([0.1, 0.0, 0.0]))

    def beam(points):
        return np.exp(-(((points[:, 0] - 0.1) / 0.0127) ** 2 + (points[:, 1] / 0.0127) ** 2) / 2)  # 30 um FWHM

    nodes, volumes = quadrature(turned, 0.006)
    random = np.random.default_rng(1).uniform(-0.1, 0.1, (2_000_000, 3)) + [0.1, 0.0, 0.0]
    expected = (beam(random) * turned.contains(random)).mean() * 0.2**3
    assert volumes @ beam(nodes) == pytest.approx(expected, rel=0.02)


def test_few_nodes_do_for_coarse_spacing():
    nodes, _ = quadrature(box(HALF), 1.0)
    assert len(nodes) == 4**3  # two cells along each edge, two nodes in each


@pytest.mark.parametrize(
    ("normals", "heights"),
    [
        (np.eye(3), np.ones(3)),  # a corner
        (box(HALF).normals[:5], np.full(5, 0.1)),  # open at one side
        (box(HALF).normals, np.full(6, -0.1)),  # faces past each other
        (np.concatenate([np.eye(3), -np.eye(3)[:2], [[0.6, 0.0, 0.8]]]), np.full(6, 0.1)),
    ],
)
def test_half_spaces_that_enclose_nothing_are_refused(normals, heights):
    with pytest.raises(ValueError, match="enclose no body"):
        Polyhedron(normals, heights).corners_mm()


@pytest.mark.parametrize("sides", [2, 3, 5])
def test_odd_crystals_are_refused(sides):
    with pytest.raises(ValueError, match="even numbers from 4"):
        prism(HALF, sides)


def test_shapes_by_name():
    assert faces_of("box", (0.1, 0.1, 0.1)) is None
    assert len(faces_of("prism", (0.1, 0.1, 0.1)).normals) == 8
    assert len(faces_of("bipyramid", (0.1, 0.1, 0.1)).normals) == 8
    with pytest.raises(ValueError, match="choose box, prism or bipyramid"):
        faces_of("sphere", (0.1, 0.1, 0.1))


@given(makers, rotations)
@settings(max_examples=25, deadline=None)
def test_rays_cross_as_much_as_points_along_them_are_inside(make, rotation):
    body = make(HALF).moved(rotation, np.array([0.02, -0.01, 0.3]))
    view = View(120, 100, 0.002, 60.0, 50.0, 0.0)
    patch = polyhedron(view, body)
    thickness = np.zeros((100, 120))
    thickness[patch.box] = patch.map
    z = np.linspace(0.2, 0.4, 2001)
    for row, column in np.random.default_rng(3).integers([20, 20], [80, 100], (30, 2)):
        ray = np.column_stack([np.full_like(z, (column - 60) * 0.002), np.full_like(z, (row - 50) * 0.002), z])
        assert thickness[row, column] == pytest.approx(body.contains(ray).sum() * 1e-4, abs=2.1e-4)
