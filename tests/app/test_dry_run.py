"""`mxplans dry-run` says what experiments take, and which of them may not run."""

import json
from pathlib import Path

import pytest

from mxplans.app.dry_run import print_dry_run, read_items
from mxplans.errors import InvalidInput
from mxplans.model import kinds
from mxplans.profile import load_profile

SIM = Path(__file__).parents[2] / "profiles/sim"
PROFILE = SIM / "beamline.yaml"
GOOD = kinds.multi_energy(
    sample_name="semet",
    energies_ev=[12658, 13000],
    number_images=900,
    image_width_deg=0.2,
    exposure_s=0.02,
    wedge_images=75,
)
TOO_FAST = kinds.rotation(sample_name="fast", number_images=10, image_width_deg=10, exposure_s=0.01)
LATER = kinds.energy_scan(sample_name="se", element="Se", edge="K")


def written(folder, content):
    path = folder / "asked.json"
    path.write_text(json.dumps(content))
    return path


def test_a_good_item_prints_its_table(tmp_path, capsys):
    assert print_dry_run(PROFILE, written(tmp_path, GOOD.to_json()))
    text = capsys.readouterr().out
    assert "order gsb" in text
    # 2 x 900 images of 0.02 s; 24 scans, each at another energy than the one before
    assert "exposure 36.0" in text
    assert "the detector is armed 24 times" in text


@pytest.mark.parametrize(("item", "told"), [(TOO_FAST, "120 deg/s or less"), (LATER, "no plan for energy scans yet")])
def test_what_may_not_run_is_told(tmp_path, capsys, item, told):
    assert not print_dry_run(PROFILE, written(tmp_path, [GOOD.to_json(), item.to_json()]))
    assert told in capsys.readouterr().out


def test_what_may_run_is_what_the_command_line_allows(tmp_path, capsys):
    path = written(tmp_path, GOOD.to_json())
    assert not print_dry_run(PROFILE, path, ["limits.energy_range_ev=[5000, 12900]"])
    assert "12900" in capsys.readouterr().out


def test_the_example_of_the_queue_server_needs_no_uuid(capsys):
    assert print_dry_run(PROFILE, SIM.parent / "queueserver/rotation.json")
    assert "within all limits" in capsys.readouterr().out


def test_a_shipment_is_a_list_of_items():
    assert len(read_items(SIM / "shipment.json", load_profile(PROFILE))) == 8


@pytest.mark.parametrize(("text", "told"), [("{", "cannot be read as JSON"), ('[{"sampleName": "x"}]', "item 1")])
def test_other_files_are_refused(tmp_path, text, told):
    path = tmp_path / "asked.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=told):
        read_items(path, load_profile(PROFILE))
