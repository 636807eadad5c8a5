"""A day of the virtual beamline in virtual time: how long more than a thousand samples take, and whether memory grows.

Frames are thin: real files whose images hold spots without background. Prints one JSON line for each figure; ends with
1 when a goal is missed. Takes up to an hour.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import yaml
from support.meter import Meter, memory_mb
from support.shipments import shipment

ROOT = Path(__file__).parents[1]
SIM = ROOT / "profiles/sim"
DAY_S = 86_400.0
GROWTH = 1.10
FIRST_MEASURED = 100


def prepare(folder: Path, samples: int) -> tuple[Path, Path]:
    """A profile of thin frames and a shipment of many samples; paths of both."""
    profile = folder / "profile"
    shutil.copytree(SIM, profile)
    world = yaml.safe_load((profile / "world.yaml").read_text())
    world["detector"] |= {"frames": "thin", "bit_depth": 16}
    world["timing"] |= {"robot_s": 32, "unload_s": 14}  # a common robot, so that a thousand samples fill the day
    # One in ten is empty, one in ten does not diffract: what a day is like.
    world["samples"] = {f"day-{n}": {"empty": True} for n in range(7, samples, 10)}
    world["samples"] |= {f"day-{n}": {"no_diffraction": True} for n in range(3, samples, 10)}
    (profile / "world.yaml").write_text(yaml.safe_dump(world))
    # The catalogue is another process, which takes the day in afterwards (`mxplans tiled`).
    beamline = yaml.safe_load((profile / "beamline.yaml").read_text())
    del beamline["archive"]
    (profile / "beamline.yaml").write_text(yaml.safe_dump(beamline))
    path = folder / "shipment.json"
    path.write_text(json.dumps(shipment([f"day-{n}" for n in range(1, samples + 1)])))
    return profile / "beamline.yaml", path


def run(profile: Path, path: Path, out: Path) -> tuple[int, float, dict[int, float]]:
    """Run the day; exit code, seconds, and memory (MB) by samples done."""
    command = [str(Path(sys.executable).with_name("mxplans")), "udc", "--virtual-time"]
    command += ["--profile", str(profile), "--out", str(out), str(path)]
    begin, memory, pause = time.monotonic(), dict[int, float](), threading.Event()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    journal = Counter(out / "documents.jsonl")
    while process.poll() is None:
        done = journal.samples()
        if done >= FIRST_MEASURED or done % 10 == 0:
            memory[done] = max(memory.get(done, 0.0), memory_mb(process.pid))
        pause.wait(1.0)
    return process.returncode, time.monotonic() - begin, memory


class Counter:
    """Counts the samples that a journal tells of, reading each line once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._samples = 0
        self.first_s = self.last_s = 0.0

    def samples(self) -> int:
        """Samples that were finished."""
        if self._path.exists():
            with self._path.open("rb") as file:
                file.seek(self._offset)
                lines = file.read().splitlines(keepends=True)
            for line in lines:
                if line.endswith(b"\n"):
                    self._offset += len(line)
                    self._samples += line.count(b'"phase":"unmount","state":"end"')
        return self._samples


def simulated_s(out: Path) -> float:
    """Simulated seconds of the whole day, as the world's clock counted them."""
    return float(json.loads((out / "virtual_beamline/truth.json").read_text())["simulated_s"])


def main() -> int:
    """Measure one day in a new folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1030, help="Samples in the dewar")
    asked = parser.parse_args()
    meter = Meter()
    with tempfile.TemporaryDirectory() as folder:
        profile, path = prepare(Path(folder), asked.samples)
        out = Path(folder) / "day"
        code, wall_s, memory = run(profile, path, out)
        simulated = simulated_s(out)
        summary = json.loads((out / "summary.json").read_text())
    meter.figure("day_exit_code", code, "", "= 0", code == 0)
    meter.figure("day_samples", len(summary["samples"]), "samples", ">= 1000", len(summary["samples"]) >= 1000)
    meter.figure("day_simulated", simulated / 3600, "h", ">= 24", simulated >= DAY_S)
    meter.figure("day_wall", wall_s / 60, "min", "<= 60", wall_s <= 3600)
    meter.figure("day_speed", simulated / wall_s, "times real time")
    early = max(value for done, value in memory.items() if FIRST_MEASURED <= done < FIRST_MEASURED + 20)
    late = max(value for done, value in memory.items() if done >= len(summary["samples"]) - 20)
    meter.figure("day_memory_at_sample_100", early, "MB")
    meter.figure("day_memory_growth", late / early, "times", f"<= {GROWTH}", late / early <= GROWTH)
    return 0 if meter.good else 1


if __name__ == "__main__":
    sys.exit(main())
