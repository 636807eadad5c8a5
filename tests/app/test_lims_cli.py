"""`mxplans lims`: what it says, what it changes, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mxplans.app.cli import app
from mxplans_lims.delivery import Step
from mxplans_lims.outbox import Outbox, spell

MXPLANS = str(Path(sys.executable).with_name("mxplans"))
ITEM = "11111111-2222-4333-8444-555555555555"
OTHER = "99999999-2222-4333-8444-555555555555"


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "night"
    (folder / "lims").mkdir(parents=True)
    (folder / "documents.jsonl").touch()
    return folder


@pytest.fixture
def outbox(out):
    with Outbox(out / "lims" / "outbox.sqlite") as outbox:
        outbox.set_target("ispyb", "ready")
        yield outbox


def steps(*keys):
    return spell([Step(key, {"comments": key}) for key in keys])


def run(*arguments):
    result = CliRunner().invoke(app, ["lims", *map(str, arguments)], env={"COLUMNS": "220"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def status(out):
    result = run("status", out, "--json")
    told = json.loads(result.stdout)
    assert told["exit_code"] == result.exit_code
    return told


def send(outbox, target="ispyb"):
    return outbox.claim(target, 300.0)


def test_all_is_well(out, outbox):
    outbox.put(ITEM, {"ispyb": steps("group")})
    outbox.done(send(outbox), {"group": "17"})
    told = status(out)
    (target,) = told["targets"]
    assert (told["exit_code"], target["state"], target["done"], target["oldest_s"]) == (0, "ready", 1, None)
    assert told["exporter"] == {"runs": False, "documents": 0, "unread_bytes": 0}
    assert told["journal"]["problem"] == ""
    shown = run("status", out).stdout
    assert "ispyb" in shown and "ready" in shown and f"mxplans lims send {out}" in shown.replace("\n", "")


def test_what_waits_is_exit_code_3_with_the_reason(out, outbox):
    outbox.put(ITEM, {"ispyb": steps("group", "end")})
    outbox.unreachable(send(outbox), "no answer from [db]; start it", 5.0)
    told = status(out)
    (target,) = told["targets"]
    assert (told["exit_code"], target["state"], target["pending"]) == (3, "away", 2)
    assert target["away_since_s"] >= target["oldest_s"] > 0
    assert "no answer from [db]; start it" in run("status", out).stdout


def test_a_folder_with_brackets_in_its_name_is_named_as_it_is(tmp_path):
    out = tmp_path / "[night" / "x]" / "[run] 1"
    out.mkdir(parents=True)
    (out / "documents.jsonl").touch()
    shown = [run("status", out).stdout, run("retry", out).stdout, run("replay", out).stdout]
    assert all("send" in text and "[run] 1" in text.replace("\n", "") for text in shown)


def test_a_fault_of_a_targets_program_is_shown_before_it_is_given_up(out, outbox):
    outbox.put(ITEM, {"ispyb": steps("group")})
    outbox.failed(send(outbox), "KeyError: 'beamline'", 5.0)
    assert "KeyError: 'beamline'" in run("status", out).stdout


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"pending_runs": 0, "failed": {}, "away_since": None}, 0),
        ({"pending_runs": 2, "failed": {}, "away_since": None}, 3),
        ({"pending_runs": 0, "failed": {}, "away_since": "2026-11-25T20:00:00+00:00"}, 3),
        ({"pending_runs": 0, "failed": {"a": "it is refused"}, "away_since": None}, 1),
    ],
)
def test_what_the_catalogue_lacks_counts_too(out, outbox, said, code):
    (out / "lims" / "tiled_state.json").write_text(json.dumps(said))
    assert status(out)["exit_code"] == code


def test_what_was_given_up_is_exit_code_1_and_can_be_tried_again(out, outbox):
    outbox.put(ITEM, {"ispyb": steps("group", "end")})
    outbox.put(OTHER, {"ispyb": steps("group")})
    outbox.refused(send(outbox), "comments is 2000 characters; allowed are 1024")
    told = status(out)
    (target,) = told["targets"]
    assert (told["exit_code"], target["dead"], target["held"], target["pending"]) == (1, 1, 1, 1)
    shown = run("show", out, ITEM[:8], "--payload").stdout
    assert "comments is 2000 characters" in shown and "held" in shown and '"comments": "group"' in shown
    assert "0 given up" in run("retry", out, "--item", OTHER).stdout
    assert "1 given up" in run("retry", out, "--target", "ispyb", "--item", ITEM).stdout
    assert status(out)["exit_code"] == 3


@pytest.mark.parametrize("state", ["misconfigured", "problem"])
def test_what_cannot_be_told_is_exit_code_1(out, outbox, state):
    if state == "misconfigured":
        outbox.set_target("ispyb", "misconfigured", "host: field required")
    else:
        outbox.put(ITEM, {"ispyb": "host: field required"})
    assert status(out)["exit_code"] == 1
    assert "host: field required" in run("status", out).stdout


def test_what_nobody_has_read_yet_waits(out, outbox):
    (out / "documents.jsonl").write_text('["stop", {}]\n')
    told = status(out)
    assert (told["exit_code"], told["exporter"]["unread_bytes"]) == (3, 13)
    subprocess.run([MXPLANS, "lims", "send", str(out)], check=True, timeout=50)
    assert status(out)["exporter"] == {"runs": False, "documents": 1, "unread_bytes": 0}
    assert status(out)["exit_code"] == 0


def test_what_the_catalogue_says_of_itself(out, outbox):
    path = out / "lims" / "tiled_state.json"
    path.write_text(json.dumps({"state": "away", "reason": "connection refused"}))
    assert status(out)["tiled"] == {"state": "away", "reason": "connection refused"}
    assert "connection refused" in run("status", out).stdout
    path.write_text('{"state": ')
    assert "cannot be read" in status(out)["tiled"]["problem"]


def test_show_gives_the_identifier_at_the_target(out, outbox):
    outbox.put(ITEM, {"ispyb": steps("group", "end")})
    outbox.done(send(outbox), {"group": "4711"})
    shown = run("show", out, ITEM).stdout
    assert "4711" in shown and "done" in shown and "pending" in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", ITEM[:3]), "2 experiments begin so"),
        (("show", "abc"), "no experiment begins so"),
        (("show", "1%"), "no experiment begins so"),
        (("retry", "--item", "abc"), "no experiment begins so"),
        (("retry", "--target", "icat"), "target icat is not known; allowed are ispyb"),
        (("replay", "--target", "icat"), "target icat is not known; allowed are ispyb"),
        (("replay", "--from-run", "abc"), "has no run abc"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_is_not_there_is_one_line_and_exit_code_2(out, outbox, arguments, told):
    outbox.put(ITEM, {"ispyb": steps("group")})
    outbox.put(ITEM.replace("2222", "3333"), {"ispyb": steps("group")})
    command, *others = arguments
    answer = subprocess.run(
        [MXPLANS, "lims", command, str(out), *others], capture_output=True, text=True, timeout=50, check=False
    )
    assert answer.returncode == 2, answer.stderr
    assert told in answer.stderr and "Traceback" not in answer.stderr


@pytest.mark.parametrize("command", [["status"], ["show", ITEM], ["retry"], ["replay"], ["send"]], ids=lambda c: c[0])
def test_a_folder_without_a_night_is_refused(tmp_path, command):
    answer = subprocess.run(
        [MXPLANS, "lims", command[0], str(tmp_path), *command[1:]],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert answer.returncode == 2
    assert "holds no documents.jsonl" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_sending_what_is_left_of_an_empty_night(out):
    answer = subprocess.run(
        [MXPLANS, "lims", "send", str(out)], capture_output=True, text=True, timeout=50, check=False
    )
    assert answer.returncode == 0, answer.stderr
