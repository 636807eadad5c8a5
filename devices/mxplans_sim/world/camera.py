"""The cameras as they are asked for pictures: frames with ids and stamps."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mxplans_sim.world.observable import Observable
from mxplans_sim.world.optics import HEIGHT, WIDTH, ZOOMS, Image, Viewer, Zoom

if TYPE_CHECKING:
    from mxplans_sim.world.state import World

FRAMES_KEPT = 20


@dataclass(frozen=True)
class Picture:
    """One frame.

    Attributes:
        number: Counts the camera's frames, from 1.
        stamp_s: When it was exposed, seconds since 1970.
        pixels: Gray values (height, width), uint8.
    """

    number: int
    stamp_s: float
    pixels: Image


class Camera:
    """The on-axis viewer; one exposure at a time.

    Args:
        world: What it looks at.

    Attributes:
        last: The latest frame, None before the first.
        recent: The latest frames, oldest first.
        changed: Tells of a new frame.
    """

    def __init__(self, world: World) -> None:
        self.last: Picture | None = None
        self.recent: deque[Picture] = deque(maxlen=FRAMES_KEPT)
        self.changed = Observable()
        self._world = world
        self._viewer = Viewer(world.settings.seed)
        self._turn = asyncio.Lock()
        self._number = 0

    @property
    def level(self) -> Zoom:
        """The present zoom level."""
        return next(zoom for zoom in ZOOMS if zoom.name == self._world.zoom.state)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return WIDTH, HEIGHT

    async def take(self) -> Picture:
        """Expose one frame of what is there now; a frozen camera gives the last one again."""
        async with self._turn:
            world = self._world
            await world.clock.sleep(world.settings.timing.camera_s)
            if self.last is not None and world.faults.active("camera_frozen", sample=world.sample_name) is not None:
                return self.last
            self._number += 1
            specimen, level, lit = world.specimen, self.level, world.backlight_in
            stand = world.stand()
            x, y, z = (float(value) for value in stand.spindle_mm[0])
            pose = (x, y, z, float(stand.omega_deg[0]))
            beam_y_mm, stamp_s = world.beam.axis_offset_mm, world.clock.stamp_s()
            pixels = await world.clock.compute(lambda: self._viewer.expose(specimen, pose, level, beam_y_mm, lit))
            self.last = Picture(self._number, stamp_s, pixels)
            self.recent.append(self.last)
            await self.changed.notify()
            return self.last
