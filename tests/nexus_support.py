"""Records with frames in real files, and what reads NXmx files back: nxvalidate, nxmx, and a walk through all links."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import nxmx
from lims_records import OUT

from mxplans_lims.delivery import Delivery
from mxplans_lims.nxmx import NxmxSettings, NxmxTarget
from mxplans_lims.records import ScanRecord

HEIGHT, WIDTH = 12, 10
MASK = "entry/instrument/detector/detectorSpecific/pixel_mask"


def small(record: Any) -> Any:
    """The same record of a detector with few pixels."""

    def on_it(scan: Any) -> Any:
        facts = {"width_px": WIDTH, "height_px": HEIGHT, "beam_centre_x_px": 4.5, "beam_centre_y_px": 5.25}
        return scan.model_copy(update={"detector": scan.detector.model_copy(update=facts)})

    return record.model_copy(
        update={"grids": tuple(map(on_it, record.grids)), "sweeps": tuple(map(on_it, record.sweeps))}
    )


def write_frames(record: Any, masters: bool = True) -> None:
    """Frames of all scans, no two of them alike, as a detector's file writer leaves them."""
    shape = (HEIGHT, WIDTH)
    for number, scan in enumerate((*record.grids, *record.sweeps)):
        for place, file in enumerate(scan.files):
            path = Path(file.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            first = np.arange(file.frames, dtype="<u4")[:, None, None] + 100_000 * number + 10_000 * place
            frames = np.broadcast_to(first, (file.frames, *shape)) + np.zeros(shape, "<u4")
            with h5py.File(path, "w") as data:
                data.create_dataset(file.dataset, data=frames, chunks=(1, *shape), **hdf5plugin.Bitshuffle(cname="lz4"))
        if masters and scan.detector.master:
            with h5py.File(scan.detector.master, "w") as master:
                mask = np.zeros(shape, "<u4")
                mask[3, 4] = 2
                master[MASK] = mask
                master["entry/instrument/detector/pixel_mask"] = h5py.SoftLink(f"/{MASK}")


def told(record: Any) -> Delivery:
    """What the target is given; it does not look at the message."""
    return Delivery(record, {}, OUT)


def write_all(record: Any, **settings: Any) -> list[Path]:
    """The files of a record's sweeps, in their order."""
    target = NxmxTarget("nxmx", NxmxSettings(**settings))
    return [Path(target.send(step, {})[step.key]) for step in target.steps(told(record))]


def frames_of(scan: ScanRecord) -> np.ndarray[Any, Any]:
    """Frames of a scan, read from its own files."""
    parts = []
    for each in scan.files:
        with h5py.File(each.path, "r") as file:
            parts.append(file[each.dataset][()])
    return np.concatenate(parts)


def validated(path: Path) -> tuple[int, int, str]:
    """Warnings and errors that the command nxvalidate counts, and all that it says."""
    command = [str(Path(sys.executable).with_name("nxvalidate")), str(path), "-a", "NXmx"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=50)
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    counts = [re.search(rf"Total number of {what}: (\d+)", said) for what in ("warnings", "errors")]
    assert all(counts), said
    warnings, errors = (int(found[1]) for found in counts if found)
    return warnings, errors, said


def links(group: h5py.Group, at: str = "") -> list[str]:
    """Paths of all that hangs below a group; following one that leads nowhere raises KeyError."""
    found = []
    for name in group:
        path = f"{at}/{name}"
        found.append(path)
        kind = group.get(name, getlink=True)
        thing = group[name]
        if isinstance(thing, h5py.Group) and isinstance(kind, h5py.HardLink):
            found += links(thing, path)
    return found


def matrices(axis: Any) -> np.ndarray[Any, Any]:
    """From the sample to the lab (n, 4, 4), mm, McStas frame, by the chain that begins at an axis."""
    return np.asarray(nxmx.get_cumulative_transformation(nxmx.get_dependency_chain(axis)))
