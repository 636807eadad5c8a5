"""Scans: where the axes go, what the detector sees, how tasks end."""

import numpy as np
import pytest
from md3_bench import Site, Wire


@pytest.fixture
def ready(site: Site, wire: Wire) -> Wire:
    wire.task("startSetPhase", "DataCollection")
    site.bursts.clear()
    return wire


def test_a_standard_scan_exposes_its_range_where_the_sample_stands(site: Site, ready: Wire) -> None:
    ready.task("startSimultaneousMoveMotors", "AlignmentY=0.2,CentringX=0.1,CentringY=0.3")
    info = ready.task("startScanEx2", 1, 20, 5.0, 10.0, 1.0, 1)
    assert (info[0], info[4:]) == ("Scan Omega", ["true", "null", "1"])
    assert info[2] < info[3], "it has begun before its end"
    (burst,) = site.bursts
    np.testing.assert_allclose(burst.omega_start_deg, 5.0 + 0.5 * np.arange(20), atol=1e-9)
    assert burst.omega_width_deg == pytest.approx(0.5)
    assert burst.exposure_s == pytest.approx(0.05)
    np.testing.assert_allclose(burst.spindle_mm, np.tile([0.2, 0.3, -0.1], (20, 1)), atol=1e-9)
    assert ready.number("OmegaPosition") > 15.0, "it slows down behind the range"
    assert ready.ask("READ FastShutterIsOpen") == "RET:false"


def test_passes_go_back_and_forth(site: Site, ready: Wire) -> None:
    ready.task("startScanEx2", 1, 10, 0.0, 5.0, 2.0, 2)
    forth, back = site.bursts
    np.testing.assert_allclose(forth.omega_start_deg, 0.5 * np.arange(10), atol=1e-9)
    assert back.omega_start_deg[0] == pytest.approx(5.0)
    assert back.omega_width_deg == pytest.approx(-0.5)
    assert forth.exposure_s == back.exposure_s == pytest.approx(0.1), "2 s for two passes of ten images"


def test_a_four_dimensional_scan_moves_the_sample_along_a_line(site: Site, ready: Wire) -> None:
    ready.ask("WRTE ScanNumberOfFrames 4")
    # start_angle range exposure, then y z cx cy at the begin and at the end
    info = ready.task("startScan4DEx", 30.0, 8.0, 0.4, 0.1, 0, -0.2, 0.3, 0.5, 0, 0.2, -0.1)
    assert info[4:] == ["true", "null", "1"]
    (burst,) = site.bursts
    np.testing.assert_allclose(burst.omega_start_deg, [30.0, 32.0, 34.0, 36.0], atol=1e-9)
    # Middle of each quarter: x 0.1..0.5, y 0.3..-0.1, z = -CentringX: 0.2..-0.2
    middle = (np.arange(4) + 0.5) / 4
    expected = np.column_stack([0.1 + 0.4 * middle, 0.3 - 0.4 * middle, 0.2 - 0.4 * middle])
    np.testing.assert_allclose(burst.spindle_mm, expected, atol=1e-9)


@pytest.mark.parametrize("snake", [True, False])
@pytest.mark.parametrize("omega_deg", [0.0, 30.0, 90.0])
def test_a_raster_goes_line_by_line_down_the_image(site: Site, ready: Wire, omega_deg: float, snake: bool) -> None:
    # Three lines of five frames: 0.1 mm along omega, 0.04 mm between the first line and the last.
    info = ready.task("startRasterScanEx", 0, 0.1, 0.04, omega_deg, 0.2, 0, -0.3, 0.1, 3, 5, 0.5, snake, True, True)
    assert (info[0], info[4:]) == ("Raster Scan", ["true", "null", "1"])
    assert len(site.bursts) == 3
    angle = np.radians(omega_deg)
    for line, burst in enumerate(site.bursts):
        along = 0.2 + 0.02 * (np.arange(5) + 0.5)
        back = snake and line == 1
        np.testing.assert_allclose(burst.spindle_mm[:, 0], along[::-1] if back else along, atol=1e-9)
        y, z = burst.spindle_mm[:, 1], burst.spindle_mm[:, 2]
        start_height = 0.1 * np.cos(angle) - 0.3 * np.sin(angle)
        np.testing.assert_allclose(y * np.cos(angle) - z * np.sin(angle), start_height + 0.02 * line, atol=1e-9)
        start_depth = 0.1 * np.sin(angle) + 0.3 * np.cos(angle)
        np.testing.assert_allclose(y * np.sin(angle) + z * np.cos(angle), start_depth, atol=1e-9)
        np.testing.assert_allclose(burst.omega_deg, omega_deg, atol=1e-9)


def test_down_is_down_also_where_the_axes_run_the_other_way() -> None:
    with Site(goniometer={"kind": "mini-kappa", "omega_sign": -1, "y_sign": -1}) as site, site.wire() as wire:
        wire.task("startSetPhase", "DataCollection")
        wire.task("startRasterScanEx", 0, 0.1, 0.02, 60, 0, 0, 0, 0, 2, 5, 0.5, True, True, True)
        first, second = (burst.seen_mm(np.zeros((1, 3)))[0, 0] for burst in site.bursts)
        np.testing.assert_allclose((second - first)[1:], [0.02, 0.0], atol=1e-9)


def test_without_gate_pulses_the_detector_gets_one_pulse(site: Site, ready: Wire) -> None:
    ready.ask("WRTE DetectorGatePulseEnabled false")
    ready.task("startScanEx2", 1, 20, 0.0, 10.0, 1.0, 1)
    assert [len(burst.omega_start_deg) for burst in site.bursts] == [1]


def test_an_aborted_scan_closes_the_shutter_and_says_so(site: Site, ready: Wire) -> None:
    number = ready.call("startScanEx2", 1, 1000, 0.0, 100.0, 100.0, 1).removeprefix("RET:")
    ready.until("READ FastShutterIsOpen", "RET:true")
    assert ready.ask("WRTE FastShutterIsOpen false").startswith("ERR:a scan has the shutter")
    assert ready.call("setMotorPosition", "Kappa", 5.0).startswith("ERR:not ready: task")
    assert ready.call("abort") == "NULL"
    ready.until("READ State", "RET:Ready")
    info = ready.info(number)
    assert info[3] != "null"
    assert info[5:] == ["aborted by a client", "-1"]
    assert ready.ask("READ FastShutterIsOpen") == "RET:false"
    assert not site.world.scanner.running


def test_a_running_task_has_no_end(ready: Wire) -> None:
    number = ready.call("startScanEx2", 1, 100, 0.0, 100.0, 100.0, 1).removeprefix("RET:")
    info = ready.info(number)
    assert (info[3], info[4], info[5], info[6]) == ("null", "null", "null", "0")
    assert ready.call("getLastTaskInfo") == ready.ask("READ LastTaskInfo")
    ready.call("abort")
