"""Images of real samples that people have labelled; the folder is given by MXPLANS_OAV."""

import importlib
import math
import os
import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest
from mount_pictures import foreground, overlap

from benchmarks.support.labelled import read_labelled
from mxplans.centring.detection import ClassicalDetector, freshness
from mxplans.model.detection import Look, PinSide

ROOT = Path(__file__).parents[3]
FOLDER = Path(os.environ.get("MXPLANS_OAV", ROOT / ".." / "shared" / "oav"))
LABELLED = list(read_labelled(FOLDER)) if FOLDER.is_dir() else []
needs_images = pytest.mark.skipif(
    not LABELLED, reason=f"no labelled images in {FOLDER}; name their folder in MXPLANS_OAV"
)
DETECTOR = ClassicalDetector()


def background(camera, zoom, shape):
    image = cv2.cvtColor(cv2.imread(str(FOLDER / "Backgrounds" / f"{camera}_zoom_{zoom}.jpg")), cv2.COLOR_BGR2RGB)
    return np.asarray(cv2.resize(image, shape[1::-1], interpolation=cv2.INTER_AREA))


def test_it_is_found_by_its_entry_point():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, name = project["entry-points"]["mxplans.sample_detectors"]["classical"].split(":")
    assert getattr(importlib.import_module(module), name) is ClassicalDetector


@needs_images
@pytest.mark.parametrize("turned", [False, True], ids=["as it is", "mirrored"])
@pytest.mark.parametrize("each", LABELLED, ids=lambda each: each.name[-30:])
def test_tip_and_mask_are_those_that_people_drew(each, turned):
    side, image = PinSide(each.pin_side), each.image
    if turned:
        side, image = PinSide("left" if side is PinSide.RIGHT else "right"), np.ascontiguousarray(image[:, ::-1])
    (found,) = DETECTOR.detect([Look(image, each.um_per_px, side)])
    mask, (column, row) = foreground(found), found.tip_px
    if turned:
        mask, column = mask[:, ::-1], image.shape[1] - 1 - column
    assert math.dist((column, row), each.tip_px) * each.um_per_px <= 30.0
    assert overlap(mask, each.foreground) >= 0.8


@needs_images
@pytest.mark.parametrize("camera", ["older_background", "background_mako_px2"])
@pytest.mark.parametrize("each", LABELLED, ids=lambda each: each.name[-30:])
def test_a_background_of_another_light_or_camera_is_stale_and_does_no_harm(each, camera):
    zoom = each.name.split("zoom_")[1].split("_")[0]
    foreign = background(camera, zoom, each.image.shape)
    assert not freshness(each.image, foreign).fresh
    (found,) = DETECTOR.detect([Look(each.image, each.um_per_px, PinSide(each.pin_side), foreign)])
    assert found.evidence["background_stale"] is True
    assert overlap(foreground(found), each.foreground) >= 0.8


@needs_images
@pytest.mark.parametrize("zoom", range(1, 11))
@pytest.mark.parametrize("camera", ["older_background", "background_mako_px2"])
@pytest.mark.parametrize("side", list(PinSide))
def test_light_without_a_sample_is_no_sample(camera, zoom, side):
    """Vignetting to black, a dark disc in the middle, dust: with no background at hand."""
    image = background(camera, zoom, (1024, 1360))
    noisy = np.clip(image + np.random.default_rng(zoom).normal(0, 1.5, image.shape), 0, 254).astype(np.uint8)
    (found,) = DETECTOR.detect([Look(noisy, 1.0, side)])
    assert not found.present
