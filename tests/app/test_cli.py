"""The command line: help without waiting, errors in one line with a number."""

import subprocess
import sys
from pathlib import Path

import pytest

MXPLANS = str(Path(sys.executable).with_name("mxplans"))
ROOT = Path(__file__).parents[2]


def run(*arguments):
    return subprocess.run([MXPLANS, *map(str, arguments)], check=False, capture_output=True, text=True, timeout=50)


def test_help_names_the_commands():
    answer = run("--help")
    assert answer.returncode == 0
    assert "udc" in answer.stdout
    assert "tiled" in answer.stdout


@pytest.mark.parametrize("heavy", ["bluesky", "ophyd", "numpy", "tiled", "pydantic_core"])
def test_help_waits_for_nothing_heavy(heavy):
    code = f"import mxplans.app.cli, sys; assert '{heavy}' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)


@pytest.mark.parametrize("module", ["mxplans.model", "mxplans.geometry", "mxplans.profile", "mxplans.centring"])
def test_the_vocabulary_imports_neither_bluesky_nor_hardware(module):
    code = f"import {module}, sys; assert not {{'bluesky', 'ophyd', 'epics', 'tiled'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)


def test_a_missing_profile_is_one_line_and_exit_code_2(tmp_path):
    answer = run(
        "udc", "--profile", tmp_path / "none.yaml", "--out", tmp_path / "night", ROOT / "profiles/sim/shipment.json"
    )
    assert answer.returncode == 2
    assert answer.stderr.startswith("mxplans: profile")
    assert "Traceback" not in answer.stderr
    assert not (tmp_path / "night").exists()


def test_serving_a_folder_without_a_night_is_refused(tmp_path):
    answer = run("tiled", tmp_path)
    assert answer.returncode == 2
    assert "holds no documents.jsonl" in answer.stderr


def test_an_experiment_beyond_the_limits_is_refused_before_anything_starts(tmp_path):
    text = (ROOT / "profiles/sim/beamline.yaml").read_text()
    (tmp_path / "beamline.yaml").write_text(text.replace("exposure_s: 0.02", "exposure_s: 0.0005"))
    shipment = ROOT / "profiles/sim/shipment.json"
    answer = run("udc", "--profile", tmp_path / "beamline.yaml", "--out", tmp_path / "night", shipment)
    assert answer.returncode == 2
    assert "allowed is 0.004 s or more an image" in answer.stderr
    assert not (tmp_path / "night").exists()
