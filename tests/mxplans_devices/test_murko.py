"""The Murko detector at the stand-in: what is found, against what is true."""

import importlib
import pickle
import threading
import time
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from murko_client_support import QUICK, iou, looks_of, mirrored, saying, serving
from murko_support import HEIGHT, WIDTH, truth

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.detection import Box, Look, Notion, PinSide
from mxplans.roles import SampleDetector
from mxplans_devices._murko_sight import scaled_to
from mxplans_devices.murko import MurkoDetector

pytestmark = pytest.mark.usefixtures("no_new_threads")
EMPTY = {name: np.zeros((HEIGHT, WIDTH), bool) for name in truth()}
CLICK = (160 / 320 * WIDTH - 0.5, 105 / 256 * HEIGHT - 0.5)


def test_profiles_find_it_by_its_entry_point():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    module, name = project["entry-points"]["mxplans.sample_detectors"]["murko"].split(":")
    assert getattr(importlib.import_module(module), name) is MurkoDetector


def only(*names):
    """The truth without what is not named."""
    masks = {name: mask if name in names else np.zeros_like(mask) for name, mask in truth().items()}
    return masks | {"foreground": np.any(list(masks.values()), axis=0)}


@pytest.mark.parametrize(
    "options", [{}, {"width_px": None}, {"send": "jpeg"}, {"send": "jpeg", "width_px": 400}], ids=str
)
def test_what_is_true_is_found(options):
    recent, looks = looks_of(truth())
    with serving(recent) as address:
        detector = MurkoDetector(address, **QUICK, **options)
        (found,) = detector.detect(looks)
    assert isinstance(detector, SampleDetector)
    assert found.present
    assert (found.detector, found.reason, found.score) == ("murko", "", 1.0)
    # A pixel of the prediction is two of the image; all rectangles begin and end on whole ones.
    for name in ("foreground", "crystal", "loop_inside", "loop", "pin"):
        assert iou(found.masks[Notion(name)], truth()[name]) > 0.98, name
    assert found.box_px == Box(240, 140, 639, 299)
    assert found.tip_px == pytest.approx((240, 219.5), abs=0.01)
    assert found.centroid_px == pytest.approx((319.5, 209.5), abs=0.01)
    assert found.evidence["crystal_box_px"] == (300, 200, 339, 219)
    assert found.evidence["click_px"] == pytest.approx(CLICK)


@pytest.mark.parametrize(("width", "height"), [(1360, 1024), (1361, 1025), (1000, 700), (320, 256)])
def test_outlines_stay_where_they_are_at_any_scale(width, height):
    columns, rows = np.meshgrid((np.arange(320) + 0.5) / 320, (np.arange(256) + 0.5) / 256)
    seen = scaled_to((np.abs(columns - 0.4) < 0.2) & (np.abs(rows - 0.5) < 0.25), (height, width))
    across, down = np.flatnonzero(seen.any(axis=0)), np.flatnonzero(seen.any(axis=1))
    # Edges at 0.2 and 0.6 of the width, 0.25 and 0.75 of the height: pixel k reaches from k - 0.5 to k + 0.5.
    assert [across[0] - 0.5, across[-1] + 0.5] == pytest.approx([0.2 * width - 0.5, 0.6 * width - 0.5], abs=0.51)
    assert [down[0] - 0.5, down[-1] + 0.5] == pytest.approx([0.25 * height - 0.5, 0.75 * height - 0.5], abs=0.51)
    assert np.nonzero(seen)[1].mean() == pytest.approx(0.4 * width - 0.5, abs=0.3)
    assert np.nonzero(seen)[0].mean() == pytest.approx(0.5 * height - 0.5, abs=0.3)


def test_the_tip_is_the_end_away_from_the_pin():
    recent, looks = looks_of(mirrored(truth()), pin_side=PinSide.LEFT)
    wrong = Look(looks[0].image, looks[0].um_per_px, PinSide.RIGHT)
    with serving(recent) as address:
        found, other = MurkoDetector(address, **QUICK).detect([looks[0], wrong])
    assert found.tip_px == pytest.approx((WIDTH - 1 - 240, 219.5), abs=0.01)
    # With the pin where the tip should be, there is no tip in sight.
    assert other.tip_px is None
    assert other.score == 0.5
    assert "goes on beyond" in other.evidence["tip_missing"]


def test_nothing_is_nothing_and_never_the_middle():
    recent, looks = looks_of(EMPTY, truth(), EMPTY)
    with serving(recent) as address:
        empty, found, _ = MurkoDetector(address, **QUICK).detect(looks)
    assert found.present
    assert not empty.present
    assert (empty.masks, empty.tip_px, empty.box_px, empty.centroid_px, empty.score) == ({}, None, None, None, 0.0)
    assert empty.reason == "nothing stands in the image (present = 0)"
    assert empty.evidence == {"answer_used": True}


def test_without_a_crystal_the_loop_counts_and_without_a_loop_all_of_it():
    recent, looks = looks_of(only("loop", "loop_inside", "stem", "pin"), only("stem", "pin"))
    with serving(recent) as address:
        loop, stem = MurkoDetector(address, **QUICK).detect(looks)
    assert "crystal_box_px" not in loop.evidence
    assert loop.centroid_px == pytest.approx((329.5, 219.5), abs=0.01)
    assert loop.score == 0.8
    assert Notion.LOOP not in stem.masks
    assert stem.tip_px == pytest.approx((420, 219.5), abs=0.01)
    assert stem.score == 0.5


def test_looks_of_many_sizes_and_kinds_keep_their_order():
    recent, looks = looks_of(truth(), EMPTY, mirrored(truth()))
    small = Look(np.asarray(cv2.resize(looks[0].image, (400, 320)), np.uint8), 3.2)
    coloured = Look(np.repeat(looks[2].image[..., None], 3, axis=2), 2.0, PinSide.LEFT)
    with serving(recent) as address:
        found = MurkoDetector(address, **QUICK).detect([small, looks[0], coloured, looks[1]])
        assert MurkoDetector(address, **QUICK).detect([]) == []
    assert [each.tip_px and round(each.tip_px[0]) for each in found] == [150, 240, 399, None]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        (np.zeros((HEIGHT, WIDTH), np.uint8), "dark"),
        (np.full((HEIGHT, WIDTH), 255, np.uint8), "saturated"),
        (np.zeros((0, WIDTH), np.uint8), "640 x 0 pixels"),
        (np.zeros((3, 3, 3), np.uint8), "3 x 3 pixels"),
        (np.zeros((HEIGHT, WIDTH, 4), np.uint8), "shape"),
        (np.zeros((2, HEIGHT, WIDTH, 3), np.uint8), "shape"),
        (np.zeros((HEIGHT, WIDTH), np.uint16), "uint16"),
        (np.full((HEIGHT, WIDTH), np.nan), "float64"),
        (None, "NoneType"),
    ],
)
def test_images_of_no_use_are_told_and_not_sent(image, reason):
    recent, looks = looks_of(truth())
    with serving(recent) as address:
        bad, good = MurkoDetector(address, **QUICK).detect([Look(image, 2.0), looks[0]])
    assert reason in bad.reason
    assert not bad.present
    assert bad.evidence == {"answer_used": False}
    assert good.present


def test_noise_is_seen_and_does_not_move_the_tip_far():
    # Outlines wander by 6 um with a shift of 2 um; a pixel is 2 um.
    recent, looks = looks_of(*[truth()] * 8)
    with serving(recent, edge_um=6.0, jitter_um=2.0) as address:
        found = MurkoDetector(address, **QUICK).detect(looks)
    tips_px = np.array([each.tip_px for each in found])
    assert tips_px.std(axis=0).max() > 0.1
    # The end is the farthest of a hundred rows that wander: some 2 sigma too far out, 3 sigma at most.
    assert np.abs(tips_px[:, 0] - 240).max() < 3 * np.hypot(6.0, 2.0) / 2.0
    centroids_px = np.array([each.centroid_px for each in found if Notion.CRYSTAL in each.masks])
    assert np.abs(centroids_px - [319.5, 209.5]).max() < 8.0


def test_missed_images_are_not_found():
    recent, looks = looks_of(*[truth()] * 30)
    with serving(recent, miss_frac=0.5) as address:
        found = MurkoDetector(address, **QUICK).detect(looks)
    assert 5 < sum(each.present for each in found) < 25
    assert all(each.present or each.reason for each in found)


def test_requests_are_what_the_protocol_says():
    heard = []

    def answer(content):
        heard.append(content)

    with saying(answer) as address:
        detector = MurkoDetector(address, timeout_s=0.05, tries=1)
        _, looks = looks_of(truth(), truth())
        with pytest.raises(DeviceFault, match=r"no answer within 0\.05 s"):
            detector.detect(looks)
    (request,) = (pickle.loads(content) for content in heard)
    assert request.pop("to_predict").shape == (2, HEIGHT, WIDTH, 3)
    assert request == {
        "model_img_size": (256, 320),
        "save": False,
        "min_size": 64,
        "prefix": "",
        "description": [
            "foreground",
            "crystal",
            "loop_inside",
            "loop",
            ["crystal", "loop"],
            ["crystal", "loop", "stem"],
        ],
    }


def test_many_threads_may_ask_at_once():
    recent, looks = looks_of(truth(), mirrored(truth()))
    found = {}
    with serving(recent) as address:
        detector = MurkoDetector(address, **QUICK)

        def ask(index):
            found[index] = detector.detect([looks[index % 2]])[0].masks[Notion.CRYSTAL].nonzero()[1].mean()

        threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [found[index] for index in range(8)] == pytest.approx([319.5, 319.5] * 4, abs=0.01)


def test_an_answer_takes_no_longer_than_it_must():
    recent, looks = looks_of(*[truth()] * 10)
    with serving(recent, first_s=0.0, request_s=0.0, image_s=0.0) as address:
        detector = MurkoDetector(address, **QUICK)
        detector.detect(looks)
        begun_s = time.perf_counter()
        detector.detect(looks)
        taken_s = time.perf_counter() - begun_s
    # Ten images of 640 x 512: 0.2 s here, most of it the stand-in's; a loaded machine takes longer.
    assert taken_s < 3.0


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("", {}),
        ("localhost", {}),
        ("127.0.0.1:0", {}),
        ("127.0.0.1:70000", {}),
        ("ipc:///tmp/x", {}),
        ("127.0.0.1:1;tcp://b:2", {}),
        ("127.0.0.1:1", {"tries": 0}),
        ("127.0.0.1:1", {"timeout_s": 0.0}),
        ("127.0.0.1:1", {"timeout_s": float("nan")}),
        ("127.0.0.1:1", {"send": "png"}),
        ("127.0.0.1:1", {"width_px": 20}),
        ("127.0.0.1:1", {"jpeg_quality": 0}),
        ("127.0.0.1:1", {"largest_frac": 0.0}),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(address, options):
    with pytest.raises(InvalidInput):
        MurkoDetector(address, **options)
