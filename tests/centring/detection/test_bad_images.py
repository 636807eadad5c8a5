"""Images that are none, or tell nothing: a detection that says why, never an error from below."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mount_pictures import picture

from mxplans.centring.detection import ClassicalDetector
from mxplans.errors import InvalidInput
from mxplans.model.detection import Look, PinSide
from mxplans_sim.world.optics import Exposure

DETECTOR = ClassicalDetector()


def detect(image, background=None, um_per_px=2.4):
    return DETECTOR.detect([Look(image, um_per_px, PinSide.RIGHT, background)])[0]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (None, "NoneType"),
        (b"JFIF", "bytes"),
        ([[1, 2], [3, 4]], "list"),
        (np.zeros((0, 0), np.uint8), "0 x 0 px"),
        (np.zeros(100, np.uint8), "(100,)"),
        (np.zeros((512, 680, 4), np.uint8), "(512, 680, 4)"),
        (np.zeros((1, 512, 680, 3), np.uint8), "(1, 512, 680, 3)"),
        (np.full((512, 680), np.nan), "float64"),
        (np.zeros((512, 680), np.uint16), "uint16"),
        (np.zeros((4, 680), np.uint8), "680 x 4 px"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_image_is_said_to_be_none(image, told):
    found = detect(image)
    assert not found.present and found.tip_px is None and found.score == 0.0
    assert told in found.reason


@pytest.mark.parametrize(
    ("image", "told", "fractions"),
    [
        (np.zeros((512, 680), np.uint8), "backlight", (1.0, 0.0)),
        (np.zeros((512, 680, 3), np.uint8), "backlight", (1.0, 0.0)),
        (np.full((512, 680), 255, np.uint8), "saturated", (0.0, 1.0)),
        (picture(3, Exposure(back_frac=0.0)).look.image, "backlight", (1.0, 0.0)),
    ],
    ids=["black", "black, colour", "white", "light out"],
)
def test_black_and_saturated_images_are_told_with_their_evidence(image, told, fractions):
    found = detect(image)
    assert not found.present
    assert told in found.reason
    assert (found.evidence["dark_frac"], found.evidence["saturated_frac"]) == pytest.approx(fractions, abs=0.03)


def test_too_much_light_is_told_before_anything_is_seen_in_it():
    found = detect(picture(7, Exposure(back_frac=1.6), zoom=0).look.image)
    assert not found.present
    assert "turn the light or the gain down" in found.reason
    assert found.evidence["saturated_frac"] > 0.1


def test_a_camera_that_stands_still_shows_nothing_new():
    first, other = picture(7, zoom=0).look, picture(14, zoom=0).look
    found = DETECTOR.detect([first, Look(first.image.copy(), 2.4), other])
    assert [each.present for each in found] == [True, False, True]
    assert "pixel for pixel" in found[1].reason
    assert found[1].evidence["frozen"] is True


def test_a_flat_image_shows_nothing():
    found = detect(np.full((512, 680), 120, np.uint8))
    assert not found.present
    assert found.evidence["area_um2"] == 0.0


def test_a_background_of_another_size_is_refused():
    look = picture(7).look
    with pytest.raises(InvalidInput, match="680 x 500 px, the image 680 x 512 px"):
        detect(look.image, look.background[:500])
    with pytest.raises(InvalidInput, match="background: the image has values of type float64"):
        detect(look.image, look.background.astype(float))


@pytest.mark.parametrize("um_per_px", [0.0, -1.0, float("nan"), float("inf")])
def test_a_scale_that_is_none_is_refused(um_per_px):
    with pytest.raises(InvalidInput, match="calibrate the zoom level"):
        detect(picture(7).look.image, um_per_px=um_per_px)


def test_no_looks_no_detections():
    assert list(DETECTOR.detect([])) == []


@settings(max_examples=40, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(32, 70), st.integers(32, 70)), elements=st.integers(0, 255)),
    st.floats(0.01, 100.0),
    st.sampled_from(list(PinSide)),
)
def test_any_image_has_an_outcome(image, um_per_px, side):
    (found,) = DETECTOR.detect([Look(image, um_per_px, side)])
    assert found.present or found.reason
    if found.tip_px is not None:
        assert 0 <= found.tip_px[0] < image.shape[1] and 0 <= found.tip_px[1] < image.shape[0]


def test_noise_alone_is_no_sample():
    dice = np.random.default_rng(4)
    for spread in (1.0, 5.0, 20.0):
        image = np.clip(dice.normal(120.0, spread, (512, 680)), 0, 255).astype(np.uint8)
        assert not detect(image).present
