"""Clients that are not ours, from PyPI, in processes of their own.

They pin old versions of what we need, or are under the GPL, so that they are no part of our environment:
`pip install --target DIR --no-deps mxcubecore tangods-isara`, then gevent, colorama, PyDispatcher, ruamel.yaml, lxml and
telnetlib3 into the same folder, and `MXPLANS_OUTSIDE_CLIENTS=DIR`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from md3_bench import Site

FOLDER = os.environ.get("MXPLANS_OUTSIDE_CLIENTS", "")
PROGRAM = Path(__file__).parents[2] / "outside_clients.py"
pytestmark = pytest.mark.skipif(not FOLDER, reason="MXPLANS_OUTSIDE_CLIENTS names no folder")


def use(kind: str, *addresses: str) -> Any:
    path = os.pathsep.join([FOLDER, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(PROGRAM), kind, *addresses],
        check=False,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.rpartition("FOUND ")[2])


def test_the_exporter_client_of_mxcube(site: Site) -> None:
    found = use("exporter", site.facts["exporter_addr"])
    assert (found["name"], found["limits"]) == ("MD3", [-3.0, 3.0])
    assert (found["phase"], found["omega"]) == ("DataCollection", 12.5)
    for task, name in (("phase_task", "Set Phase DataCollection"), ("scan", "Scan Omega"), ("raster", "Raster Scan")):
        assert found[task][0] == name
        assert found[task][4:] == ["true", "null", "1"]
    assert "takes 14 parameters, 2 are given" in found["refusal"]
    assert found["states"] == ["Running", "Ready", "Moving", "Ready", "Running", "Ready", "Running", "Ready"]
    assert [len(burst.omega_start_deg) for burst in site.bursts] == [10] * 6


def test_the_robot_client_of_max_iv(site: Site) -> None:
    found = use("isara", site.facts["isara_operate_addr"], site.facts["isara_monitor_addr"])
    assert (found["model"], found["tool"]) == ("isara2", "DoubleGripper")
    assert found["replies"] == ["on", "reset", "soak", "put", "getput", "get"]
    assert (found["put"], found["sensed"], found["getput"], found["get"]) == ([1, 1], True, [2, 5], None)
    assert "Sample already on diffractometer" in found["refusal"]
