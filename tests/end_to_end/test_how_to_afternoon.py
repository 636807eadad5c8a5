"""The page for a new beamline runs as it stands: each command prints what the page says, up to a first rotation."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/beamline-in-an-afternoon.md"
REST = r"(?:.*\n)*?"


def steps():
    """Each command with what it is to print, in order; a script that the page has its reader save is a step too."""
    for kind, block in re.findall(r"```(console|python)\n(.*?)```", PAGE.read_text(), re.DOTALL):
        if kind == "python":
            yield ("first.py", block)
            continue
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield (command, printed)


def as_printed(text):
    """What matches the text of the page: `...` stands for any lines, within a line for any characters."""
    lines = [
        REST if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + r" *\n" for line in text.splitlines()
    ]
    return re.compile("".join(lines))


def beside(folder):
    """A folder in which the page's paths lead where they do in a checkout."""
    for name in ("profiles", "docs"):
        (folder / name).symlink_to(ROOT / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1"}


@pytest.mark.timeout(240)
def test_every_step_prints_what_the_page_says(tmp_path):
    environment = beside(tmp_path)
    ran = 0
    for command, printed in steps():
        if command == "first.py":
            (tmp_path / "first.py").write_text(printed)
            continue
        run = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert as_printed(printed).fullmatch(run.stdout), f"$ {command}\n{run.stdout}\n{run.stderr[-2000:]}"
        ran += 1
    assert ran > 15
    assert len(list((tmp_path / "first/data").rglob("*_data_000001.h5"))) == 1
