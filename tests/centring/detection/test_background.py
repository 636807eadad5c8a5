"""Backgrounds: how they are made, when they no longer hold, how they are kept."""

import json

import numpy as np
import pytest
from mount_pictures import picture
from viewer_support import at_motors

from mxplans.centring.detection import Background, Backgrounds, ClassicalDetector, freshness
from mxplans.errors import InvalidInput
from mxplans.model.detection import Look, Notion
from mxplans_sim.world.optics import ON_AXIS, Exposure, Viewer

COARSE, FINE = ON_AXIS.zooms


def frames(number=5, seed=1, exposure=None, zoom=COARSE):
    viewer = Viewer(seed)
    return [
        viewer.take(None, at_motors(0, 0, 0, 0), zoom, 0.004, exposure or Exposure(), index) for index in range(number)
    ]


def background(camera="viewer", zoom="Coarse", light_frac=1.0, time_s=10.0, seed=1):
    return Background.of(frames(seed=seed), camera, zoom, light_frac, time_s)


def test_the_median_takes_out_what_is_in_fewer_than_half_of_the_frames():
    clean, with_ice = frames(), [frame.copy() for frame in frames()]
    for index in range(2):
        with_ice[index][100 * index : 100 * index + 60, 200:300] = 10
    made = Background.of(with_ice, "viewer", "Coarse", 1.0, 10.0)
    off = made.image.astype(int) - Background.of(clean, "viewer", "Coarse", 1.0, 10.0).image
    assert np.abs(off).max() < 20
    assert np.abs(off).mean() < 0.2


def test_its_statistics_are_those_of_the_frames():
    taken = frames(9)
    statistics = Background.of(taken, "viewer", "Coarse", 1.0, 10.0).statistics
    assert statistics.frames == 9
    assert statistics.mean == pytest.approx(np.mean(taken), abs=0.5)
    assert statistics.noise == pytest.approx(np.stack(taken).std(axis=0).mean(), rel=0.1)
    assert (statistics.dark_frac, statistics.saturated_frac) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        (frames(4), "4 frames; take 5 or more"),
        ([*frames(4), frames(1)[0][:100]], "must be alike"),
        ([*frames(4), np.zeros((512, 680))], "float64"),
    ],
    ids=["few", "sizes", "type"],
)
def test_frames_that_make_none_are_refused(taken, told):
    with pytest.raises(InvalidInput, match=told):
        Background.of(taken, "viewer", "Coarse", 1.0, 10.0)


def test_it_holds_wherever_a_sample_is():
    for seed in range(60):
        each = picture(seed)
        assert freshness(each.look.image, each.look.background).fresh, seed


def test_it_holds_at_another_brightness():
    made = Background.of(frames(), "viewer", "Coarse", 1.0, 10.0)
    assert made.fresh(frames(1, exposure=Exposure(back_frac=0.4))[0])


@pytest.mark.parametrize("shift_px", [(60.0, 0.0), (0.0, -80.0), (-100.0, 100.0)])
def test_light_that_has_wandered_makes_it_stale(shift_px):
    made = Background.of(frames(), "viewer", "Coarse", 1.0, 10.0)
    assert not made.fresh(frames(1, exposure=Exposure(background_shift_px=shift_px))[0])


def test_a_flat_field_holds_though_nothing_in_it_correlates():
    dice = np.random.default_rng(0)
    flat = [dice.normal(150, 2, (512, 680)).astype(np.uint8) for _ in range(6)]
    made = Background.of(flat[:5], "viewer", "Fine", 1.0, 10.0)
    assert freshness(flat[5], made.image).correlation < 0.98
    assert made.fresh(flat[5])


def test_a_stale_one_is_not_used_and_said_to_be():
    each = picture(7, zoom=0)
    slope = np.linspace(1.0, 0.3, 680)[None, :]
    stale = (each.look.background * slope).astype(np.uint8)
    look = Look(each.look.image, each.look.um_per_px, each.look.pin_side, stale)
    alone = Look(each.look.image, each.look.um_per_px, each.look.pin_side)
    (found,), (without,) = ClassicalDetector().detect([look]), ClassicalDetector().detect([alone])
    assert found.evidence["background_stale"] is True
    assert found.evidence["background_correlation"] < 0.98
    assert np.array_equal(found.masks[Notion.FOREGROUND], without.masks[Notion.FOREGROUND])


def test_images_of_another_size_are_refused():
    with pytest.raises(InvalidInput, match="they must be alike"):
        background().fresh(np.zeros((100, 100), np.uint8))


def test_the_newest_of_a_view_is_kept():
    kept = Backgrounds()
    old, new, dim = background(time_s=10.0), background(time_s=20.0, seed=2), background(light_frac=0.5, time_s=30.0)
    for each in (old, new, dim):
        kept.put(each)
    assert len(kept) == 2
    assert kept.find("viewer", "Coarse", 1.0) is new
    assert kept.find("viewer", "Coarse", 0.501) is dim
    assert kept.image("viewer", "Coarse") is dim.image
    assert kept.find("viewer", "Fine") is None and kept.image("other", "Coarse") is None


def test_they_come_back_from_a_folder(tmp_path):
    kept = Backgrounds()
    grey = background()
    colour = Background.of(
        [np.repeat(frame[..., None], 3, axis=2) for frame in frames()], "side/../camera", "Zoom 1: wide", 0.25, 30.5
    )
    kept.put(grey)
    kept.put(colour)
    kept.save(tmp_path / "backgrounds")
    found = Backgrounds.load(tmp_path / "backgrounds")
    assert len(found) == 2
    for each in (grey, colour):
        back = found.find(each.camera, each.zoom, each.light_frac)
        assert np.array_equal(back.image, each.image)
        assert (back.time_s, back.statistics) == (each.time_s, each.statistics)
    assert {path.suffix for path in (tmp_path / "backgrounds").iterdir()} == {".png", ".json"}


def test_a_folder_that_is_not_there_holds_none(tmp_path):
    assert len(Backgrounds.load(tmp_path / "nowhere")) == 0


def _damage(path, name, value):
    told = json.loads(path.read_text())
    told[name] = value
    path.write_text(json.dumps(told))


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: told.write_text("{"),
        lambda told: told.write_text("[]"),
        lambda told: _damage(told, "time_s", float("nan")),
        lambda told: _damage(told, "statistics", {}),
        lambda told: told.with_suffix(".png").write_bytes(b"no picture"),
        lambda told: told.with_suffix(".png").write_bytes(b""),
        lambda told: told.with_suffix(".png").unlink(),
    ],
    ids=["json", "list", "nan", "statistics", "png", "empty", "missing"],
)
def test_damaged_files_are_told_by_their_name(tmp_path, damage):
    kept = Backgrounds()
    kept.put(background())
    kept.save(tmp_path)
    (told,) = tmp_path.glob("*.json")
    damage(told)
    with pytest.raises(InvalidInput, match=f"{told.name}.*take the background again"):
        Backgrounds.load(tmp_path)


def test_a_folder_keeps_what_is_put_and_loses_what_is_discarded(tmp_path):
    folder = tmp_path / "out" / "backgrounds"
    kept = Backgrounds.kept_in(folder)
    coarse, fine = background(), background(zoom="Fine")
    kept.put(coarse)
    kept.put(fine)
    again = Backgrounds.kept_in(folder)
    assert len(again) == 2
    assert np.array_equal(again.find("viewer", "Fine").image, fine.image)
    kept.discard(fine)
    assert kept.find("viewer", "Fine") is None
    assert len(Backgrounds.kept_in(folder)) == 1
    kept.discard(fine)  # not there any more


def test_a_newer_background_is_not_discarded_for_an_older_one():
    kept = Backgrounds()
    old, new = background(seed=1), background(seed=2)
    kept.put(old)
    kept.put(new)
    kept.discard(old)
    assert kept.find("viewer", "Coarse") is new


def test_a_damaged_file_costs_its_own_view_only(tmp_path, caplog):
    kept = Backgrounds.kept_in(tmp_path)
    for zoom in ("Coarse", "Fine"):
        kept.put(background(zoom=zoom))
    damaged = min(tmp_path.glob("*.json"))
    damaged.write_text("{")
    assert len(Backgrounds.kept_in(tmp_path)) == 1
    assert damaged.name in caplog.text and "take the background again" in caplog.text
