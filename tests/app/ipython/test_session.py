"""A session against the virtual beamline, fifty times faster than real time: one for all that people do in it."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

MXPLANS = str(Path(sys.executable).with_name("mxplans"))
HERE = Path(__file__).parent
ROOT = Path(__file__).parents[3]
FAST = ("--set", "speed_up=50")
ENDS_S = 10.0


def started_for(folder):
    """Processes whose command line has a folder in it."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it has just ended
        if int(path.parent.name) != os.getpid() and any(str(folder) in word for word in words):
            found.append(" ".join(words))
    return found


def left_behind(folder):
    """The same, when those that have been told to end have had the time for it."""
    until_s = time.monotonic() + ENDS_S
    while started_for(folder) and time.monotonic() < until_s:
        os.sched_yield()
    return started_for(folder)


def ipython(folder, *arguments, profile=ROOT / "profiles/sim/beamline.yaml", **environment):
    command = [MXPLANS, "ipython", "--profile", str(profile), "--out", str(folder / "out"), *map(str, arguments)]
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        timeout=180,
        cwd=ROOT,
        env={**os.environ, "IPYTHONDIR": str(folder / "ipython"), **environment},
    )


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    answer = ipython(folder, HERE / "script.py", *FAST, SEEN=str(folder / "seen.json"))
    assert answer.returncode == 0, answer.stdout[-3000:] + answer.stderr[-3000:]
    return folder, json.loads((folder / "seen.json").read_text()), answer


@pytest.fixture
def seen(done):
    return done[1]


@pytest.mark.timeout(240)
def test_the_names_are_there_and_tab_completes_plans_parameters_and_magics(seen):
    assert seen["names"] == ["RE", "bl", "catalog", "profile", "points", "goniometer"]
    assert seen["plans"] == [".helical", ".mesh", ".rotation", ".still", ".sweep"]
    assert seen["groups"] == [".centre", ".click"]
    assert "exposure_s=" in seen["keywords"]
    assert {"%mov", "%movr"} <= set(seen["magics"])


def test_a_question_mark_shows_units_and_an_example(seen):
    assert "Example:  RE(collect.rotation(number_images=900" in seen["question"]
    assert any(line.split()[:2] == ["exposure_s", "s"] for line in seen["question"].splitlines())


def test_where_all_is_with_units(seen):
    rows = [line.split() for line in seen["wa"].splitlines()]
    assert ["goniometer.omega", "0", "deg"] in rows
    assert ["beam.energy", "12658", "eV"] in rows


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("no axis", "goniometer has no omga; allowed are omega, x, y, z"),
        ("too far", "LimitExceeded: goniometer_x: 500 mm is outside of"),
        ("too much", "allowed is 0.004 s or more an image"),
        ("words", "%mount 1: 1 values are given; write %mount PUCK PIN, as 1 2"),
        ("not paused", "no plan is paused, the RunEngine is idle"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_write(seen, key, words):
    assert words in seen[key]


def test_axes_move_through_the_run_engine(seen):
    # The virtual encoder has steps of 0.0002 deg, the backlash some of them.
    assert seen["omega"] == pytest.approx(42.5, abs=0.01)
    assert ["aperture", "Small"] in [line.split() for line in seen["aperture"].splitlines()]


def test_the_status_names_the_mounted_sample_of_the_shipment(seen):
    assert "demo-1, puck 1 pin 1" in seen["mounted"]
    assert "ring current" in seen["mounted"]
    assert "GB free" in seen["mounted"]
    assert "down" not in seen["mounted"]


def test_the_catalogue_has_the_run_that_has_just_ended_with_its_frames(seen):
    assert seen["result"] == 1
    assert seen["start"] == ["rotation", "demo-1"]
    assert seen["frames"] == [20, 512, 512]
    assert seen["runs"] == ["rotation", "rotation", "grid", "count"]


def test_magics_mount_centre_and_collect(seen):
    assert "success" in seen["mount"]
    assert "OpticalCentre(" in seen["centre"]
    assert "Collected(scans=1" in seen["rotate"]
    assert "sample" in seen["status"]
    assert "success" in seen["unmount"]


def test_tables_and_figures_come_while_plans_run(seen, done):
    folder = done[0]
    assert "rotation  demo-1" in seen["rotate"]
    assert "goniometer_omega" in seen["ct"]  # bluesky's table
    assert "grid.png" in seen["mesh"]
    assert len(list((folder / "out/plots").glob("*_grid.png"))) == 1
    assert len(list((folder / "out/plots").glob("*_primary.png"))) == 1


def test_everything_stands_in_the_journal_and_nothing_is_left_running(done):
    folder = done[0]
    names = [json.loads(line)[0] for line in (folder / "out/documents.jsonl").read_text().splitlines()]
    assert names.count("start") == names.count("stop") == 5
    assert left_behind(folder) == []


@pytest.fixture
def broken(tmp_path):
    """The profile of the virtual beamline, with what can be wrong at a real one."""
    shutil.copytree(ROOT / "profiles/sim", tmp_path / "sim")
    path = tmp_path / "sim/beamline.yaml"
    text = path.read_text()
    for old, new in (
        ('{prefix: "{virtual_beamline.ca_prefix}DET:Z"}', '{prefix: "NOBODY:DET:Z"}'),
        ("mxplans_devices:Attenuator", "no_such_package:Attenuator"),
        ("\nservices:\n", "\nservices:\n  cryo:\n    command: [/no/such/program]\n"),
    ):
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return path


@pytest.mark.timeout(120)
def test_a_beamline_that_is_partly_down_says_what_and_why_and_the_rest_works(broken, tmp_path):
    lines = ("bl.status()", "RE(optical.look())", "%mov goniometer.omega 5", "%mov attenuator 0.5", "print('never')")
    commands = [word for line in lines for word in ("-c", line)]
    answer = ipython(tmp_path, *FAST, *commands, profile=broken)
    told = " ".join(answer.stdout.split())
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "did not connect within 5 s" in told
    assert "no_such_package" in told
    assert "/no/such/program cannot be started" in told
    assert "DeviceFault: attenuator cannot be used" in told
    assert told.count("success; runs: none") == 2
    assert "never" not in told
    assert left_behind(tmp_path) == []


@pytest.mark.timeout(60)
def test_without_processes_all_is_down_and_said_and_codes_tell_what_happened(tmp_path):
    without = ("--no-services", "-c")
    answer = ipython(tmp_path, *without, "bl.status()")
    assert answer.returncode == 0
    assert answer.stdout.count("--no-services") == 3  # the virtual beamline, the archive, the exporter
    refused = ipython(tmp_path, *without, "collect.rotation(1)")
    assert (refused.returncode, "InvalidInput: collect.rotation: missing" in refused.stdout) == (2, True)
    ended = ipython(tmp_path, *without, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert ended.returncode == 143
