"""The built-in spot finder beside DIALS's on the same frames: frames per second of one core, and spots against the truth.

Frames of 1 Mpx of a turning lysozyme crystal, with gaps and bad pixels, written as the virtual detector writes them. Time
is that of the processor, which other work on the machine does not change. DIALS stands outside and is run from PATH; its
figures are left out where it is not installed (Debian: `apt-get install dials`).
"""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import h5py
import hdf5plugin  # noqa: F401  reads the frames
import msgpack
import numpy as np
import numpy.typing as npt
from dials_gate import run
from scipy.spatial.transform import Rotation

from mxplans_devices.dispersion import DispersionTest
from mxplans_sim.diffraction.panel import Panel
from mxplans_sim.diffraction.render import Scene
from mxplans_sim.servers.simplon.parameters import detector_config
from mxplans_sim.servers.simplon.series import Finish, Render, Series, Write
from mxplans_sim.servers.simplon.worker import Worker
from mxplans_sim.settings import DetectorSettings
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.specimen import Crystal, Specimen
from support.meter import Meter

Array = npt.NDArray[np.float64]
FRAMES = 30
WIDTH_DEG, EXPOSURE_S, DISTANCE_MM, ENERGY_EV, FLUX_HZ = 0.5, 0.1, 100.0, 12658.0, 1e12
DETECTOR: dict[str, Any] = {
    "nx": 1030,
    "ny": 1065,
    "pixel_um": 75.0,
    "modules_y": 2,
    "background": 60.0,
    "dead_px": 40,
    "hot_px": 20,
}
SURE_SIGMAS, SURE_PHOTONS = 7.0, 25.0
"""A true spot so far above the counting noise of 5 x 5 pixels must be found."""
NEAR_PX, AWAY_PX, FAINT_PHOTONS = 1.5, 2.5, 3.0
RECALL_LEAST, FALSE_MOST = 0.97, 0.01
EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Found:
    """Spots of a whole sweep; arrays (n,). A spot stands on frames `first` to `last`, both included."""

    x_px: Array
    y_px: Array
    first: Array
    last: Array


def write_frames(folder: Path, seed: int) -> Scene:
    """Write the sweep to `sweep_master.h5` and its data file; returns what it shows."""
    panel = Panel(DetectorSettings.model_validate(DETECTOR), seed)
    lattice = tuple(map(tuple, Rotation.random(random_state=seed).as_matrix().tolist()))
    crystal = Crystal((0.0, 0.0, 0.0), (0.025,) * 3, EYE, (79.1, 79.1, 37.9, 90, 90, 90), "P 43 21 2", lattice)
    nowhere = np.zeros((FRAMES, 3))
    burst = Burst(
        specimen=Specimen("lysozyme", None, (crystal,)),
        mount=np.eye(3),
        spindle_mm=nowhere,
        lab_mm=nowhere,
        omega_start_deg=np.arange(FRAMES) * WIDTH_DEG,
        omega_width_deg=WIDTH_DEG,
        exposure_s=EXPOSURE_S,
        beam_mm=nowhere[:, :2],
        beam_fwhm_um=(50.0, 50.0),
        beam_profile="gaussian",
        flux_hz=np.full(FRAMES, FLUX_HZ),
        energy_ev=ENERGY_EV,
        distance_mm=DISTANCE_MM,
        ends_at_s=0.0,
    )
    config = detector_config(panel.settings)
    for name, value in (
        ("photon_energy", ENERGY_EV),
        ("detector_distance", DISTANCE_MM / 1000),
        ("frame_time", EXPOSURE_S),
        ("nimages", FRAMES),
        ("omega_start", 0.0),
        ("omega_increment", WIDTH_DEG),
    ):
        config.put(name, value)
    series = Series(
        1, FRAMES, "sweep", FRAMES, True, panel, DiffractionSettings.model_validate({}), config.values(), "", seed
    )
    worker = Worker(folder)
    for request in (Render(series, 1, burst, keep=True), Write(series, 1, None), Finish(1)):
        worker.answer(request)
    worker.close()
    return Scene.of(burst, panel, seed)


def built_in(folder: Path, good: npt.NDArray[np.bool_]) -> tuple[Found, float, float]:
    """What the built-in finder finds, processor seconds for it, and for reading the frames."""
    with h5py.File(folder / "sweep_data_000001.h5") as file:
        begin = time.process_time()
        frames = [file["entry/data/data"][index] for index in range(FRAMES)]
        read_s = time.process_time() - begin
    test, spots = DispersionTest(good), []
    test.find(frames[0])  # tables are made at the first call
    begin = time.process_time()
    for frame in frames:
        spots.append(test.find(frame))
    taken_s = time.process_time() - begin
    numbers = np.repeat(np.arange(FRAMES), [len(each[0]) for each in spots]).astype(float)
    x_px, y_px = (np.concatenate([each[k] for each in spots]) for k in (0, 1))
    return Found(x_px, y_px, numbers, numbers), taken_s, read_s


def dials(folder: Path) -> tuple[Found, float]:
    """What `dials.find_spots` finds, and processor seconds for all frames, those of its start-up taken off."""
    run(("dials.import", "sweep_master.h5"), folder)
    one_s = _processor_s(("dials.find_spots", "imported.expt", "nproc=1", "scan_range=1,1"), folder)
    all_s = _processor_s(("dials.find_spots", "imported.expt", "nproc=1"), folder)
    content = msgpack.unpackb((folder / "strong.refl").read_bytes(), strict_map_key=False)[2]["data"]
    places = np.frombuffer(content["xyzobs.px.value"][1][1], dtype="<f8").reshape(-1, 3)
    boxes = np.frombuffer(content["bbox"][1][1], dtype="<i4").reshape(-1, 6)
    # An image coordinate of DIALS counts from a pixel's corner, an index here is its centre.
    found = Found(places[:, 0] - 0.5, places[:, 1] - 0.5, boxes[:, 4].astype(float), boxes[:, 5] - 1.0)
    return found, (all_s - one_s) * FRAMES / (FRAMES - 1)


def _processor_s(command: tuple[str, ...], folder: Path) -> float:
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(command, folder)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def against_truth(found: Found, scene: Scene, good: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Fraction of the sure true spots that is found, and fraction of what is found that is no spot."""
    sure = seen = 0
    true = np.zeros(len(found.x_px), dtype=bool)
    for index in range(FRAMES):
        part = slice(scene.spots.bounds[index], scene.spots.bounds[index + 1])
        x, y, photons = scene.spots.x_px[part], scene.spots.y_px[part], scene.spots.photons[part]
        row, column = np.rint(y).astype(int), np.rint(x).astype(int)
        under = scene.dark[index].expected[row, column]
        here = np.flatnonzero((found.first <= index) & (found.last >= index))
        apart = np.hypot(found.x_px[here, None] - x, found.y_px[here, None] - y)
        wanted = good[row, column] & (photons > SURE_SIGMAS * np.sqrt(photons + 25 * under)) & (photons > SURE_PHOTONS)
        sure += int(wanted.sum())
        seen += int((apart.min(axis=0, initial=np.inf)[wanted] < NEAR_PX).sum())
        true[here] |= apart[:, photons > FAINT_PHOTONS].min(axis=1, initial=np.inf) < AWAY_PX
    return seen / sure, float((~true).mean())


def centring_spots(meter: Meter, seed: int = 1) -> None:
    """All figures of spot finding."""
    cv2.setNumThreads(1)  # of one core is what is told
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene = write_frames(folder, seed)
        good = scene.panel.mask == 0
        found, taken_s, read_s = built_in(folder, good)
        recall, false = against_truth(found, scene, good)
        meter.figure("spots_built_in", FRAMES / taken_s, "frames/s per core, 1 Mpx")
        meter.figure("spots_built_in_with_reading", FRAMES / (taken_s + read_s), "frames/s per core, 1 Mpx")
        meter.figure("spots_built_in_recall", recall, "fraction", f">= {RECALL_LEAST}", recall >= RECALL_LEAST)
        meter.figure("spots_built_in_false", false, "fraction", f"<= {FALSE_MOST}", false <= FALSE_MOST)
        if shutil.which("dials.find_spots"):
            theirs, dials_s = dials(folder)
            recall, false = against_truth(theirs, scene, good)
            meter.figure("spots_dials_with_reading", FRAMES / dials_s, "frames/s per core, 1 Mpx")
            meter.figure("spots_dials_recall", recall, "fraction")
            meter.figure("spots_dials_false", false, "fraction")
