"""The exporter and the robot, told what to do by the clients of two beamline control systems."""

from collections.abc import Iterator

import pytest
from md3_bench import Site
from outside_support import installed, use

pytestmark = installed


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


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
