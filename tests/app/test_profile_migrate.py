"""`mxplans profile migrate`: what it says and where, its exit codes, and the page."""

import os
import re
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from migration_support import contents, state, write_files, write_site
from typer.testing import CliRunner

from mxplans.app.cli import app
from mxplans.errors import InvalidProfile
from mxplans.profile import yaml12


@pytest.fixture
def site(tmp_path):
    return write_site(tmp_path / "site")


@pytest.fixture
def result(tmp_path):
    return tmp_path / "result"


def run(*arguments):
    result = CliRunner().invoke(app, ["profile", "migrate", *map(str, arguments)], env={"COLUMNS": "120"})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_it_says_what_was_counted_and_what_became_of_the_files(site, result):
    said = run(site, result)
    assert said.exit_code == 0
    assert f"{site} to {result}: done" in said.stdout
    rows = {match[1]: match.groups()[1:] for match in re.finditer(r"│ (\S.*?) +│ +(\d+) │ +(\d+) │", said.stdout)}
    assert rows["objects"] == ("4", "4")
    assert rows["references"] == ("4", "4")
    assert rows["instances, beamline_config.yml"] == ("4", "4")
    assert "converted: 4" in said.stdout
    assert "icons.xml: no hardware object" in said.stdout
    assert "md/omega.yaml: root, channels" in said.stdout
    assert "md/minidiff.xml:4:3: limits: (4, 20)" in said.stdout
    assert said.stderr == ""


def test_the_second_time_it_is_unchanged(site, result):
    run(site, result)
    before = state(result)
    said = run(site, result)
    assert said.exit_code == 0
    assert "unchanged" in said.stdout
    assert state(result) == before


def test_a_dry_run(site, result):
    said = run(site, result, "--dry-run")
    assert said.exit_code == 0
    assert "would be done" in said.stdout
    assert not result.exists()


def test_one_object_and_its_subtree(site, result):
    assert "converted: 1" in run(site, result, "--only", "md/minidiff.xml").stdout
    assert "converted: 3" in run(site, site, "--only", "/md/minidiff", "--subtree").stdout


def test_what_is_wrong_stands_on_stderr_with_its_place(site, result):
    write_files(site, {"energy.xml": "<object class='E'>\n<a>\n</object>"})
    before = state(site.parent)
    said = run(site, result)
    assert said.exit_code == 2
    assert re.search(r"^energy\.xml:3:\d+: error: ", said.stderr, re.MULTILINE)
    assert "refused" in said.stdout
    assert state(site.parent) == before


class _Links(HTMLParser):
    """What a page would load."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for key, value in attrs if key in ("src", "href", "srcset", "data")]
        self.found += [tag] if tag in ("script", "link", "iframe", "img") else []


def test_the_page_tells_the_same_and_needs_nothing_from_outside(site, result, tmp_path):
    write_files(
        site, {"md/omega.xml": "<device class='M'>\n<a>&lt;script&gt;('x')&lt;/script&gt;</a><n>007</n>\n</device>"}
    )
    write_files(site, {"b<b>.xml": "<object class='B'><n>007</n></object>"})
    page = tmp_path / "report.html"
    assert run(site, result, "--report", page).exit_code == 0
    text = page.read_text()
    links = _Links()
    links.feed(text)
    assert links.found == []
    assert "@import" not in text
    assert "url(" not in text
    assert '<td>objects</td><td class="number">5</td><td class="number">5</td>' in text
    assert "b&lt;b&gt;.yaml" in text
    assert "<b>" not in text
    assert "property n: " in text


def test_a_page_of_a_refusal_says_why(site, result, tmp_path):
    write_files(site, {"energy.xml": "<object class='E'>"})
    page = tmp_path / "report.html"
    assert run(site, result, "--report", page).exit_code == 2
    assert "Why nothing was written" in page.read_text()
    assert "energy.xml:1" in page.read_text()


def test_names_that_are_no_utf_8_are_shown_with_escapes(site, result, tmp_path):
    name = os.fsencode(site) + b"/caf\xe9.xml"
    with open(name, "wb") as file:
        file.write(b"<object class='C'/>")
    page = tmp_path / "report.html"
    said = run(site, result, "--report", page)
    assert said.exit_code == 0
    assert "caf\\udce9.xml: no hardware object" in said.stdout
    assert "caf\\udce9.xml" in page.read_text()
    assert os.path.exists(os.fsencode(result) + b"/caf\xe9.xml")


def test_a_terminal_that_is_gone_does_not_cost_the_page(site, result, tmp_path):
    page = tmp_path / "page.html"
    command = [Path(sys.executable).with_name("mxplans"), "profile", "migrate", site, result, "--report", page]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        subprocess.run(list(map(str, command)), stdout=writing, stderr=subprocess.DEVNULL, check=False, timeout=50)
    finally:
        os.close(writing)
    assert result.exists()
    assert "</html>" in page.read_text()


def test_a_page_without_a_folder_is_refused_before_anything_is_done(site, result, tmp_path):
    with pytest.raises(InvalidProfile, match="there is no folder"):
        run(site, result, "--report", tmp_path / "nowhere" / "report.html")
    assert not result.exists()


def test_a_page_within_the_folders_is_refused(site, result):
    with pytest.raises(InvalidProfile, match="give a file outside of it"):
        run(site, result, "--report", site / "report.html")
    assert not result.exists()


@pytest.mark.parametrize("in_place", [False, True])
def test_sigterm_in_the_middle_leaves_nothing(site, result, in_place):
    write_files(site, {f"more/o{number}.xml": f"<object class='O'><n>{number}</n></object>" for number in range(600)})
    before = state(site.parent)
    destination = site if in_place else result
    command = [Path(sys.executable).with_name("mxplans"), "profile", "migrate", site, destination]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not list(site.parent.glob(".*.new-*")):
            pass
        process.terminate()
        process.wait(40)
    assert process.returncode == 128 + signal.SIGTERM
    assert state(site.parent) == before


def test_to_a_profile(site, result):
    said = run(site, result, "--to", "mxplans")
    assert said.exit_code == 0
    assert "pieces: to do" in said.stdout
    assert list(contents(result)) == ["beamline.yaml", "todo.md"]
    profile = yaml12.plain(yaml12.read_node(result / "beamline.yaml"))
    assert profile["schema"] == "mxplans.profile/1"
    assert "/md/minidiff" in (result / "todo.md").read_text()
    before = state(result)
    assert "unchanged" in run(site, result, "--to", "mxplans").stdout
    assert state(result) == before


def test_a_profile_that_was_worked_on_is_not_written_over(site, result):
    run(site, result, "--to", "mxplans")
    (result / "beamline.yaml").write_text("mine: 1\n")
    with pytest.raises(InvalidProfile, match=r"beamline\.yaml has other content"):
        run(site, result, "--to", "mxplans")
    assert (result / "beamline.yaml").read_text() == "mine: 1\n"


def test_of_several_entry_files_one_is_named(site, result):
    write_files(site, {"test/beamline.yaml": "class: a.B\nobjects: {energy: energy.xml}\n"})
    with pytest.raises(InvalidProfile, match=r"several entry files: beamline_config\.yml, test/beamline\.yaml"):
        run(site, result, "--to", "mxplans")
    assert run(site, result, "--to", "mxplans", "--only", "test/beamline.yaml").exit_code == 0
    todo = (result / "todo.md").read_text()
    assert "- [ ] `/md/minidiff`, `Minidiff.Minidiff` (`md/minidiff.xml:1:1`)" in todo.partition("does not lead to")[2]
    assert "/energy" not in todo.partition("does not lead to")[2]


def test_a_broken_folder_gives_no_profile(site, result):
    write_files(site, {"energy.xml": "<object class='E'>"})
    said = run(site, result, "--to", "mxplans")
    assert said.exit_code == 2
    assert "energy.xml:1" in said.stderr
    assert not result.exists()


def test_a_table_of_the_site(site, result, tmp_path):
    table = tmp_path / "table.yaml"
    table.write_text("rows: [1]\n")
    with pytest.raises(InvalidProfile, match=r"table\.yaml"):
        run(site, result, "--to", "mxplans", "--table", table)
    assert not result.exists()
