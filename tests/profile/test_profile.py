"""Profiles: the shipped ones load; a wrong one says the key, the value and what to write."""

from pathlib import Path

import pytest

from mxplans.errors import InvalidProfile
from mxplans.profile import fill, load_profile

PROFILE = Path(__file__).parents[2] / "profiles/sim/beamline.yaml"


def changed(tmp_path: Path, old: str, new: str) -> Path:
    text = PROFILE.read_text()
    assert old in text
    path = tmp_path / "beamline.yaml"
    path.write_text(text.replace(old, new, 1))
    return path


def test_the_shipped_profile_has_the_experiment_that_the_demo_promises():
    sweep = load_profile(PROFILE).experiment.sweep
    assert (sweep.number_images, sweep.image_width_deg) == (900, 0.2)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fine_zoom: Fine", "fine_zom: Fine", "did you mean fine_zoom"),
        ("exposure_s: 0.01", "exposure_ms: 10", "wrong unit: this quantity is given in s"),
        ("distance_mm: 100", "distance_mm: 100 mm", "plain number in mm"),
        ("distance_mm: 100", "distance_mm: -1", "greater than 0, given is -1"),
        ("distance_mm: 100", "distance_mm: .nan", "collection.distance_mm"),
        ("speed_up: 5", "speed_up: 5\nspeed_up: 6", "'speed_up' stands twice"),
        ("schema: mxplans.profile/1", "schema: mxplans.profile/9", "mxplans.profile/1"),
        ("class: mxplans_devices:Smargon", "class: os.system", "class"),
        ("xray:", "xray: [", "not YAML"),
        ("step_um: 20", "step_um: 20\n  coarse_step_um: 20", "allowed is a larger one"),
        ("strategy: two grids", "strategy: three grids", "xray.strategy"),
        ("speed_up: 5", "speed_up: !!python/object/apply:os.getcwd []", "tag .*os.getcwd is not known"),
    ],
)
def test_a_wrong_profile_says_what_to_write(tmp_path, old, new, said):
    with pytest.raises(InvalidProfile, match=said):
        load_profile(changed(tmp_path, old, new))


def test_a_missing_profile_says_so(tmp_path):
    with pytest.raises(InvalidProfile, match="cannot be read"):
        load_profile(tmp_path / "none.yaml")


def test_words_stay_words(tmp_path):
    path = changed(tmp_path, "aperture: Small", "aperture: On")
    path.write_text(path.read_text().replace("    Small:", "    On:"))
    assert load_profile(path).xray.aperture == "On"


def test_an_unknown_placeholder_names_the_known_ones():
    with pytest.raises(InvalidProfile, match=r"\{oot\} is not known here; known are out"):
        fill("{oot}/data", {"out": "/somewhere"}, "devices.detector.settings")


def test_a_crystal_finder_looks_at_two_grids_only(tmp_path):
    finder = "  crystal_finder: {class: 'mxplans_devices:ZocaloCrystalFinder'}\n  beam:"
    assert "crystal_finder" in load_profile(changed(tmp_path, "  beam:", finder)).devices
    path = changed(tmp_path, "  beam:", finder)
    path.write_text(path.read_text().replace("strategy: two grids", "strategy: grid and line"))
    with pytest.raises(InvalidProfile, match="a crystal_finder looks at two whole grids"):
        load_profile(path)
