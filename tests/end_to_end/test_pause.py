"""Pauses and an abort, on the virtual beamline in accelerated time: each image counts once, and the night goes on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "paused_night.py"
FRAMES = {"1": 40, "41": 40, "81": 40}
"""By the first image of each scan."""


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paused")
    done = subprocess.run(
        [sys.executable, SCRIPT, folder], check=False, capture_output=True, text=True, timeout=180, cwd=SCRIPT.parent
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(200)
def test_after_a_pause_the_scan_is_taken_again(nights):
    night = nights["paused"]
    assert night["paused"]
    assert night["verdict"] == "COLLECTED"
    assert night["runs"] == [[1, "success"], [41, "abort"], [41, "success"], [81, "success"]]
    assert night["frames"] == FRAMES


def test_after_an_abort_the_rest_is_taken(nights):
    night = nights["aborted"]
    assert night["paused"]
    assert night["runs"] == [[1, "success"], [41, "abort"]]
    assert night["committed"] == [1]
    assert night["runs_after"] == [[41, "success"], [81, "success"]]
    assert night["frames"] == FRAMES


@pytest.mark.timeout(200)
def test_a_pause_before_the_first_scan_repeats_what_it_interrupted_and_no_more(nights):
    night = nights["beset"]
    assert night["paused_at"] == ["sample_changer_load", "mx_phase", "goniometer_scan"]
    assert night["verdict"] == "COLLECTED", night["reason"]
    assert night["grids"] == [[1, "success"], [2, "abort"], [2, "success"]]
