"""Images and frames in files, as the cameras and the detector of the virtual beamline give them, in no time.

The world is the one that is served; it runs in virtual time, so that nothing waits for the robot.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import h5py
import hdf5plugin  # noqa: F401  # registers the filter of the frames
import numpy as np
import numpy.typing as npt

from mxplans_sim.servers.simplon.detector import VirtualDetector
from mxplans_sim.settings import SettingsError, WorldSettings
from mxplans_sim.truth import Truth
from mxplans_sim.view.preview import preview
from mxplans_sim.virtual_time.kernel import Kernel
from mxplans_sim.virtual_time.loop import VirtualClock, VirtualLoop
from mxplans_sim.world.camera import Camera
from mxplans_sim.world.dewar import Dewar
from mxplans_sim.world.goniometer import TRANSLATIONS
from mxplans_sim.world.kinematics import Axis
from mxplans_sim.world.program import Scan
from mxplans_sim.world.state import World

T = TypeVar("T")
Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rotation:
    """A sweep of frames.

    Attributes:
        start_deg: Omega at the beginning of the first frame.
        width_deg: Omega per frame.
        number: Frames.
        exposure_s: Per frame.
        distance_mm: Of the detector.
        aperture: Name of the aperture.
    """

    start_deg: float
    width_deg: float
    number: int
    exposure_s: float = 0.1
    distance_mm: float = 100.0
    aperture: str = "Medium"


def render_on_axis(
    settings: WorldSettings, dewar: Dewar, sample: str, omega_deg: Sequence[float], zoom: str, folder: Path
) -> list[Path]:
    """Write what the on-axis camera shows, one PNG file for each angle; returns the files.

    Raises:
        SettingsError: If there is no such sample.
        RobotError: If its pin cannot be mounted.
        ValueError: If an angle or the zoom level is not allowed.
    """

    async def look(world: World) -> list[Path]:
        await world.robot.load(_place(dewar, sample))
        await world.backlight.go("In")
        await world.zoom.go(zoom)
        return await _turning(world, world.camera, omega_deg, folder / f"{_file_name(sample)}_{zoom}")

    return _in_no_time(settings, dewar, look)


def render_side(
    settings: WorldSettings, dewar: Dewar, sample: str, omega_deg: Sequence[float], folder: Path
) -> list[Path]:
    """Write what the side camera shows, one PNG file for each angle; returns the files.

    Raises:
        SettingsError: If there is no such sample.
        RobotError: If its pin cannot be mounted.
        ValueError: If an angle is not allowed.
    """

    async def look(world: World) -> list[Path]:
        await world.robot.load(_place(dewar, sample))
        await world.backlight.go("In")
        return await _turning(world, world.side_camera, omega_deg, folder / f"{_file_name(sample)}_side")

    return _in_no_time(settings, dewar, look)


async def _turning(world: World, camera: Camera, omega_deg: Sequence[float], base: Path) -> list[Path]:
    """A picture at each angle."""
    files = []
    for angle_deg in omega_deg:
        await _move(world, world.axes["omega"], angle_deg)
        picture = await camera.take()
        files.append(base.with_name(f"{base.name}_{angle_deg:g}deg.png"))
        _write(files[-1], picture.pixels)
    return files


def render_frames(settings: WorldSettings, dewar: Dewar, sample: str, rotation: Rotation, folder: Path) -> list[Path]:
    """Turn a sample, its first crystal on the axis, and write the detector's files and a PNG preview of each frame.

    Raises:
        SettingsError: If there is no such sample.
        RobotError: If its pin cannot be mounted.
        ScanFault: If the sweep is faster than omega, or leads out of its limits.
        ConfigError: If the detector does not allow the exposure.
        ValueError: If a position or the aperture is not allowed.
    """

    async def collect(world: World) -> list[Path]:
        await world.robot.load(_place(dewar, sample))
        await world.aperture.go(rotation.aperture)
        await _move(world, world.distance, rotation.distance_mm)
        centred = _centred_mm(world)
        for name, target_mm in zip(TRANSLATIONS, centred, strict=True):
            await _move(world, world.axes[name], target_mm)
        detector = VirtualDetector(
            world.clock,
            settings.detector,
            folder,
            settings.seed,
            world.watch,
            settings.diffraction,
            0,
            settings.goniometer,
        )
        world.bursts.subscribe(detector.on_burst)
        detector.start()
        try:
            _configure(detector, world, sample, rotation)
            await detector.arm()
            await world.scanner.run(_scan(centred, rotation))
            await detector.rendered()
        finally:
            detector.stop()
        files = [folder / name for name in detector.writer.files]
        return [*files, *_previews(folder, _file_name(sample))]

    return _in_no_time(settings, dewar, collect)


def _in_no_time(settings: WorldSettings, dewar: Dewar, work: Callable[[World], Awaitable[T]]) -> T:
    """Do something in a fresh world, in virtual time."""
    kernel = Kernel()
    loop = VirtualLoop(kernel)

    async def run() -> T:
        clock = VirtualClock(kernel, loop)
        return await work(World(settings, dewar, clock, Truth(None, clock)))

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(run())


def _place(dewar: Dewar, sample: str) -> tuple[int, int]:
    for place, pin in dewar.items():
        if any(each.name == sample for each in pin.samples):
            return place
    known = ", ".join(each.name for pin in dewar.values() for each in pin.samples)
    raise SettingsError(f"sample {sample!r} is not in the shipment, which has {known}")


async def _move(world: World, axis: Axis, target: float) -> None:
    if not axis.allows(target):
        raise ValueError(f"{axis.name} cannot go to {target:g}, allowed is {axis.limits[0]:g} to {axis.limits[1]:g}")
    axis.move_to(target)
    await world.clock.sleep(axis.remaining_s)


def _centred_mm(world: World) -> list[float]:
    """Motor positions of x, y, z that bring the first crystal onto the axis; zeros when there is none."""
    specimen = world.specimen
    if specimen is None or not specimen.crystals:
        return [0.0, 0.0, 0.0]
    others = {name: axis.position for name, axis in world.axes.items()}
    # One position at rest and one for a step of each motor: the chain is linear in them.
    stand = world.gonio.stand(np.vstack([np.zeros(4), np.eye(4)[:3]]), others)
    steps = (stand.spindle_mm[1:] - stand.spindle_mm[0]).T
    off = stand.mount @ np.array(specimen.crystals[0].centre_mm) + stand.spindle_mm[0]
    return [float(value) for value in np.linalg.solve(steps, -off)]


def _configure(detector: VirtualDetector, world: World, sample: str, rotation: Rotation) -> None:
    detector.initialize()
    detector.writer.config.put("name_pattern", _file_name(sample))
    facts = {
        "trigger_mode": "exts",
        "nimages": 1,
        "ntrigger": rotation.number,
        "frame_time": rotation.exposure_s,
        "count_time": rotation.exposure_s,
        "photon_energy": world.beam.energy_ev,
        "detector_distance": rotation.distance_mm / 1000,
        "omega_start": rotation.start_deg,
        "omega_increment": rotation.width_deg,
    }
    for name, value in facts.items():
        detector.put(name, value)


def _scan(centred: list[float], rotation: Rotation) -> Scan:
    x, y, z = centred
    return Scan(
        start=(x, y, z, rotation.start_deg),
        step=(0.0, 0.0, 0.0, rotation.width_deg),
        row_step=(0.0, 0.0, 0.0, 0.0),
        images=rotation.number,
        rows=1,
        snake=False,
        exposure_s=rotation.exposure_s,
    )


def _previews(folder: Path, name: str) -> list[Path]:
    files: list[Path] = []
    with h5py.File(folder / f"{name}_master.h5") as master:
        data = master["entry/data"]
        for part in sorted(key for key in data if key.startswith("data_")):
            for counts in data[part]:
                files.append(folder / f"{name}_{len(files) + 1:05d}.png")
                _write(files[-1], preview(counts))
    return files


def _file_name(sample: str) -> str:
    """A name without what leads to other folders.

    >>> _file_name("../lyso 1")
    '.._lyso_1'
    """
    return re.sub(r"[^\w.-]", "_", sample)


def _write(path: Path, pixels: npt.NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), pixels):
        raise OSError(f"{path} cannot be written; check the folder and its disk")
