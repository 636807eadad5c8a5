"""How long people wait: for a beamline to be read, for an import, for a prompt."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mxplans.profile import load_profile
from mxplans.profile.dialects.graph import load_graph
from mxplans.profile.places import errors_of
from support.profile_corpus import write_corpus

ROOT = Path(__file__).parents[2]
OBJECTS = 46
LOAD_LIMIT_S = 0.3
IMPORT_LIMIT_S = 0.3
READY_LIMIT_S = 6.0
REPEATS = 5

Figures = Iterator[dict[str, Any]]


def _limited(name: str, value: float, limit: float, ok: bool = True) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": "s", "goal": f"<= {limit:g}", "ok": ok and value <= limit}


def loading() -> Figures:
    """A beamline of MXCuBE with 46 objects, and a profile of ours; the first time counts, as for whoever starts once."""
    with tempfile.TemporaryDirectory(prefix="mxplans-corpus-") as scratch:
        # Of each ten files nine are motors, two of which the entry file leads to by way of the tenth.
        site = Path(scratch) / "site"
        write_corpus(site, (OBJECTS - 1) // 3 * 10)
        began = time.perf_counter()
        graph = load_graph(site / "beamline_config.yml")
        took_s = time.perf_counter() - began
    whole = len(graph.instances) == OBJECTS and not errors_of(graph.findings)
    yield _limited(f"load_{OBJECTS}_objects", took_s, LOAD_LIMIT_S, whole)
    began = time.perf_counter()
    load_profile(ROOT / "profiles/sim-md3/beamline.yaml")
    yield _limited("load_profile", time.perf_counter() - began, LOAD_LIMIT_S)


def importing() -> Figures:
    """`import mxplans` in a fresh process, the median of five."""
    code = "import time; began = time.perf_counter(); import mxplans; print(time.perf_counter() - began)"
    command = [sys.executable, "-c", code]
    times_s = [
        float(subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
        for _ in range(REPEATS)
    ]
    yield _limited("import_mxplans", statistics.median(times_s), IMPORT_LIMIT_S)


def prompt() -> Figures:
    """From the command to the first line that is run, on the virtual beamline with all its services."""
    with tempfile.TemporaryDirectory(prefix="mxplans-session-") as scratch:
        command = [Path(sys.executable).with_name("mxplans"), "ipython", "--profile", "profiles/sim/beamline.yaml"]
        line = "import time; print('READY', time.time(), len(bl.devices))"
        began = time.time()
        done = subprocess.run(
            [*map(str, command), "--out", f"{scratch}/session", "-c", line],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=ROOT,
        )
    said = next((text.split() for text in done.stdout.splitlines() if text.startswith("READY")), None)
    if said is None or done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        yield {"name": "ipython_ready", "value": -1, "unit": "s", "goal": f"<= {READY_LIMIT_S:g}", "ok": False}
        return
    yield _limited("ipython_ready", float(said[1]) - began, READY_LIMIT_S, int(said[2]) > 0)
