"""The cameras as they are asked for pictures: frames with ids and stamps."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from mxplans_sim.settings.camera import CameraSettings, ZoomLevel
from mxplans_sim.world.hooks import Parameters
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.optics import Exposure, Image, Viewer
from mxplans_sim.world.placement import Placement
from mxplans_sim.world.specimen import Specimen
from mxplans_sim.world.unsteady import shake_mm
from mxplans_sim.world.whole import Whole

FRAMES_KEPT = 20
SATURATING = 4.0
"""Factor of the light when a fault saturates the camera and does not say by how much."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One frame, and what it was taken of.

    Attributes:
        number: Counts the camera's frames, from 1.
        stamp_s: When it was exposed, seconds since 1970.
        pixels: Gray values (height, width), uint8.
        specimen: What was on the goniometer.
        placement: How it stood.
        zoom: The zoom level.
    """

    number: int
    stamp_s: float
    pixels: Image
    specimen: Specimen | None
    placement: Placement
    zoom: ZoomLevel


class Camera:
    """A camera; one exposure at a time.

    Args:
        world: What it looks at.
        settings: The camera.
        level: Gives the name of the present zoom level.

    Attributes:
        settings: The camera.
        exposure_s: How long a frame is exposed.
        gain: Gray values per electron.
        eye: Takes the pictures.
        last: The latest frame, None before the first.
        recent: The latest frames, oldest first.
        changed: Tells of a new frame.
    """

    def __init__(self, world: Whole, settings: CameraSettings, level: Callable[[], str]) -> None:
        self.settings = settings
        self.exposure_s = settings.exposure_s
        self.gain = settings.gain
        self.eye = Viewer(world.settings.seed, settings)
        self.last: Picture | None = None
        self.recent: deque[Picture] = deque(maxlen=FRAMES_KEPT)
        self.changed = Observable()
        self._world = world
        self._level = level
        self._turn = asyncio.Lock()
        self._number = 0

    @property
    def level(self) -> ZoomLevel:
        """The present zoom level."""
        return self.settings.zoom(self._level())

    async def take(self) -> Picture:
        """Expose one frame of what is there now; a frozen camera gives the last one again."""
        async with self._turn:
            world = self._world
            await world.clock.sleep(self.exposure_s)
            if self.last is not None and self._fault("camera_frozen") is not None:
                return self.last
            self._number += 1
            number, stamp_s, level = self._number, world.clock.stamp_s(), self.level
            specimen, placement, exposure = world.specimen, world.placement, self._exposure()
            if specimen is not None and specimen.vibration_um:
                shake = shake_mm(specimen, world.settings.seed, self.settings.name, number)
                placement = Placement(placement.rotation, placement.shift_mm + shake)
            beam_y_mm = world.beam.axis_offset_mm
            pixels = await world.clock.compute(
                lambda: self.eye.take(specimen, placement, level, beam_y_mm, exposure, number)
            )
            self.last = Picture(number, stamp_s, pixels, specimen, placement, level)
            self.recent.append(self.last)
            await self.changed.notify()
            return self.last

    def _exposure(self) -> Exposure:
        """Lights and sensor as they are now, with what is wrong with them."""
        exposure = Exposure.of(self.settings, self._world.backlight_in)
        exposure = replace(exposure, exposure_s=self.exposure_s, gain=self.gain)
        if (dim := self._fault("camera_dim")) is not None:
            exposure = exposure.dimmed(float(dim["factor"]))
        if (bright := self._fault("camera_saturated")) is not None:
            exposure = replace(exposure, gain=exposure.gain * float(bright.get("factor", SATURATING)))
        if (shift := self._fault("background_shift")) is not None:
            exposure = replace(exposure, background_shift_px=(float(shift["x_px"]), float(shift["y_px"])))
        return exposure

    def _fault(self, kind: str) -> Parameters | None:
        return self._world.faults.active(kind, sample=self._world.sample_name, camera=self.settings.name)
