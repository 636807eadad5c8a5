import re

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxplans_sim.view.preview import png, preview


def test_gray_goes_with_the_logarithm_of_the_counts():
    counts = np.array([[0, 9, 99, 1000, 50_000]], dtype=np.uint32)
    # 255 (1 - ln(1 + n) / ln 1001): 9 -> 170.0, 99 -> 85.0
    assert preview(counts).tolist() == [[255, 170, 85, 0, 0]]


def test_a_small_picture_keeps_every_spot():
    counts = np.zeros((1000, 700), dtype=np.uint16)
    counts[999, 699] = counts[123, 456] = 1000
    small = preview(counts, 256)
    assert max(small.shape) <= 256
    assert small[-1, -1] == 0 and small[123 // 4, 456 // 4] == 0
    assert (small == 0).sum() == 2


def test_gaps_are_gray_but_hide_no_spot():
    counts = np.zeros((8, 8), dtype=np.uint16)
    counts[:, 2:4] = 65535
    counts[0, 4] = 1000
    assert set(preview(counts)[:, 2:4].ravel()) == {204}
    small = preview(counts, 4)
    assert small[0].tolist() == [255, 204, 0, 255]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_a_picture_fits_its_edge(rows, columns, edge):
    small = preview(np.ones((rows, columns), dtype=np.uint32), edge)
    assert max(small.shape) <= edge
    assert len(np.unique(small)) == 1


def test_a_file_holds_the_picture():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (cv2.imdecode(np.frombuffer(png(pixels), np.uint8), cv2.IMREAD_UNCHANGED) == pixels).all()


on_axis = pytest.importorskip("mxplans_sim.view.page.on_axis", reason="the extra `view` is not installed")


def test_the_scale_bar_has_its_length():
    optics = on_axis.Optics(680, 512, 2.4, (341.0, 254.0), (50.0, 20.0), 1)
    drawn = on_axis.overlay(optics)
    assert ">200 µm<" in drawn
    assert float(re.search(r'<rect [^>]*? width="([\d.]+)"', drawn)[1]) == pytest.approx(200 / 2.4)


def test_the_beam_mark_is_on_the_beam_and_of_its_size():
    drawn = on_axis.overlay(on_axis.Optics(680, 512, 2.0, (341.0, 254.0), (50.0, 20.0), 1))
    ellipse = re.search(r'<ellipse cx="([\d.]+)" cy="([\d.]+)" rx="([\d.]+)" ry="([\d.]+)"', drawn)
    # The beam is on the centre of pixel 341; half of 50 um is 12.5 pixels of 2 um.
    assert [float(value) for value in ellipse.groups()] == [341.5, 254.5, 12.5, 5.0]


@given(st.floats(20.0, 1e5))
def test_the_scale_bar_is_round_and_fits(visible_um):
    length = on_axis.bar_um(visible_um)
    assert length in on_axis.BARS_UM and length <= 0.3 * visible_um
    assert visible_um > 5000 or length > 0.3 * visible_um / 2.5 - 1e-9


@given(st.sampled_from([1, 2, 4]), st.floats(100, 600), st.floats(100, 400))
def test_the_scale_bar_is_within_what_is_magnified(magnification, x, y):
    drawn = on_axis.overlay(on_axis.Optics(680, 512, 2.4, (x, y), (50.0, 50.0), magnification))
    left, top, width = (
        float(value) for value in re.search(r'<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)"', drawn).groups()
    )
    # About the beam, so many times closer.
    seen = [(x + 0.5) + (value - x - 0.5) * magnification for value in (left, left + width)]
    assert 0 < seen[0] < seen[1] < 680
    assert 0 < (y + 0.5) + (top - y - 0.5) * magnification < 512
