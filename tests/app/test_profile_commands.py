"""`mxplans profile check`, `show`, `schema`, `diff`: what they say, and their exit codes."""

import json
import subprocess
import sys

import jsonschema
import pytest
import yaml
from profile_support import PROFILES, SIM, written
from typer.testing import CliRunner

from mxplans.app.cli import app
from mxplans.app.profile_show import as_yaml
from mxplans.app.profile_subject import profile_of
from mxplans.errors import InvalidInput
from mxplans.profile import load_profile
from mxplans.profile.yaml12 import plain, read_text

SITES = [PROFILES / "sim/beamline.yaml", PROFILES / "sim-md3/beamline.yaml"]


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")


def run(*arguments, code=0):
    """What a command prints."""
    answer = CliRunner().invoke(app, ["profile", *map(str, arguments)])
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    assert answer.exit_code == code, answer.output
    return answer.stdout


@pytest.mark.parametrize("path", [*SITES, PROFILES / "sim"])
def test_a_good_profile_is_good(path):
    assert run("check", path).endswith("11 devices, one service, one file: good\n")


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    text = SIM.read_text().replace("fine_zoom:", "fine_zom:").replace("distance_mm: 100", "distance_mm: far")
    said = run("check", written(tmp_path, top=text), code=2)
    assert "optical.fine_zom: unknown key; did you mean fine_zoom?" in said
    assert "collection.distance_mm: is 'far'; allowed is a plain number in mm" in said
    assert said.endswith("2 errors\n")


def test_settings_are_checked_with_the_classes_of_the_devices(tmp_path):
    text = SIM.read_text().replace("stamp: middle", "stamp: midle")
    path = written(tmp_path, top=text)
    load_profile(path)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "midle" in each)
    said = run("check", path, code=2)
    assert f"top.yaml:{line}:" in said
    assert "devices.viewer.settings.stamp" in said


def test_the_command_line_and_the_environment_count(monkeypatch):
    assert "limits.energy_ev: is 12700 in place of 12658" in run("check", SIM, "--set", "limits.energy_ev=12700")
    monkeypatch.setenv("MXPLANS__limits__energy_ew", "1")
    assert "environment MXPLANS__limits__energy_ew: error: " in run("check", SIM, code=2)


@pytest.mark.parametrize("path", SITES)
def test_what_is_shown_is_the_profile_again(tmp_path, path):
    shown = tmp_path / "shown.yaml"
    for option in ([], ["--origins"]):
        shown.write_text(run("show", path, *option))
        assert load_profile(shown) == load_profile(path)
    shown.write_text(run("show", path, "--json"))
    assert load_profile(shown) == load_profile(path)


def test_a_folder_stands_for_its_profile():
    assert run("show", SIM.parent, "--origins") == run("show", SIM, "--origins")


def test_origins_are_places_variables_options_and_defaults(tmp_path, monkeypatch):
    path = written(tmp_path, top="+include: [more.yaml]\n", more="timing:\n  row_turn_s: 1\n")
    monkeypatch.setenv("MXPLANS__timing__arm_s", "5")
    lines = run("show", path, "--origins", "--set", "name=Mine").splitlines()

    def origin(key):
        return next(line.split("  # ")[1] for line in lines if line.strip().startswith(f"{key}:"))

    assert origin("name") == "command line"
    assert origin("arm_s") == "environment MXPLANS__timing__arm_s"
    assert origin("row_turn_s") == f"{tmp_path}/more.yaml:2:15"
    assert origin("fine_zoom").startswith(f"{path}:")
    assert origin("hull_views") == "default"
    told = json.loads(run("show", path, "--origins", "--json"))
    assert told["origins"]["limits.aperture"] == told["origins"]["collection.aperture"] != "default"
    assert told["profile"]["timing"]["arm_s"] == 5


def test_secrets_are_shown_as_references(tmp_path):
    target = "\nlims:\n  targets:\n    ispyb: {type: ispyb, settings: {password: {file: /etc/mxplans/password}}}\n"
    path = written(tmp_path, top=SIM.read_text().split("\nlims:")[0] + target)
    assert "file: /etc/mxplans/password" in run("show", path)


def test_any_plain_values_are_written_as_they_are_read():
    values = {"a b": {"c": [], "d": {}, "e": [1, "2", None, True]}, "f": [{"g": [[1], [2]]}, [], "x: y"], "h": "- #"}
    assert plain(read_text(as_yaml(values), "x")) == values


def test_the_schema_of_editors_takes_the_shipped_profiles():
    schema = json.loads(run("schema"))
    for path in SITES:
        jsonschema.validate(yaml.safe_load(path.read_text()), schema)


def test_a_profile_does_not_differ_from_itself():
    assert run("diff", SIM, PROFILES / "sim") == ""


def test_differences_have_their_places(tmp_path):
    path = written(
        tmp_path, top=SIM.read_text().replace("step_um: 20", "step_um: 25").replace("  fine_zoom: Fine\n", "")
    )
    lines = run("diff", SIM, path, code=1).splitlines()
    assert lines[0] == "optical.fine_zoom"
    assert lines[1].startswith(f"  - Fine  {SIM}:")
    assert lines[2] == "  + null  default"
    assert lines[3] == "xray.step_um"
    assert lines[4].startswith("  - 20.0  ")
    assert lines[5].startswith(f"  + 25.0  {path}:")
    assert len(lines) == 6


XML = '<object class="Motor">\n  <username>Omega</username>\n  <step>{}</step>\n  <password>{}</password>\n</object>\n'


def of_mxcube(folder, step, password="abc", more=""):
    folder.mkdir()
    (folder / "omega.xml").write_text(XML.format(step, password))
    entry = f"_initialise_class:\n  class: a.b.Beamline\n_objects:\n  - omega: omega.xml\n{more}"
    (folder / "beamline_config.yml").write_text(entry)
    return folder


def test_folders_and_entries_of_mxcube_are_checked(tmp_path):
    folder = of_mxcube(tmp_path / "one", "007")
    for path in (folder, folder / "beamline_config.yml", folder / "omega.xml"):
        assert profile_of(path) is None
        said = run("check", path)
        assert "omega.xml:3:" in said
        assert "warning" in said
        assert said.endswith(": good\n")
    (folder / "beamline_config.yml").write_text("_initialise_class:\n  class: a.b.C\n_objects:\n  - phi: phi.xml\n")
    assert "phi" in run("check", folder, code=2)


def test_objects_of_an_entry_file_are_looked_up_where_mxcube_is_told_to(tmp_path):
    folder = of_mxcube(tmp_path / "shared", 1)
    (tmp_path / "variant").mkdir()
    entry = (folder / "beamline_config.yml").rename(tmp_path / "variant/beamline_config.yml")
    assert "object /omega is not found" in run("check", entry, code=2)
    assert "2 hardware objects" in run("check", entry, "--lookup", f"{entry.parent}:{folder}")
    for wrong in (folder, SIM / "beamline.yaml"):
        with pytest.raises(InvalidInput, match="--lookup"):
            run("check", wrong, "--lookup", str(folder))


def test_configurations_of_mxcube_differ_value_by_value_without_their_secrets(tmp_path):
    one, other = of_mxcube(tmp_path / "one", 1), of_mxcube(tmp_path / "two", 2, "hunter2", "  - phi: phi.xml\n")
    (other / "phi.xml").write_text('<object class="Motor"/>\n')
    said = run("diff", one, other, code=1)
    assert "/omega step\n  - 1  omega.xml:3:" in said
    assert "/phi\n  + phi.xml:1:1" in said
    assert "references" in said
    assert "/omega password\n  - (not shown)" in said
    assert "hunter2" not in said
    assert run("diff", one, one) == ""
    with pytest.raises(InvalidInput, match="give two of a kind"):
        run("diff", one, SIM)


def test_the_help_of_profiles_waits_for_nothing_heavy():
    code = (
        "import sys; from typer.testing import CliRunner; from mxplans.app.cli import app; "
        "assert CliRunner().invoke(app, ['profile', 'check', '--help']).exit_code == 0; "
        "assert not {'mxplans.profile', 'numpy', 'bluesky', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=50)
