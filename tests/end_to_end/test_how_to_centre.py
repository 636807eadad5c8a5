"""The page for staff runs as it stands, block by block in one session, but for where it writes."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/how-to/centring.md"


def script_of(folder):
    """All blocks in their order; without matplotlib the one with a window must say what is missing."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    code = []
    for block in blocks:
        if "WindowClicks()" in block and importlib.util.find_spec("matplotlib") is None:
            inside = "".join(f"    {line}\n" for line in block.splitlines())
            block = f"try:\n{inside}except ValueError as told:\n    assert 'pip install matplotlib' in str(told)\n"
        code.append(block)
    whole = "\n".join(code)
    assert 'Path("manual")' in whole
    return whole.replace('Path("manual")', f'Path("{folder / "manual"}")')


@pytest.mark.timeout(150)
def test_every_block_runs(tmp_path):
    # As in IPython, the main module is no file: processes of the virtual beamline would run that again.
    command = [sys.executable, "-c", script_of(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, timeout=140, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = done.stdout
    assert "turned by" in said
    assert "click again at omega" in said
    assert "kappa_point_mm" in said
    assert len(list((tmp_path / "manual/data").rglob("*_data_000001.h5"))) >= 3
    assert (tmp_path / "manual/demo-1.stl").stat().st_size > 1000
