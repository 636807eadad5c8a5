"""The guide shows what happens: its files are migrated, and what it quotes is in them or is said."""

import re
from pathlib import Path

import pytest
from migration_support import EXAMPLE, contents
from typer.testing import CliRunner

from mxplans.app.cli import app

PAGE = EXAMPLE.parent.with_suffix(".md")
AFTER = EXAMPLE.parent / "after"


def blocks(language):
    """What the page quotes."""
    found = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    result = tmp_path_factory.mktemp("guide") / "result"
    said = CliRunner().invoke(app, ["profile", "migrate", str(EXAMPLE), str(result)], env={"COLUMNS": "160"})
    assert said.exit_code == 0
    return result, said.stdout


def test_the_files_after_are_what_is_written_today(migrated):
    result, _ = migrated
    told = f"make them again: mxplans profile migrate {EXAMPLE} {AFTER}"
    assert contents(result) == contents(AFTER), told


@pytest.mark.parametrize(("language", "folder"), [("xml", EXAMPLE), ("yaml", AFTER)])
def test_quoted_files_are_files(language, folder):
    files = {content.decode() for content in contents(folder).values()}
    for block in blocks(language):
        assert block in files


def test_quoted_lines_are_said(migrated):
    _, said = migrated
    for line in blocks("text")[0].splitlines():
        assert line in said.splitlines()


def test_links_of_the_page_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", PAGE.read_text())
    assert targets
    for target in targets:
        assert (Path(PAGE).parent / target).exists(), target
