"""The chain in the file takes a point of the sample where the calibrated goniometer takes it."""

import h5py
import numpy as np
import nxmx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nexus_support import matrices

from mxplans.geometry.goniometer import GoniometerGeometry, Orientation
from mxplans.model.acquisition import Pose
from mxplans_lims.nxmx.frame import Axis, first_pixel, goniometer_axes, to_mcstas
from mxplans_lims.nxmx.tree import field, group, write

ANGLES = st.floats(min_value=-400, max_value=400)
LENGTHS_MM = st.floats(min_value=-3, max_value=3)
POINTS = st.tuples(LENGTHS_MM, LENGTHS_MM, LENGTHS_MM)
DIRECTIONS = POINTS.map(np.array).filter(lambda v: np.linalg.norm(v) > 0.1).map(lambda v: tuple(v / np.linalg.norm(v)))
CLOSE_MM = 1e-9
"""A picometre: roundings of rotations over mm."""


def chain_in_a_file(axes: tuple[Axis, ...], values: dict[str, float]):
    """The transformations as they stand in files, read back by nxmx; the matrix from the sample to the lab."""
    with h5py.File("chain.h5", "w", driver="core", backing_store=False) as file:
        fields = {
            axis.name: field(
                [values[axis.name] if axis.value_mm is None else axis.value_mm],
                "degree" if axis.kind == "rotation" else "mm",
                transformation_type=axis.kind,
                vector=list(axis.vector),
                offset=list(axis.offset_mm),
                offset_units="mm",
                depends_on=axis.depends_on,
            )
            for axis in axes
        }
        write(file, {"chain": group("NXtransformations", **fields)})
        return matrices(nxmx.NXtransformationsAxis(file["chain"][axes[-1].name]))[0]


GEOMETRIES = st.builds(
    GoniometerGeometry,
    kind=st.sampled_from(["single-axis", "smargon", "mini-kappa"]),
    chi_axis=DIRECTIONS,
    kappa_axis=DIRECTIONS,
    phi_axis=DIRECTIONS,
    kappa_point_mm=POINTS,
    phi_point_mm=POINTS,
    axis_offset_mm=LENGTHS_MM,
)


@settings(deadline=None)
@given(GEOMETRIES, POINTS, POINTS, ANGLES, st.tuples(ANGLES, ANGLES, ANGLES))
def test_the_chain_is_the_goniometer(geometry, point, motors, omega, above):
    pose = Pose(x_mm=motors[0], y_mm=motors[1], z_mm=motors[2], omega_deg=omega)
    orientation = Orientation(kappa_deg=above[0], chi_deg=above[1], phi_deg=above[2])
    values = {"omega": omega, "kappa": above[0], "chi": above[1], "phi": above[2]}
    values |= dict(zip(("sam_x", "sam_y", "sam_z"), motors, strict=True))
    matrix = chain_in_a_file(goniometer_axes(geometry), values)
    # The origin of the file is where the beam is.
    expected = to_mcstas(geometry.lab_mm(point, pose, orientation) - geometry.beam_mm)
    assert (matrix @ [*to_mcstas(point), 1.0])[:3] == pytest.approx(expected, abs=CLOSE_MM)


@given(POINTS, POINTS)
def test_both_frames_are_right_handed(one, other):
    turned = np.cross(to_mcstas(one), to_mcstas(other))
    assert turned == pytest.approx(np.array(to_mcstas(np.cross(one, other))), abs=1e-12)


def test_up_is_up_and_omega_points_to_the_left_of_one_who_looks_downstream():
    up_in_the_image, along_the_beam, along_omega = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)
    assert to_mcstas(up_in_the_image) == (0.0, 1.0, 0.0)
    assert to_mcstas(along_the_beam) == (0.0, 0.0, 1.0)
    assert to_mcstas(along_omega) == (-1.0, 0.0, 0.0)


@given(DIRECTIONS, DIRECTIONS, st.tuples(LENGTHS_MM, LENGTHS_MM), st.tuples(st.floats(0.01, 0.2), st.floats(0.01, 0.2)))
def test_from_the_first_pixel_the_beam_is_reached_by_counting(fast, slow, centre_px, pixel_mm):
    corner = np.array(first_pixel(fast, slow, centre_px, pixel_mm))
    beam = corner + np.array(fast) * centre_px[0] * pixel_mm[0] + np.array(slow) * centre_px[1] * pixel_mm[1]
    assert beam == pytest.approx(np.zeros(3), abs=1e-12)
