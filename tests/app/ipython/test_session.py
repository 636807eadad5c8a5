"""A session against the virtual beamline, fifty times faster than real time: one for all that people do in it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ipython_support import ROOT, left_behind, page_lines

MXPLANS = str(Path(sys.executable).with_name("mxplans"))
HERE = Path(__file__).parent
FAST = ("--set", "speed_up=50")
NO_ARCHIVE = ("--set", "archive=null")
"""Where nothing is looked up: its libraries take long to load."""
NOISE_DEG = 0.01
"""What a move may be off; the virtual encoder has steps of 0.0002 deg."""


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
    lines = [*page_lines(), f"%run -i {HERE / 'people.ipy'}"]
    commands = [word for line in lines for word in ("-c", line)]
    startup = ROOT / "profiles/ipython/startup.py"
    answer = ipython(folder, "--startup", startup, *FAST, *commands, SEEN=str(folder / "seen.json"))
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
    rows = {words[0]: words[1:] for words in (line.split() for line in seen["wa"].splitlines())}
    assert float(rows["goniometer.omega"][0]) == pytest.approx(0, abs=NOISE_DEG)  # where the robot wants it
    assert rows["goniometer.omega"][1:] == ["deg"]
    assert rows["beam.energy"] == ["12658", "eV"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("no axis", "goniometer has no omga; allowed are omega, x, y, z"),
        ("too far", "LimitExceeded: goniometer_x: 500 mm is outside of"),
        ("too much", "allowed is 0.004 s or more an image"),
        ("words", "%mount 1: 1 values are given; write %mount PUCK PIN, as 1 2"),
        ("open quotation", "are no pairs of axis and value; write goniometer.omega 90"),
        ("not paused", "no plan is paused, the RunEngine is idle"),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_write(seen, key, words):
    assert words in seen[key]


def test_axes_move_through_the_run_engine(seen):
    assert seen["omega"] == pytest.approx(42.5, abs=NOISE_DEG)
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
    assert seen["runs"][-6:] == ["rotation", "rotation", "grid", "rotation", "still", "count"]


def test_magics_mount_centre_and_collect(seen):
    assert "success" in seen["mount"]
    assert "OpticalCentre(" in seen["centre"]
    assert "Collected(scans=1" in seen["rotate"]
    assert "sample" in seen["status"]
    assert "success" in seen["unmount"]


def test_a_helical_scan_moves_the_sample_from_one_place_to_the_other(seen):
    # 0.05 mm in ten images of 0.02 s; then it slows down from 0.25 mm/s, for less than 0.2 s.
    assert 0.05 < seen["travel_mm"] < 0.05 + 0.25 * 0.2
    assert "success" in seen["helical"]
    assert "success" in seen["still"]


def test_tables_and_figures_come_while_plans_run(seen, done):
    folder = done[0]
    assert "rotation  demo-1" in seen["rotate"]
    assert "goniometer_omega" in seen["ct"]  # bluesky's table
    assert "grid.png" in seen["mesh"]
    figures = [path.name for path in (folder / "out/plots").iterdir()]
    assert len([name for name in figures if name.endswith("_grid.png")]) == 3  # two of X-ray centring, one mesh
    assert len([name for name in figures if name.endswith("_primary.png")]) == 3  # a scan, the site's plan, a count


def test_everything_stands_in_the_journal_and_nothing_is_left_running(done):
    folder = done[0]
    documents = [json.loads(line) for line in (folder / "out/documents.jsonl").read_text().splitlines()]
    starts = [document for name, document in documents if name == "start"]
    ends = [document["exit_status"] for name, document in documents if name == "stop"]
    assert {start["plan_name"] for start in starts} == {
        *("optical_centring", "xray_centring", "sample", "scan", "rocking", "count"),
        *("rotation", "grid", "still"),
    }
    assert ends == ["success"] * len(starts)
    assert left_behind(folder) == []


def test_the_page_runs_as_it_stands_with_the_start_up_file_of_a_site(done):
    told = done[2].stdout
    assert "Example:  RE(collect.rotation(number_images=900" in told
    assert "XrayCentre(crystals=" in told
    assert "rocking" in told
    assert "goniometer.omega" in told
    journal = (done[0] / "out/documents.jsonl").read_text()
    assert '"facility": "a synchrotron"' in journal or '"facility":"a synchrotron"' in journal


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
    lines = (
        "bl.status()",
        'bl.reconnect("viewer")',
        "RE(optical.look())",
        "%mov goniometer.omega 5",
        "%mov attenuator 0.5",
        "print('never')",
    )
    commands = [word for line in lines for word in ("-c", line)]
    answer = ipython(tmp_path, *FAST, *NO_ARCHIVE, *commands, profile=broken)
    told = " ".join(answer.stdout.split())
    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "did not connect within 5 s" in told
    assert "no_such_package" in told
    assert "/no/such/program cannot be started" in told
    assert "DeviceFault: attenuator cannot be used" in told
    assert "viewer is connected" in told
    assert told.count("success; runs: none") == 2
    assert "never" not in told
    assert left_behind(tmp_path) == []


@pytest.mark.timeout(60)
def test_without_processes_all_is_down_and_the_code_tells_what_happened(tmp_path):
    without = ("--no-services", "-c")
    line = "RE(collect.rotation(10, 0.2, 0.02, energy_ev=12.6))"
    refused = ipython(tmp_path, *without, "bl.status()", "-c", line)
    assert refused.returncode == 2
    assert refused.stdout.count("--no-services") == 3  # the virtual beamline, the archive, the exporter
    assert "energy_ev: Input should be greater than or equal to 1000, given is 12.6" in refused.stdout
    assert "Traceback" not in refused.stdout
