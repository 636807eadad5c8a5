"""The demo night: how long, how much memory, where the crystals ended, whether the frames are all there and the same.

Prints one JSON line for each figure; ends with 1 when a goal is missed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from support.meter import Meter, memory_mb

ROOT = Path(__file__).parents[1]
PROFILE = ROOT / "profiles/sim/beamline.yaml"
SHIPMENT = ROOT / "profiles/sim/shipment.json"
FRAMES = 900
TURN_S = 600.0


def run_night(out: Path) -> tuple[int, float, float]:
    """Run it; exit code, seconds, largest memory in MB."""
    command = ["mxplans", "udc", "--profile", str(PROFILE), "--out", str(out), str(SHIPMENT)]
    command[0] = str(Path(sys.executable).with_name("mxplans"))
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=sys.stderr)
    largest_mb, pause = 0.0, threading.Event()
    while process.poll() is None:
        largest_mb = max(largest_mb, memory_mb(process.pid))
        pause.wait(0.5)
        if time.monotonic() - begin > TURN_S:
            process.terminate()
    return process.returncode, time.monotonic() - begin, largest_mb


def phases(out: Path) -> tuple[dict[str, float], int]:
    """Real seconds by phase over all samples, and the number of samples."""
    streams: dict[str, str] = {}
    begun: dict[str, float] = {}
    seconds: dict[str, float] = defaultdict(float)
    samples = 0
    for line in (out / "documents.jsonl").read_text().splitlines():
        name, doc = json.loads(line)
        if name == "start" and doc["mxplans"]["role"] == "sample":
            samples += 1
        elif name == "descriptor":
            streams[doc["uid"]] = doc["name"]
        elif name == "event" and streams[doc["descriptor"]] == "mx_phase":
            phase = doc["data"]["phase"]
            if doc["data"]["state"] == "begin":
                begun[phase] = doc["time"]
            elif phase in begun:
                seconds[phase] += doc["time"] - begun.pop(phase)
    return seconds, samples


def centring(meter: Meter, truth: dict[str, Any]) -> None:
    """How far from the beam the crystals were when data were collected."""
    rotations = [event for event in truth["events"] if event["kind"] == "scan" and event["scan"] == "rotation"]
    diffracting = [name for name, sample in truth["samples"].items() if sample["diffracts"]]
    meter.figure(
        "diffracting_samples_collected",
        len(rotations),
        "samples",
        f"= {len(diffracting)}",
        len(rotations) == len(diffracting),
    )
    worst_um = max((abs(offset) for event in rotations for offset in event["crystal_offset_um"]), default=float("inf"))
    meter.figure("crystal_offset_worst_axis", worst_um, "um", "<= 10", worst_um <= 10)


def frames(meter: Meter, out: Path) -> None:
    """Frames on disk per collection, and through Tiled against the file."""
    import h5py
    import hdf5plugin  # noqa: F401  registers the filter
    import numpy as np
    from tiled.client import from_uri

    files = sorted((out / "data").rglob("sweep_*_data_*.h5"))
    counts = []
    for path in files:
        with h5py.File(path) as file:
            counts.append(file["entry/data/data"].shape[0])
    meter.figure("frames_per_collection", min(counts), "frames", f"= {FRAMES} each", set(counts) == {FRAMES})
    archive = subprocess.Popen(
        [sys.executable, "-m", "mxplans_lims.archive", str(out), "--follow"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    if archive.stdout is None or archive.stdin is None:
        raise RuntimeError("the archive has no pipes")
    try:
        ready = json.loads(archive.stdout.readline())
        client = from_uri(ready["url"], api_key=(out / ".tiled-api-key").read_text().strip())
        differing = compared = 0
        for uid in client:
            run = client[uid]
            if run.metadata["start"]["mxplans"]["role"] != "rotation":
                continue
            (path,) = (out / "data" / run.metadata["start"]["sample_name"]).rglob("sweep_*_data_000001.h5")
            with h5py.File(path) as file:
                for index in (0, FRAMES // 2, FRAMES - 1):
                    compared += 1
                    served = run["primary"]["detector_image"][index]
                    differing += not np.array_equal(served, file["entry/data/data"][index])
    finally:
        archive.stdin.close()
        archive.wait(60)
    meter.figure(
        "frames_that_differ_through_tiled", differing, f"of {compared} frames", "= 0", differing == 0 < compared
    )


def main() -> int:
    """Measure one night in a new folder."""
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "night"
        code, wall_s, largest_mb = run_night(out)
        meter.figure("night_exit_code", code, "", "= 0", code == 0)
        meter.figure("night_wall", wall_s, "s", "<= 240", wall_s <= 240)
        meter.figure("night_memory_all_processes", largest_mb, "MB", "<= 1536", largest_mb <= 1536)
        seconds, samples = phases(out)
        truth = json.loads((out / "virtual_beamline/truth.json").read_text())
        summary = json.loads((out / "summary.json").read_text())
        for phase, value in seconds.items():
            meter.figure(f"phase_{phase}", value * summary["speed_up"] / samples, "simulated s per sample")
        robot_s = sum(total["robot_s"] for total in truth["totals"].values())
        exposure_s = sum(total["exposure_s"] for total in truth["totals"].values())
        total_s = sum(seconds.values()) * summary["speed_up"]
        meter.figure("overhead_s_per_sample", (total_s - robot_s - exposure_s) / samples, "simulated s")
        centring(meter, truth)
        frames(meter, out)
    return 0 if meter.good else 1


if __name__ == "__main__":
    sys.exit(main())
