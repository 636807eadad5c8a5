"""The README's example runs as it stands, but for where it writes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(150)
def test_the_example_collects_its_frames(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert 'Path("manual")' in code
    script = tmp_path / "example.py"
    script.write_text(code.replace('Path("manual")', f'Path("{tmp_path / "manual"}")'))
    subprocess.run([sys.executable, script], cwd=ROOT, check=True, timeout=120, capture_output=True)
    assert len(list((tmp_path / "manual/data").rglob("*_data_000001.h5"))) == 1
