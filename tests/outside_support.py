"""Running public clients that are not ours, in an environment of their own: `make outside-clients`."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = Path(os.environ.get("MXPLANS_OUTSIDE_CLIENTS", ROOT / ".venv-outside")) / "bin/python"
PROGRAM = Path(__file__).with_name("outside_clients.py")
installed = pytest.mark.skipif(not PYTHON.exists(), reason=f"no public clients at {PYTHON}; run make outside-clients")


def use(kind: str, *addresses: str) -> Any:
    """What a client found at our servers."""
    done = subprocess.run(
        [str(PYTHON), str(PROGRAM), kind, *addresses],
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("FOUND ")[2])
