import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("nicegui", reason="the extra `view` is not installed")

from mxplans_sim.view.page.solids import ALONG_X, along
from mxplans_sim.view.page.stage import UPRIGHT

numbers = st.floats(-10, 10)


@given(st.tuples(numbers, numbers, numbers).filter(lambda v: np.linalg.norm(v) > 1e-3))
def test_a_rod_lies_along_its_direction(direction):
    rotation = np.array(along(direction))
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    np.testing.assert_allclose(rotation @ [0, 1, 0], np.array(direction) / np.linalg.norm(direction), atol=1e-9)


def test_cylinders_lie_along_the_spindle():
    assert (np.array(ALONG_X) @ [0, 1, 0]).tolist() == [1, 0, 0]
    assert np.linalg.det(ALONG_X) == pytest.approx(1.0)


def test_up_in_the_picture_is_up_on_the_screen():
    """The image frame has y down and z along the beam; the screen's third axis is up. Nothing is mirrored."""
    upright = np.array(UPRIGHT)
    assert (upright @ [0, -1, 0]).tolist() == [0, 0, 1]
    assert np.linalg.det(upright) == pytest.approx(1.0)
