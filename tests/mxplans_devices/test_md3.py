"""The devices of a micro-diffractometer against the virtual one, over TCP and HTTP."""

import asyncio
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from beamline_support import value, wait, wait_until
from md3_bench import Site

from mxplans.errors import DeviceFault, InvalidInput, LimitExceeded
from mxplans.geometry import GridPlan
from mxplans.model.acquisition import Pose, ScanMotion
from mxplans.roles import ROLES, BacklightState, ShutterState
from mxplans_devices.md3 import MD3Aperture, MD3Backlight, MD3Goniometer, MD3Phase, MD3Shutter, MD3Viewer
from mxplans_sim.servers.exporter.values import Refused

pytestmark = pytest.mark.usefixtures("no_new_threads")
ORIGIN = Pose(x_mm=0.0, y_mm=0.0, z_mm=0.0, omega_deg=0.0)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


Make = Callable[..., Any]


@pytest.fixture
def make(site: Site) -> Iterator[Make]:
    """Builds devices as a profile does, connects them, and closes them at the end."""
    made: list[Any] = []

    def build(cls: Any, name: str, **settings: Any) -> Any:
        device = cls(name=name, address=site.facts["exporter_addr"], **settings)
        made.append(device)
        device.wait_for_connection(timeout=5)
        return device

    yield build
    for device in made:
        device.destroy()


@pytest.fixture
def goniometer(make: Make) -> Any:
    return make(MD3Goniometer, "goniometer")


@pytest.fixture
def collecting(goniometer: Any, make: Make) -> Any:
    """The goniometer in the phase for data collection."""
    wait(make(MD3Backlight, "backlight").set(BacklightState.OUT))
    return goniometer


def test_every_device_fulfils_its_role(site: Site, make: Make, goniometer: Any, tmp_path: Path) -> None:
    devices = {
        "goniometer": goniometer,
        "viewer": make(MD3Viewer, "viewer", url=site.camera_url, root=tmp_path),
        "fast_shutter": make(MD3Shutter, "fast_shutter"),
        "backlight": make(MD3Backlight, "backlight"),
        "aperture": make(MD3Aperture, "aperture"),
    }
    units: dict[str, Any] = {}
    for role, device in devices.items():
        assert isinstance(device, ROLES[role])
        assert device.name == role
        units |= {key: full.get("units") for key, full in device.describe().items()}
        assert device.read().keys() == device.describe().keys()
    assert units == {
        **{f"goniometer_{axis}": "deg" for axis in ("omega", "kappa", "phi")},
        **{f"goniometer_{axis}": "mm" for axis in ("x", "y", "z")},
        "viewer_um_per_px": "um",
        "viewer_beam_x_px": "px",
        "viewer_beam_y_px": "px",
        "viewer_snapshot_file": None,
        "fast_shutter": None,
        "backlight": None,
        "aperture": None,
        "aperture_beam_size": "um",
    }


def test_motors_move_in_their_roles(site: Site, goniometer: Any) -> None:
    wait(goniometer.omega.set(30.0), goniometer.x.set(0.25), goniometer.y.set(-0.5), goniometer.z.set(0.125))
    wait(goniometer.kappa.set(40.0), goniometer.phi.set(-15.0))
    reached = {name: axis.position for name, axis in site.world.axes.items()}
    assert reached == pytest.approx({"omega": 30, "x": 0.25, "y": -0.5, "z": 0.125, "kappa": 40, "phi": -15})
    read = {key.removeprefix("goniometer_"): reading["value"] for key, reading in goniometer.read().items()}
    assert read == pytest.approx(reached)


def test_the_signs_of_a_profile_count(site: Site, make: Make) -> None:
    axes = {"omega": {"motor": "Omega", "sign": -1}, "z": {"motor": "CentringX", "sign": 1}}
    goniometer = make(MD3Goniometer, "goniometer", axes=axes)
    wait(goniometer.omega.set(30.0), goniometer.z.set(0.5))
    assert site.world.axes["omega"].position == pytest.approx(-30.0)
    assert site.world.axes["z"].position == pytest.approx(-0.5)
    assert value(goniometer.omega) == 30.0


@pytest.mark.parametrize(
    "axes", [{"chi": {"motor": "Chi"}}, {"x": {"motor": "AlignmentY", "sign": 2}}, {"x": {"engine": "AlignmentY"}}]
)
def test_a_wiring_that_cannot_be_is_refused(axes: Any) -> None:
    with pytest.raises(InvalidInput, match="axes"):
        MD3Goniometer(name="goniometer", address="127.0.0.1:1", axes=axes)


@pytest.mark.parametrize("target", [5.0, -3.01, math.nan, math.inf])
def test_travel_beyond_the_limits_is_refused_before_anything_moves(site: Site, goniometer: Any, target: float) -> None:
    with pytest.raises(LimitExceeded, match="goniometer_x: "):
        goniometer.x.set(target)
    assert site.world.axes["x"].moves == 0


def test_limits_that_have_become_narrower_are_seen_before_the_move(site: Site, goniometer: Any) -> None:
    site.replace("getMotorDynamicLimits", lambda motor: [-0.1, 0.1])
    with pytest.raises(LimitExceeded, match=r"goniometer_y: 0.5 mm is outside of -0.1\.\.0.1 mm"):
        wait(goniometer.y.set(0.5))
    assert site.world.axes["y"].moves == 0


def test_a_move_that_is_refused_or_ends_elsewhere_is_a_fault(site: Site, goniometer: Any) -> None:
    def refuse(motor: str, position: float) -> None:
        raise Refused("the door is open")

    site.replace("setMotorPosition", refuse)
    with pytest.raises(DeviceFault, match="was refused: the door is open"):
        wait(goniometer.x.set(0.5))
    site.replace("setMotorPosition", lambda motor, position: None)
    with pytest.raises(DeviceFault, match="goniometer_x: move to 0.5 mm ended at 0 mm"):
        wait(goniometer.x.set(0.5))
    site.replace("getMotorState", lambda motor: "Fault")
    with pytest.raises(DeviceFault, match="AlignmentY is in state 'Fault'"):
        wait(goniometer.x.set(0.0))


def test_a_move_that_never_ends_is_a_fault_in_time(site: Site, goniometer: Any) -> None:
    goniometer.omega._timeout_s = 0.3
    site.replace("getMotorState", lambda motor: "Moving")
    with pytest.raises(DeviceFault, match="goniometer_omega: move to 5 deg failed: it is at .* and still moves"):
        wait(goniometer.omega.set(5.0))


def test_stop_halts_all_axes(site: Site, goniometer: Any) -> None:
    statuses = [goniometer.omega.set(3000.0), goniometer.phi.set(-3000.0)]
    assert wait_until(lambda: site.world.axes["phi"].moving and site.world.axes["omega"].moving)
    goniometer.stop()
    for status in statuses:
        with pytest.raises(DeviceFault, match="was stopped before its end; everything stands"):
            wait(status)
    assert not any(axis.moving for axis in site.world.axes.values())
    assert value(goniometer.omega) == pytest.approx(site.world.axes["omega"].position, abs=1e-3)
    wait(goniometer.phi.set(0.0))


def test_a_stop_that_does_not_stop_is_said_loudly(site: Site, goniometer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mxplans_devices.md3._parts.REST_TIMEOUT_S", 0.2)
    site.replace("abort", lambda: None)
    status = goniometer.omega.set(3000.0)
    assert wait_until(lambda: site.world.axes["omega"].moving)
    goniometer.omega.stop()
    with pytest.raises(DeviceFault, match="told to stop and still moves after 0.2 s: use the emergency stop"):
        wait(status)


def test_stop_does_nothing_when_nothing_moves(site: Site, goniometer: Any) -> None:
    calls: list[str] = []
    site.replace("abort", lambda: calls.append("abort"))
    goniometer.stop()
    assert goniometer.exporter.read("State") == "Ready"
    assert calls == []


def sweep(images: int = 20, **changes: Any) -> ScanMotion:
    values: dict[str, Any] = {"start": ORIGIN, "step_omega_deg": 0.5, "images_per_row": images, "exposure_s": 0.05}
    return ScanMotion(**values | changes)


def test_a_rotation_is_exposed_where_the_plan_wants_it(site: Site, collecting: Any) -> None:
    start = Pose(x_mm=0.1, y_mm=0.2, z_mm=-0.3, omega_deg=45.0)
    wait(collecting.scan.set(sweep(start=start)))
    (burst,) = site.bursts
    np.testing.assert_allclose(burst.omega_start_deg, 45.0 + 0.5 * np.arange(20), atol=1e-6)
    np.testing.assert_allclose(burst.spindle_mm, np.tile([0.1, 0.2, -0.3], (20, 1)), atol=1e-6)
    assert burst.exposure_s == pytest.approx(0.05)
    positions = [value(axis) for axis in (collecting.x, collecting.y, collecting.z)]
    assert positions == pytest.approx([0.1, 0.2, -0.3])
    assert value(collecting.omega) >= 55.0
    assert site.world.shutter.state == "Closed"


def test_a_line_is_a_four_dimensional_scan(site: Site, collecting: Any) -> None:
    motion = sweep(4, step_mm=(0.02, -0.01, 0.03), step_omega_deg=2.0)
    wait(collecting.scan.set(motion))
    (burst,) = site.bursts
    middle = (np.arange(4) + 0.5)[:, None] * [0.02, -0.01, 0.03]
    np.testing.assert_allclose(burst.spindle_mm, middle, atol=1e-6)
    np.testing.assert_allclose(burst.omega_start_deg, 2.0 * np.arange(4), atol=1e-6)


@pytest.mark.parametrize("omega_deg", [0.0, 37.0, 90.0, -120.0])
def test_a_grid_puts_each_of_its_boxes_into_the_beam(site: Site, collecting: Any, omega_deg: float) -> None:
    centre = Pose(x_mm=0.1, y_mm=0.05, z_mm=-0.15, omega_deg=omega_deg)
    grid = GridPlan(centre, columns=5, rows=3, step_um=20.0)
    wait(collecting.scan.set(grid.motion(0.05)))
    found = np.concatenate([burst.spindle_mm for burst in site.bursts])
    boxes = [grid.pose(*grid.box_of_image(image)).xyz_mm for image in range(1, 16)]
    np.testing.assert_allclose(found, boxes, atol=2e-6)
    assert all(np.allclose(burst.omega_deg, omega_deg) for burst in site.bursts)


def test_passes_back_and_forth_are_one_scan(site: Site, collecting: Any) -> None:
    wait(collecting.scan.set(sweep(10, rows=2, snake=True)))
    assert [burst.omega_width_deg for burst in site.bursts] == pytest.approx([0.5, -0.5])


@pytest.mark.parametrize(
    "motion",
    [
        sweep(10, rows=2, snake=False),
        sweep(10, rows=2, step_mm=(0.01, 0.0, 0.0), row_step_mm=(0.0, 0.0, 0.02)),
        sweep(10, rows=2, step_mm=(0.0, 0.01, 0.0), row_step_mm=(0.02, 0.0, 0.0)),
        sweep(10, rows=2, step_mm=(0.01, 0.0, 0.0), row_step_mm=(0.01, 0.02, 0.0)),
    ],
)
def test_a_motion_that_no_scan_can_run_is_refused_before_anything_moves(
    site: Site, collecting: Any, motion: ScanMotion
) -> None:
    with pytest.raises(LimitExceeded, match="is asked for|are asked for"):
        wait(collecting.scan.set(motion))
    assert site.bursts == []


def test_nothing_is_exposed_in_the_wrong_phase(site: Site, goniometer: Any, make: Make) -> None:
    wait(make(MD3Backlight, "backlight").set(BacklightState.IN))
    with pytest.raises(DeviceFault, match="is in phase 'Centring', scans are run in 'DataCollection'"):
        wait(goniometer.scan.set(sweep()))
    assert site.bursts == []
    assert site.world.axes["omega"].moves == 0 or value(goniometer.omega) == 0.0


def test_a_scan_that_the_controller_refuses_is_a_fault_with_its_reason(site: Site, collecting: Any) -> None:
    with pytest.raises(DeviceFault, match="was refused: Scan Omega is not possible: omega would run at 1000 deg/s"):
        wait(collecting.scan.set(sweep(step_omega_deg=50.0)))


def test_a_scan_that_never_ends_is_a_failure_and_no_data(site: Site, collecting: Any) -> None:
    collecting.scan._timeout_s = -0.7
    site.replace("getTaskInfo", lambda number: ["Scan", "8", "a", "null", "null", "null", "0"])
    with pytest.raises(DeviceFault, match="task .* does not end"):
        wait(collecting.scan.set(sweep()))


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (["Scan", "8", "a", "b", "null", "PMAC stopped", "-1"], "PMAC stopped"),
        (["Scan", "8", "a", "b", "null", "null", "0"], "result 0"),
    ],
)
def test_a_task_that_ends_badly_is_a_fault(site: Site, collecting: Any, info: list[str], reason: str) -> None:
    site.replace("getTaskInfo", lambda number: info)
    with pytest.raises(DeviceFault, match=reason):
        wait(collecting.scan.set(sweep()))


@pytest.mark.parametrize(("name", "found"), [("DetectorGatePulseEnabled", False), ("ScanNumberOfFrames", 1)])
def test_a_setting_that_does_not_read_back_stops_the_scan(
    site: Site, collecting: Any, name: str, found: object
) -> None:
    site.let_read(name, found)
    with pytest.raises(DeviceFault, match=f"{name} was set to .* and reads {found}"):
        wait(collecting.scan.set(sweep()))
    assert site.bursts == []


def test_a_controller_in_a_fault_is_not_ready_for_a_scan(site: Site, collecting: Any) -> None:
    site.let_read("State", "Fault")
    with pytest.raises(DeviceFault, match="the controller is in state 'Fault'"):
        wait(collecting.scan.set(sweep()))
    assert site.bursts == []


def test_stopping_a_scan_ends_it(site: Site, collecting: Any) -> None:
    status = collecting.scan.set(sweep(1000, exposure_s=0.5))
    assert wait_until(lambda: site.world.scanner.running)
    collecting.stop()
    with pytest.raises(DeviceFault, match="was stopped before its end; everything stands"):
        wait(status)
    assert not site.world.scanner.running
    assert site.world.shutter.state == "Closed"


def test_the_backlight_goes_with_the_phases_and_the_sample_stays(site: Site, goniometer: Any, make: Make) -> None:
    backlight = make(MD3Backlight, "backlight")
    wait(backlight.set(BacklightState.IN))
    assert value(backlight) == "In"
    assert site.world.backlight_in
    wait(goniometer.x.set(0.3), goniometer.z.set(0.2))
    wait(backlight.set(BacklightState.OUT))
    assert value(backlight) == "Out"
    assert not site.world.backlight_in
    assert [value(goniometer.x), value(goniometer.z)] == pytest.approx([0.3, 0.2])
    assert site.do(lambda: site.exporter.diffractometer.phase) == "DataCollection"
    tasks = site.exporter.diffractometer.tasks.last
    wait(backlight.set(BacklightState.OUT))
    assert site.exporter.diffractometer.tasks.last == tasks, "it is there already"


def test_a_phase_change_that_is_refused_fails_or_ends_elsewhere_is_a_fault(site: Site, make: Make) -> None:
    backlight, phase = make(MD3Backlight, "backlight"), make(MD3Phase, "phase")
    with pytest.raises(DeviceFault, match="was refused: no phase 'Lunch'"):
        wait(phase.set("Lunch"))
    site.let_read("BackLightIsOn", False)
    with pytest.raises(DeviceFault, match="BackLightIsOn reads False in phase Centring"):
        wait(backlight.set(BacklightState.IN))
    site.replace("startSetPhase", lambda phase: site.exporter.diffractometer.start_phase("BeamLocation"))
    with pytest.raises(DeviceFault, match="is in phase 'BeamLocation' after a change to 'DataCollection'"):
        wait(backlight.set(BacklightState.OUT))
    site.replace("startSetPhase", lambda phase: asyncio.sleep(30))
    short = make(MD3Phase, "phase", answer_timeout_s=0.3)
    with pytest.raises(DeviceFault, match="no answer to 'EXEC startSetPhase Transfer' within 0.3 s"):
        wait(short.set("Transfer"))


def test_shutter_and_aperture_go_by_name(site: Site, make: Make) -> None:
    shutter, aperture = make(MD3Shutter, "fast_shutter"), make(MD3Aperture, "aperture")
    for state in (ShutterState.OPEN, ShutterState.CLOSED):
        wait(shutter.set(state))
        assert value(shutter) == state
        assert site.world.shutter.state == state
    with site.wire() as wire:
        wire.task("startSetPhase", "DataCollection")  # elsewhere the aperture is out of the beam
    for size in ("20", "100", "50"):
        wait(aperture.set(size))
        assert (aperture.read()["aperture"]["value"], value(aperture.beam_size)) == (size, float(size))
        assert site.world.beam.fwhm_um[0] == float(size)
    with pytest.raises(LimitExceeded, match="aperture cannot be '30'; it can be 20, 50, 100"):
        wait(aperture.set("30"))
    with pytest.raises(LimitExceeded, match="fast_shutter cannot be 'Ajar'"):
        shutter.set("Ajar")


@pytest.fixture
def viewer(site: Site, make: Make, tmp_path: Path) -> Any:
    return make(MD3Viewer, "viewer", url=site.camera_url, root=tmp_path, timeout_s=5.0)


def test_each_trigger_gives_a_new_image(site: Site, viewer: Any) -> None:
    numbers = []
    for _ in range(3):
        asked_s = site.clock.now_s()
        wait(viewer.trigger())
        numbers.append(site.world.camera.last.number)
        assert site.world.camera.controls.frames.begins_s(site.world.camera.last.frame) >= asked_s
        np.testing.assert_array_equal(value(viewer.frame), site.world.camera.last.pixels)
    assert numbers == [1, 2, 3]
    assert viewer.frame.describe()["viewer_frame"]["shape"] == list(site.world.camera.last.pixels.shape)


def test_a_frozen_camera_is_a_fault(site: Site, viewer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mxplans_devices.md3.viewer.NEW_FRAME_S", 0.3)
    wait(viewer.trigger())
    last = site.world.camera.last
    monkeypatch.setattr(site.world.camera, "stamps_s", lambda: (last.frame, last.stamp_s, site.clock.stamp_s()))
    with pytest.raises(DeviceFault, match=f"the camera still shows image {last.frame}; restart it"):
        wait(viewer.trigger())


def test_zoom_changes_scale_and_beam_mark(site: Site, viewer: Any) -> None:
    levels = len(site.world.zoom.states)
    for level in (levels, 1):
        wait(viewer.zoom.set(str(level)))
        shown = site.world.camera.level
        assert value(viewer.um_per_px) == pytest.approx(shown.um_per_px)
        assert (value(viewer.beam_x_px), value(viewer.beam_y_px)) == (shown.beam_x_px, shown.beam_y_px)
        assert viewer.read_configuration()["viewer_zoom"]["value"] == str(level)
    for wrong in ("0", str(levels + 1), "Coarse"):
        with pytest.raises(LimitExceeded, match=f"viewer_zoom cannot be '{wrong}'; it can be 1 to {levels}"):
            wait(viewer.zoom.set(wrong))


def test_a_snapshot_is_the_frame_as_png(viewer: Any, tmp_path: Path) -> None:
    with pytest.raises(DeviceFault, match="there is no image to write"):
        viewer.snapshot_file.set("a.png")
    wait(viewer.trigger())
    wait(viewer.snapshot_file.set("snapshots/a.png"))
    assert value(viewer.snapshot_file) == "snapshots/a.png"
    written = cv2.imread(str(tmp_path / "snapshots/a.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(written, value(viewer.frame))
    for wrong in ("../a.png", "/a.png", "a.jpg"):
        with pytest.raises(InvalidInput, match="must be a relative path"):
            viewer.snapshot_file.set(wrong)


def test_a_camera_that_does_not_answer_is_a_fault(make: Make, tmp_path: Path) -> None:
    viewer = make(MD3Viewer, "viewer", url="http://127.0.0.1:9", root=tmp_path)
    with pytest.raises(DeviceFault, match=r"http://127.0.0.1:9/status gave no usable image"):
        wait(viewer.trigger())


def test_devices_follow_what_others_do_and_come_back_after_a_lost_connection(site: Site, goniometer: Any) -> None:
    with site.wire() as wire:
        wire.call("setMotorPosition", "AlignmentY", 0.5)
        assert wait_until(lambda: value(goniometer.x) == 0.5)
        site.do(site.hang_up)
    assert wait_until(lambda: not goniometer.exporter.connected)
    with site.wire() as wire:
        wire.call("setMotorPosition", "AlignmentY", 0.7)
        wire.until("READ State", "RET:Ready")
    assert value(goniometer.x) == 0.7, "it has looked again"
    wait(goniometer.x.set(0.0))


def test_reading_does_not_talk_to_the_controller(goniometer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The RunEngine reads in its event loop, which nothing may hold up."""
    monkeypatch.setattr(goniometer.exporter, "_send", lambda request: pytest.fail(f"{request} was sent"))
    assert value(goniometer.omega) == 0.0


def test_one_job_at_a_time(goniometer: Any) -> None:
    status = goniometer.omega.set(90.0)
    with pytest.raises(DeviceFault, match="cannot move to 0 deg during 'move to 90 deg'"):
        goniometer.omega.set(0.0)
    wait(status)
