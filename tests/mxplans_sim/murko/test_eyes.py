"""How well the stand-in sees: known pictures, noise of a stated size, nothing of what it does not know."""

import cv2
import numpy as np
import pytest
from murko_support import HEIGHT, UM_PER_PX, WIDTH, coloured, picture, truth

from mxplans_sim.servers.murko.eyes import Eyes
from mxplans_sim.servers.murko.request import HEADS
from mxplans_sim.settings.analysis import MurkoSettings
from mxplans_sim.world.recent import FRAMES_KEPT, RecentFrames

EXACT = {"edge_um": 0.0, "jitter_um": 0.0}
PREDICTION_UM = 2 * UM_PER_PX  # of a pixel of the prediction


def disc(radius_px):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return (x - 320) ** 2 + (y - 256) ** 2 <= radius_px**2


def eyes_for(recent, seed=5, **settings):
    return Eyes(recent, MurkoSettings.model_validate(EXACT | settings), seed)


def many(number, masks):
    """Different pictures of the same thing."""
    recent = RecentFrames()
    grays = [picture(masks, seed) for seed in range(number)]
    for gray in grays:
        recent.keep(gray, UM_PER_PX, lambda: masks)
    return recent, [coloured(gray) for gray in grays]


def area_um2(head):
    return int((head > 0.5).sum()) * PREDICTION_UM**2


def test_without_noise_the_truth_comes_back(known):
    recent, image = known
    heads = eyes_for(recent).look(image)
    assert tuple(heads) == HEADS
    for head, mask in truth().items():
        assert np.array_equal(heads[head] > 0.5, mask[::2, ::2])  # rectangles with even corners
        assert heads[head].dtype == np.float32
        assert heads[head].shape == (256, 320)
        assert 0 <= heads[head].min() <= heads[head].max() <= 1


@pytest.mark.parametrize("erosion_um", [20.0, -20.0])
def test_erosion_moves_every_outline_by_its_length(erosion_um):
    recent, (image,) = many(1, {"crystal": disc(100)})
    head = eyes_for(recent, erosion_um=erosion_um).look(image)["crystal"]
    radius_um = np.sqrt(area_um2(head) / np.pi)
    assert radius_um == pytest.approx(200.0 - erosion_um, abs=1.5)


def test_outlines_wander_by_the_deviation_asked_for():
    recent, images = many(30, {"crystal": disc(100)})
    eyes = eyes_for(recent, edge_um=8.0, edge_length_um=40.0)
    radii_um = np.concatenate([_radii_um(eyes.look(image)["crystal"]) for image in images])
    assert radii_um.mean() == pytest.approx(200.0, abs=2.0)
    assert radii_um.std() == pytest.approx(8.0, rel=0.2)


def _radii_um(head):
    """Distance of the outline from the middle in 64 directions."""
    ways = np.arange(0, 120, 0.25)
    angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    rows = np.round(127.75 + np.outer(np.sin(angles), ways)).astype(int)
    columns = np.round(159.75 + np.outer(np.cos(angles), ways)).astype(int)
    return (head[rows, columns] > 0.5).sum(axis=1) * 0.25 * PREDICTION_UM


def test_the_jitter_shifts_all_heads_alike_by_the_deviation_asked_for():
    masks = {"crystal": disc(20), "loop": disc(100)}
    recent, images = many(60, masks)
    eyes = eyes_for(recent, jitter_um=10.0)
    centres_um = np.array([[_centre_um(heads[name]) for name in masks] for heads in map(eyes.look, images)])
    offsets_um = centres_um - [[127.75 * PREDICTION_UM, 159.75 * PREDICTION_UM]]
    assert np.abs(centres_um[:, 0] - centres_um[:, 1]).max() < 1.5
    assert offsets_um.std(axis=0) == pytest.approx(np.full((2, 2), 10.0), rel=0.35)


def _centre_um(head):
    return np.argwhere(head > 0.5).mean(axis=0) * PREDICTION_UM


def test_misses_come_as_often_as_asked_for():
    recent, images = many(80, {name: truth()[name] for name in ("loop", "crystal")})
    found = [heads["loop"].any() for heads in map(eyes_for(recent, miss_frac=0.3).look, images)]
    assert 1 - np.mean(found) == pytest.approx(0.3, abs=0.12)
    seen = list(map(eyes_for(recent, crystal_miss_frac=0.4).look, images))
    assert 1 - np.mean([heads["crystal"].any() for heads in seen]) == pytest.approx(0.4, abs=0.12)
    assert all(heads["loop"].any() for heads in seen)


def test_noise_depends_on_the_picture_and_the_seed_and_on_nothing_else():
    recent, images = many(3, truth())
    noisy = {"edge_um": 5.0, "jitter_um": 5.0}
    one, other, foreign = eyes_for(recent, **noisy), eyes_for(recent, **noisy), eyes_for(recent, seed=6, **noisy)
    forwards = [one.look(image)["loop"] for image in images]
    backwards = [other.look(image)["loop"] for image in reversed(images)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forwards, backwards, strict=True))
    assert not np.array_equal(forwards[0], forwards[1])
    assert not np.array_equal(forwards[0], foreign.look(images[0])["loop"])


def compressed(image, quality):
    done, content = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    return cv2.imdecode(content, cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: compressed(image, 50),
        lambda image: cv2.resize(image, (320, 256), interpolation=cv2.INTER_AREA),
        lambda image: cv2.resize(compressed(image, 80), (1280, 1024)),
        lambda image: (image * [1.0, 0.9, 0.8]).astype(np.uint8),  # white balance
    ],
)
def test_a_picture_is_known_again_when_it_was_compressed_scaled_or_tinted(known, change):
    recent, image = known
    heads = eyes_for(recent).look(change(image))
    assert np.array_equal(heads["loop"] > 0.5, truth()["loop"][::2, ::2])


def test_what_is_not_known_shows_nothing(known):
    recent, image = known
    moved = {name: np.roll(mask, 60, axis=0) for name, mask in truth().items()}
    strangers = [
        coloured(picture(moved)),
        image[::-1],
        np.full_like(image, 128),
        np.random.default_rng(1).integers(0, 255, image.shape, dtype=np.uint8),
    ]
    for stranger in strangers:
        assert not any(head.any() for head in eyes_for(recent).look(np.ascontiguousarray(stranger)).values())


def test_of_similar_pictures_the_most_similar_one_counts():
    recent = RecentFrames()
    pictures = []
    for shift in range(0, 60, 4):
        masks = {name: np.roll(mask, shift, axis=0) for name, mask in truth().items()}
        pictures.append((picture(masks, shift), masks))
        recent.keep(pictures[-1][0], UM_PER_PX, lambda masks=masks: masks)
    for gray, masks in pictures:
        heads = eyes_for(recent).look(compressed(coloured(gray), 75))
        assert np.array_equal(heads["loop"] > 0.5, masks["loop"][::2, ::2])


def test_only_the_latest_are_remembered():
    recent = RecentFrames()
    frames = [np.random.default_rng(k).integers(0, 255, (60, 80), dtype=np.uint8) for k in range(FRAMES_KEPT + 1)]
    for number, frame in enumerate(frames):
        recent.keep(frame, float(number + 1), dict)
    assert len(recent) == FRAMES_KEPT
    assert recent.find(frames[0], 0.99) is None
    assert recent.find(frames[1], 0.99).um_per_px == 2.0
    assert recent.find(frames[-1].reshape(80, 60), 0.99) is None  # the same bytes in another shape
    recent.keep(frames[1], 77.0, dict)  # seen again: the latest of the same counts
    assert recent.find(coloured(frames[1]), 0.99).um_per_px == 77.0
