from pathlib import Path

import pytest

from mxplans_sim.settings import DetectorSettings, SettingsError, load_world
from mxplans_sim.world.dewar import read_dewar

PROFILE = Path(__file__).parents[2] / "profiles/sim"


def test_the_demo_world_tells_of_samples_of_the_demo_shipment():
    settings = load_world(PROFILE / "world.yaml")
    names = {pin.name for pin in read_dewar(PROFILE / "shipment.json").values()}
    assert set(settings.samples) <= names
    assert [truth.empty for truth in settings.samples.values()].count(True) == 1
    assert [truth.no_diffraction for truth in settings.samples.values()].count(True) == 1


def test_the_beam_hits_the_middle_of_the_detector_unless_told_otherwise():
    assert DetectorSettings.model_validate({"nx": 100, "ny": 51}).beam_y_px == 25.0
    assert DetectorSettings.model_validate({"nx": 100, "beam_x_px": 3.0}).beam_x_px == 3.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("seeds: 3", "seeds: Extra inputs are not permitted"),
        ("detector: {nx: 0}", "detector.nx"),
        ("detector: {bit_depth: 8}", "allowed are 16 and 32"),
        ("speed_up: 0", "speed_up"),
        ("samples: {a: {emtpy: true}}", "samples.a.emtpy"),
        ("- 1", "not a world file"),
        ("a: [", "is not YAML"),
    ],
)
def test_a_wrong_world_file_is_refused_by_key(tmp_path, text, words):
    path = tmp_path / "world.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_world(path)


def test_an_empty_world_file_means_defaults_and_a_missing_one_is_refused(tmp_path):
    path = tmp_path / "world.yaml"
    path.write_text("")
    assert load_world(path).speed_up == 1.0
    with pytest.raises(SettingsError, match="cannot be read"):
        load_world(tmp_path / "no.yaml")


def test_a_speed_up_from_outside_goes_before_the_worlds_and_is_checked_alike(tmp_path):
    path = tmp_path / "world.yaml"
    path.write_text("speed_up: 3\n")
    assert load_world(path).speed_up == 3
    assert load_world(path, 7).speed_up == 7
    with pytest.raises(SettingsError, match="speed_up"):
        load_world(path, -1)
