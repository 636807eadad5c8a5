"""Does DIALS believe the virtual detector, and our NXmx files? Sweeps of lysozyme are written and processed.

The first is read by the master file that the detector writes. Then our plans collect two sweeps whose wedges take
turns, and DIALS gets their NXmx files: both must be of one crystal, as they are half a turn apart.

Prints a line of JSON for each figure and ends with 1 when one misses its goal. DIALS stands outside: its commands are
run as they are, from PATH (Debian: `apt-get install dials`).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hdf5plugin
import numpy as np
from support.nexus_sweeps import collect, inverse_beam, nexus_files

from mxplans_sim.settings import WorldSettings
from mxplans_sim.view.render import Rotation as Turn
from mxplans_sim.view.render import render_frames
from mxplans_sim.world.dewar import PinInDewar, Sample

CELL = (79.1, 79.1, 37.9, 90.0, 90.0, 90.0)
SPACE_GROUP = "P 43 21 2"
LATTICE = "tP"
IMAGES = 60
WIDTH_DEG = 0.5
EXPOSURE_S = 0.1
DISTANCE_MM = 80.0
WORLD = {
    "seed": 5,
    "detector": {
        "nx": 1030,
        "ny": 1065,
        "pixel_um": 75.0,
        "modules_y": 2,
        "background": 60.0,
        "arm_s": 0.0,
        "dead_px": 40,
        "hot_px": 20,
    },
    # A positive angle of this omega turns left-handed about the lab's x: the headers must say so.
    "goniometer": {"kind": "smargon", "omega_sign": -1, "z_sign": -1, "confusion_um": 1.0, "backlash_um": 0.5},
    # Of which 39 % pass the aperture of 50 um.
    "beam": {"flux_hz": 2.56e12},
    "samples": {
        "lysozyme": {
            "size_um": (50.0, 50.0, 50.0),
            "shape": "box",
            "cell": CELL,
            "space_group": SPACE_GROUP,
            "mosaicity_deg": 0.15,
            "b_factor_a2": 18.0,
            "d_min_a": 1.9,
        }
    },
}
STEPS = (
    ("dials.import", "lysozyme_master.h5"),
    ("dials.find_spots", "imported.expt", "nproc=2"),
    ("dials.index", "imported.expt", "strong.refl"),
    ("dials.refine_bravais_settings", "indexed.expt", "indexed.refl"),
    ("dials.integrate", "indexed.expt", "indexed.refl", "nproc=2"),
    ("dials.symmetry", "integrated.expt", "integrated.refl"),
    ("dials.scale", "symmetrized.expt", "symmetrized.refl"),
)
NEXUS_STEPS = (
    ("dials.find_spots", "imported.expt", "nproc=2"),
    ("dials.index", "imported.expt", "strong.refl", "joint_indexing=True"),
    ("dials.refine_bravais_settings", "indexed.expt", "indexed.refl", "nproc=2"),
    ("dials.integrate", "indexed.expt", "indexed.refl", "nproc=2"),
)
NEXUS_IMAGES = 30
"""Of each sweep, in wedges of half as many."""
GOALS = {"indexed": 0.95, "cell_error": 0.003, "cc_half": 0.95, "integrated": 0.9}


class GateError(RuntimeError):
    """The gate cannot be passed because something does not work at all."""


def write_sweep(folder: Path) -> None:
    """Have the virtual beamline turn a crystal and write the sweep to `lysozyme_master.h5` and its data file.

    All of it takes part: robot, goniometer with its signs and errors, motion program, triggers, detector, file writer.
    """
    pin = PinInDewar(1, 1, "BC-1", (Sample("lysozyme", "Lyso"),))
    sweep = Turn(0.0, WIDTH_DEG, IMAGES, EXPOSURE_S, DISTANCE_MM)
    render_frames(WorldSettings.model_validate(WORLD), {(1, 1): pin}, "lysozyme", sweep, folder)


def write_nexus(folder: Path) -> list[Path]:
    """Have our plans collect two sweeps in wedges that take turns; returns their NXmx files."""
    item = inverse_beam(NEXUS_IMAGES, NEXUS_IMAGES // 2, WIDTH_DEG, EXPOSURE_S)
    return nexus_files(folder, collect(folder, item, WORLD["samples"]["lysozyme"]))


def run(command: Sequence[str], folder: Path) -> str:
    """Run one command of DIALS; returns what it says.

    Raises:
        GateError: If it fails.
    """
    environment = os.environ | {"HDF5_PLUGIN_PATH": hdf5plugin.PLUGIN_PATH}
    # The packages of this project's environment are not those that DIALS was built with.
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        environment.pop(name, None)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise GateError(f"{' '.join(command)} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def figures(folder: Path, said: dict[str, str]) -> list[dict[str, Any]]:
    """What was reached, a dictionary for each goal.

    Args:
        folder: Where DIALS has worked.
        said: The output of each command.
    """
    fraction = min(_indexed(said["dials.index"]))
    error, best = _cell_error(folder), _lattice(folder)
    cc_half = _table_row(said["dials.scale"], r"CC half\s+([\d.]+)")[0]
    return [
        _at_least("dials_indexed", round(fraction, 4), "indexed"),
        _figure(
            "dials_cell_error", round(error, 5), "fraction", f"<= {GOALS['cell_error']}", error <= GOALS["cell_error"]
        ),
        _figure("dials_lattice", best, "Bravais type", LATTICE, best == LATTICE),
        _figure("dials_cc_half", cc_half, "", f"> {GOALS['cc_half']}", cc_half > GOALS["cc_half"]),
    ]


def nexus_figures(folder: Path, said: dict[str, str]) -> list[dict[str, Any]]:
    """What was reached with the NXmx files; both sweeps count, and both belong to one crystal."""
    error, best = _cell_error(folder), _lattice(folder)
    crystals = len(json.loads((folder / "integrated.expt").read_text())["crystal"])
    lost, all_of_them = _table_row(said["dials.integrate"], r"Removing (\d+) unintegrated reflections of (\d+) total")
    return [
        _at_least("dials_nexus_indexed", round(min(_indexed(said["dials.index"])), 4), "indexed"),
        _figure("dials_nexus_crystals", crystals, "", "1", crystals == 1),
        _figure(
            "dials_nexus_cell_error",
            round(error, 5),
            "fraction",
            f"<= {GOALS['cell_error']}",
            error <= GOALS["cell_error"],
        ),
        _figure("dials_nexus_lattice", best, "Bravais type", LATTICE, best == LATTICE),
        _at_least("dials_nexus_integrated", round(1 - lost / all_of_them, 4), "integrated"),
    ]


def _indexed(text: str) -> list[float]:
    """Part of the spots that dials.index has indexed, of each sweep; its last table counts."""
    rows = {
        place: (int(yes), int(no)) for place, yes, no in re.findall(r"\|\s*(\d)\s*\|\s*(\d+)\s*\|\s*(\d+)\s*\|", text)
    }
    if not rows:
        raise GateError(f"dials.index does not say what it has indexed: {text[-2000:]}")
    return [yes / (yes + no) for yes, no in rows.values()]


def _cell_error(folder: Path) -> float:
    """Largest relative error of an edge."""
    crystal = json.loads((folder / "integrated.expt").read_text())["crystal"][0]
    edges = [float(np.linalg.norm(crystal[f"real_space_{name}"])) for name in "abc"]
    return max(abs(found / true - 1) for found, true in zip(sorted(edges), sorted(CELL[:3]), strict=True))


def _lattice(folder: Path) -> str:
    """The recommended Bravais type of the highest symmetry."""
    settings = json.loads((folder / "bravais_summary.json").read_text()).values()
    good = [one for one in settings if one["recommended"]]
    return str(max(good, key=lambda one: _order(one["bravais"]))["bravais"])


def _at_least(name: str, value: float, goal: str) -> dict[str, Any]:
    return _figure(name, value, "fraction", f">= {GOALS[goal]}", value >= GOALS[goal])


def _figure(name: str, value: Any, unit: str, goal: str, ok: bool) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "goal": goal, "ok": bool(ok)}


def _order(bravais: str) -> int:
    """Rank of a lattice by its symmetry."""
    return "amothc".index(bravais[0])


def _table_row(text: str, pattern: str) -> list[float]:
    """Numbers of the last match of a pattern.

    Raises:
        GateError: If there is none.
    """
    rows = re.findall(pattern, text)
    if not rows:
        raise GateError(f"DIALS does not say {pattern!r}: {text[-2000:]}")
    row = rows[-1]
    return [float(value) for value in (row if isinstance(row, tuple) else (row,))]


def _by_master(folder: Path) -> list[dict[str, Any]]:
    write_sweep(folder)
    return figures(folder, {command[0]: run(command, folder) for command in STEPS})


def _by_nexus(folder: Path) -> list[dict[str, Any]]:
    files = write_nexus(folder)
    steps = (("dials.import", *map(str, files)), *NEXUS_STEPS)
    return nexus_figures(folder, {command[0]: run(command, folder) for command in steps})


def main() -> int:
    """Write, process, tell; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path, help="work in this folder and leave all files there")
    keep = parser.parse_args().keep
    if shutil.which("dials.import") is None:
        print("DIALS is not here; install it (Debian: apt-get install --no-install-recommends dials)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            reached = _by_master(folder) + _by_nexus(folder / "nexus")
        except GateError as error:
            print(f"dials-gate: {error}", file=sys.stderr)
            return 1
    for figure in reached:
        print(json.dumps(figure), flush=True)
    return 0 if all(figure["ok"] for figure in reached) else 1


if __name__ == "__main__":
    sys.exit(main())
