"""Turns at constant speed and recorders, against the servers: over Channel Access, over the exporter and HTTP."""

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from beamline_support import home, wait, wait_until
from conftest import VirtualBeamline
from md3_bench import Site
from spin_truth import exposures

from mxplans.app.session import running_engine
from mxplans.errors import DeviceFault, InvalidInput, LimitExceeded
from mxplans.model.acquisition import Spin
from mxplans.plans.spinning import spin_and_see
from mxplans_devices import Goniometer, OnAxisViewer
from mxplans_devices._tracks import even_track
from mxplans_devices.md3 import MD3Goniometer, MD3Viewer

pytestmark = pytest.mark.usefixtures("no_new_threads")
GOAL_DEG = 0.3
BENCH = Path(__file__).parents[1] / "spinning_bench.py"


def test_over_channel_access_in_real_time_frames_have_their_omega() -> None:
    """In a process of its own, since libca knows one address only."""
    done = subprocess.run([sys.executable, str(BENCH), "1"], check=False, capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["max_deg"] < GOAL_DEG
    assert told["frames"] >= 20, "of 36; a busy machine draws them later than they are due"
    assert told["velocity_deg_s"] == 120.0


@pytest.fixture
def md3(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with Site(speed_up=getattr(request, "param", 1.0)) as site:
        address = site.facts["exporter_addr"]
        goniometer = MD3Goniometer(name="goniometer", address=address)
        viewer = MD3Viewer(name="viewer", address=address, url=site.camera_url, root=tmp_path)
        for device in (goniometer, viewer):
            device.wait_for_connection(timeout=5)
        yield SimpleNamespace(site=site, goniometer=goniometer, viewer=viewer)
        for device in (goniometer, viewer):
            device.destroy()


def test_over_the_exporter_in_real_time_frames_have_their_omega(md3: Any) -> None:
    found: list[Any] = []

    def plan() -> Any:
        found.append((yield from spin_and_see(md3, Spin(start_deg=-90.0, sweep_deg=180.0, speed_deg_s=120.0))))

    with running_engine(asyncio.new_event_loop()) as engine, exposures(md3.site.world.camera) as kept:
        engine(plan())
    assert len(found[0]) >= 9, "of 18; a busy machine draws them later than they are due"
    assert np.abs(kept.errors_deg(found[0])).max() < GOAL_DEG


@pytest.mark.parametrize("md3", [5.0], indirect=True)
def test_a_stop_ends_a_turn_and_what_it_was_is_not_told(md3: Any) -> None:
    spinner = md3.goniometer.spin
    with pytest.raises(DeviceFault, match="goniometer_spin: there is no turn to tell of; turn first"):
        assert spinner.track
    status = spinner.set(Spin(sweep_deg=3000.0, speed_deg_s=120.0))
    assert wait_until(lambda: md3.site.world.axes["omega"].position > 0)
    spinner.stop()
    with pytest.raises(DeviceFault, match="was stopped before its end"):
        wait(status)
    assert wait_until(lambda: not md3.site.world.axes["omega"].moving)
    with pytest.raises(DeviceFault, match="turn first"):
        assert spinner.track


def test_a_camera_that_answers_nonsense_fails_the_recording(md3: Any) -> None:
    md3.viewer.url = md3.site.camera_url + "/absent"
    with pytest.raises(DeviceFault, match="gave no usable frame"):
        wait(md3.viewer.recorder.set(10.0))
    with pytest.raises(DeviceFault, match="gave no usable frame"):
        wait(md3.viewer.recorder.set(0.0))


@pytest.mark.parametrize("rate_hz", [-1.0, float("nan"), float("inf"), 1e6])
def test_rates_that_cannot_be_are_refused(md3: Any, rate_hz: float) -> None:
    with pytest.raises(LimitExceeded, match="viewer_recorder: .* Hz is not within"):
        md3.viewer.recorder.set(rate_hz)
    wait(md3.viewer.recorder.set(0.0))


@pytest.fixture(scope="module")
def beamline(virtual_beamline: VirtualBeamline, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Goniometer and viewer over Channel Access, fifty times faster than real time."""
    prefix = virtual_beamline.ca_prefix
    devices = SimpleNamespace(
        goniometer=Goniometer(f"{prefix}GON:", name="goniometer", scan_prefix=f"{prefix}SCAN:"),
        viewer=OnAxisViewer(f"{prefix}CAM:", name="viewer", root=tmp_path_factory.mktemp("night")),
    )
    for device in vars(devices).values():
        device.wait_for_connection(timeout=20)
    yield devices


def test_a_stopped_turn_leaves_the_speed_as_it_was(beamline: Any) -> None:
    goniometer: Any = beamline.goniometer
    before = goniometer.omega.velocity.get()
    status = goniometer.spin.set(Spin(sweep_deg=3000.0, speed_deg_s=60.0))
    assert wait_until(lambda: goniometer.omega.velocity.get() == 60.0)
    goniometer.spin.stop()
    with pytest.raises(DeviceFault):
        wait(status)
    assert wait_until(lambda: goniometer.omega.velocity.get() == before)
    assert wait_until(lambda: not goniometer.omega.moving)
    home(beamline)


@pytest.mark.parametrize("waits_s", [0.0, 0.02, 0.05, 0.1])
def test_a_turn_that_is_stopped_as_it_begins_does_not_go_on(beamline: Any, waits_s: float) -> None:
    goniometer: Any = beamline.goniometer
    status = goniometer.spin.set(Spin(sweep_deg=3500.0, speed_deg_s=60.0))
    threading.Event().wait(waits_s)
    goniometer.spin.stop()
    with pytest.raises(DeviceFault):
        wait(status)
    assert wait_until(lambda: not goniometer.omega.moving)
    assert abs(goniometer.omega.position) < 1750.0  # a small part of the way, however fast the beamline's time runs
    home(beamline)


def test_a_recording_leaves_the_camera_as_it_was(beamline: Any) -> None:
    viewer: Any = beamline.viewer
    recorder = viewer.recorder
    before = recorder.image_mode.get(use_monitor=False), recorder.period.get(use_monitor=False)
    wait(recorder.set(20.0))
    with pytest.raises(DeviceFault, match="viewer_recorder: cannot recording at 5 Hz during 'recording at 20 Hz'"):
        recorder.set(5.0)
    assert wait_until(lambda: len(recorder.frames) > 3)
    wait(recorder.set(0.0))
    frames = recorder.frames
    assert [frame.time_s for frame in frames] == sorted({frame.time_s for frame in frames})
    assert {frame.image.shape for frame in frames} == {(512, 680)}
    assert (recorder.image_mode.get(use_monitor=False), recorder.period.get(use_monitor=False)) == before
    wait(viewer.trigger())


def test_a_moment_that_no_stamp_tells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="stamp 'later': allowed are begin, middle, end"):
        OnAxisViewer("NONE:", name="viewer", root=tmp_path, stamp="later")  # type: ignore[arg-type]


SPIN = Spin(start_deg=0.0, sweep_deg=360.0, speed_deg_s=120.0)


def told(late_s: float = 0.0) -> list[tuple[float, float]]:
    """Omega of an even turn as it is told ten times a second, one stamp late."""
    times = np.arange(-0.1, 3.2, 0.1)
    late = np.where(np.isclose(times, 1.5), late_s, 0.0)
    return [(1e9 + float(t + d), 120.0 * float(t)) for t, d in zip(times, late, strict=True)]


@pytest.mark.parametrize("late_s", [0.0, 0.05])
def test_a_track_is_even_and_a_late_stamp_does_not_bend_it(late_s: float) -> None:
    track = even_track("spin", SPIN, told(late_s))
    assert track.at(1e9 + 1.0) == pytest.approx(120.0, abs=0.01)
    assert (track.time_s - 1e9).tolist() == pytest.approx([0.0, 3.0], abs=1e-4)


def test_a_turn_that_rested_on_its_way_has_no_track() -> None:
    rested = [(stamp + (1.0 if omega > 180 else 0.0), omega) for stamp, omega in told()]
    with pytest.raises(DeviceFault, match="deg off a turn at constant speed, allowed are 7.2 deg"):
        even_track("spin", SPIN, rested)


def test_too_few_positions_are_no_track() -> None:
    with pytest.raises(DeviceFault, match="2 positions with stamps were told within a turn of 360 deg, at least 3"):
        even_track("spin", SPIN, [(1.0, -10.0), (2.0, 20.0), (3.0, 140.0)])
