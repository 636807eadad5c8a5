"""The virtual beamline: pictures, frames, spot lists, a grid, a night in virtual time, and its servers.

Prints one JSON line for each figure; ends with 1 when a goal is missed. Takes about ten minutes, most of them for 200
restarts. A whole day in virtual time is measured by `virtual_day.py`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from support.connect import up_and_connected
from support.meter import Meter, descendants, ports_in_use
from support.service import SIM, SITES, Service

from mxplans_sim.clock import RealClock
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.diffraction.spots import expected_spots
from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.settings import CameraSettings, DetectorSettings, SampleTruth
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.dewar import PinInDewar, Sample
from mxplans_sim.world.optics import Exposure, Viewer
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.seeding import make_specimen

SPECIMEN = make_specimen(1, PinInDewar(1, 1, "", (Sample("lyso", "Lyso"),)), SampleTruth.model_validate({}))
ROWS, COLUMNS = 30, 40
REPEATS = 20
RESTARTS = 200


def best_ms(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Median time of a call, ms; the first call is not counted."""
    work()
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(taken)


def pictures(meter: Meter) -> None:
    """On-axis pictures of a loop with a crystal, at each turn another."""
    for width, height, goal_ms in ((680, 512, 25.0), (1360, 1024, 100.0)):
        settings = CameraSettings.model_validate({"width_px": width, "height_px": height})
        viewer, zoom = Viewer(1, settings), settings.zooms[0]
        exposure, number = Exposure(), iter(range(10**6))
        taken_ms = best_ms(
            lambda viewer=viewer, zoom=zoom, exposure=exposure, number=number: viewer.take(  # type: ignore[misc]
                SPECIMEN, Placement(), zoom, 0.0, exposure, next(number)
            )
        )
        meter.figure(f"on_axis_image_{width}x{height}", taken_ms, "ms", f"<= {goal_ms:g}", taken_ms <= goal_ms)


def burst(frames: int, width_deg: float, positions_mm: Any, ends_at_s: float = 0.0) -> Burst:
    """Frames of the specimen's crystal; positions are those of the crystal against the beam (n, 3)."""
    centre = np.array(SPECIMEN.crystals[0].centre_mm)
    return Burst(
        specimen=SPECIMEN,
        mount=np.eye(3),
        spindle_mm=np.asarray(positions_mm) - centre,
        lab_mm=np.zeros((frames, 3)),
        omega_start_deg=np.arange(frames) * width_deg,
        omega_width_deg=width_deg,
        exposure_s=0.01,
        beam_mm=np.zeros((frames, 2)),
        beam_fwhm_um=(20.0, 20.0),
        beam_profile="gaussian",
        flux_hz=np.full(frames, 1e12),
        energy_ev=12658.0,
        distance_mm=100.0,
        ends_at_s=ends_at_s,
    )


def frames(meter: Meter) -> None:
    """Drawing a frame of one megapixel of a sweep, its spots worked out with it."""
    settings = DetectorSettings.model_validate({"nx": 1030, "ny": 1065, "pixel_um": 75.0})
    panel, number = Panel(settings, 1), 20
    sweep, frame = burst(number, 0.2, np.zeros((number, 3))), np.empty((1065, 1030), dtype=np.uint32)

    def draw() -> None:
        scene = Scene.of(sweep, panel, 1)
        for index in range(number):
            scene.render(index, index + 1, frame)

    taken_ms = best_ms(draw, 5) / number
    meter.figure("diffraction_frame_1030x1065", taken_ms, "ms", "<= 65", taken_ms <= 65)


def spot_lists(meter: Meter) -> None:
    """Spots of the frames of a grid, without drawing them."""
    panel = Panel(DetectorSettings.model_validate({}), 1)
    scan = burst(ROWS * COLUMNS, 0.0, grid_mm())
    taken_ms = best_ms(lambda: expected_spots(scan, panel), 5) / len(scan)
    meter.figure("spot_list_of_a_grid_cell", taken_ms, "ms", "<= 1", taken_ms <= 1)


def grid_mm() -> Any:
    """Boxes of 20 um about the crystal, (ROWS * COLUMNS, 3)."""
    x, y = np.meshgrid(0.02 * (np.arange(COLUMNS) - COLUMNS / 2), 0.02 * (np.arange(ROWS) - ROWS / 2))
    return np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])


async def write_grid(folder: Path) -> float:
    """Seconds from the first frame of a grid to its closed files, with as little exposure as possible."""
    clock = RealClock(1000.0)
    settings = DetectorSettings.model_validate({"arm_s": 0.0})
    detector = VirtualDetector(clock, settings, folder, 1, lambda *times: [], processes=2)
    detector.start()
    try:
        detector.initialize()
        exposure = {"ntrigger": ROWS * COLUMNS, "trigger_mode": "exts", "frame_time": 0.01, "count_time": 0.01}
        for name, value in exposure.items():
            detector.put(name, value)
        await detector.arm()
        await detector.rendered()  # the processes are up
        begin = time.monotonic()
        detector.on_burst(burst(ROWS * COLUMNS, 0.0, grid_mm(), clock.now_s() + ROWS * COLUMNS * 0.01))
        while detector.state == "acquire":
            await asyncio.sleep(0.005)
        await detector.rendered()
        return time.monotonic() - begin
    finally:
        detector.stop()


def grid(meter: Meter) -> None:
    """A grid of 1200 cells with its files."""
    with tempfile.TemporaryDirectory() as folder:
        taken_s = asyncio.run(write_grid(Path(folder)))
        sizes = [path.stat().st_size for path in Path(folder).rglob("*_data_*.h5")]
    meter.figure("grid_1200_cells", taken_s, "s", "<= 20", taken_s <= 20 and sum(sizes) > 0)


def night(meter: Meter) -> None:
    """The demonstration's night of 8 samples in virtual time, with full frames."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "night"
        command = [str(Path(sys.executable).with_name("mxplans")), "udc", "--virtual-time"]
        command += ["--profile", str(SIM / "beamline.yaml"), "--out", str(out), str(SIM / "shipment.json")]
        begin = time.monotonic()
        code = subprocess.run(command, stdout=sys.stderr, check=False).returncode
        wall_s = time.monotonic() - begin
        truth = json.loads((out / "virtual_beamline/truth.json").read_text())
        rotations = [event for event in truth["events"] if event["kind"] == "scan" and event["scan"] == "rotation"]
    meter.figure("virtual_night_collected", len(rotations), "samples", "= 6", code == 0 and len(rotations) == 6)
    meter.figure("virtual_night_wall", wall_s, "s", "<= 90", wall_s <= 90)
    meter.figure("virtual_night_speed", truth["simulated_s"] / wall_s, "times real time")


def servers(meter: Meter) -> None:
    """How soon all servers of each site have answered a client, and how fast Channel Access completes a put."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, max_tasks_per_child=1) as processes:
        found = {site.name: processes.submit(up_and_connected, site).result() for site in SITES}
    for name, (connected_s, put_ms, addresses) in found.items():
        meter.figure(f"servers_up_and_connected_{name}", connected_s, "s", "<= 3", connected_s <= 3)
        meter.figure(f"servers_connected_{name}", addresses, "addresses")
        meter.figure(f"channel_access_put_completion_{name}", put_ms, "ms (median)", "<= 3", put_ms <= 3)


def restarts(meter: Meter, number: int) -> None:
    """Starting and stopping the sites in turn, each time by another of three ways; nothing may hang or be left."""
    hung = left = listening = 0
    slowest_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for index in range(number):
            service = Service(Path(folder), site=SITES[index % len(SITES)])
            family = descendants(service.process.pid)
            begin = time.monotonic()
            if index % 3:
                service.process.send_signal(signal.SIGTERM if index % 3 == 1 else signal.SIGINT)
            try:
                service.end(20.0)
            except subprocess.TimeoutExpired:
                hung += 1
            slowest_s = max(slowest_s, time.monotonic() - begin)
            left += still_there(family)
            listening += len(service.ports & ports_in_use())
    meter.figure("restarts", number, "restarts", f">= {RESTARTS}", number >= RESTARTS)
    meter.figure("restarts_that_hung", hung, "restarts", "= 0", hung == 0)
    meter.figure("processes_left", left, "processes", "= 0", left == 0)
    meter.figure("ports_left", listening, "ports", "= 0", listening == 0)
    meter.figure("slowest_stop", slowest_s, "s")


def still_there(family: set[int], patience_s: float = 3.0) -> int:
    """How many of some processes are there after a while; those that only clean up get their time."""
    ends, pause = time.monotonic() + patience_s, threading.Event()
    while any(Path(f"/proc/{pid}").exists() for pid in family) and time.monotonic() < ends:
        pause.wait(0.02)
    return sum(Path(f"/proc/{pid}").exists() for pid in family)


def main() -> int:
    """Measure everything, or only what is asked for."""
    parts: dict[str, Callable[[Meter], None]] = {
        "pictures": pictures,
        "frames": frames,
        "spot_lists": spot_lists,
        "grid": grid,
        "night": night,
        "servers": servers,
        "restarts": lambda meter: restarts(meter, asked.restarts),
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"Only these of {', '.join(parts)}")
    parser.add_argument("--restarts", type=int, default=RESTARTS, help="How often the servers are restarted")
    asked = parser.parse_args()
    meter = Meter()
    for name in asked.parts or parts:
        parts[name](meter)
    return 0 if meter.good else 1


if __name__ == "__main__":
    sys.exit(main())
