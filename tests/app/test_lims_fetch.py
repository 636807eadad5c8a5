"""`mxplans lims fetch`: what a source has becomes messages that a night can run."""

import json
from pathlib import Path

import pytest
import yaml
from night_support import SIM
from typer.testing import CliRunner

from mxplans.app.cli import app
from mxplans.errors import InvalidInput
from mxplans.model import build_queue, read_message
from mxplans.profile import ProfileRefused, load_profile

runner = CliRunner()


def profile_with(folder: Path, sources: dict[str, object]) -> Path:
    settings = yaml.safe_load((SIM / "beamline.yaml").read_text())
    settings["lims"]["sources"] = sources
    (folder / "beamline.yaml").write_text(yaml.safe_dump(settings))
    return folder / "beamline.yaml"


def test_messages_of_a_folder_that_are_left_to_do(tmp_path):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "demo.json").write_bytes((SIM / "shipment.json").read_bytes())
    inbox = {"type": "files", "settings": {"folder": "{profile_dir}/inbox"}}
    profile = profile_with(tmp_path, {"inbox": inbox})
    told = runner.invoke(app, ["lims", "fetch", "--profile", str(profile), str(tmp_path / "todo")])
    assert told.exit_code == 0, told.output
    (path,) = (tmp_path / "todo").iterdir()
    assert str(path) in told.output.replace("\n", "")
    sweep = load_profile(profile).experiment.sweep
    assert len(build_queue(read_message(path), sweep)) == len(json.loads(path.read_text())["Pin"])


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            {"type": "files", "settings": {"foldr": "inbox"}},
            "lims.sources.inbox.settings.foldr: unknown key; did you mean folder?",
        ),
        ({"type": "file", "settings": {"folder": "inbox"}}, "lims.sources.inbox.type: 'file' is not installed"),
    ],
)
def test_settings_that_are_wrong_are_told_with_their_place(tmp_path, source, told):
    profile = profile_with(tmp_path, {"inbox": source})
    ended = runner.invoke(app, ["lims", "fetch", "--profile", str(profile), str(tmp_path / "todo")])
    assert isinstance(ended.exception, ProfileRefused)
    (finding,) = [each for each in ended.exception.findings if told in f"{each.what}; {each.remedy}"]
    key = told.partition(": ")[0].rpartition(".")[2]
    assert f"{key}:" in profile.read_text().splitlines()[finding.place.line - 1]
    assert not (tmp_path / "todo").exists()


@pytest.mark.parametrize("sources", [{}, {"a": {"type": "files"}, "b": {"type": "files"}}])
def test_a_source_that_is_not_named(tmp_path, sources):
    told = runner.invoke(
        app, ["lims", "fetch", "--profile", str(profile_with(tmp_path, sources)), str(tmp_path / "todo")]
    )
    assert isinstance(told.exception, InvalidInput)
    assert "lims.sources" in str(told.exception)
