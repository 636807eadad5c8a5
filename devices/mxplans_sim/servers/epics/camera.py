"""The on-axis viewer as an areaDetector-like camera: one image per Acquire."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Bytes, Number, Whole
from mxplans_sim.world.optics import HEIGHT, WIDTH
from mxplans_sim.world.state import World


class Camera:
    """Exposes at the pose of the moment; a put to Acquire completes when the image is in ArrayData.

    Args:
        prefix: Of its process variables.
        world: What it looks at.
        renderer: Draws the images outside of the event loop.
    """

    def __init__(self, prefix: str, world: World, renderer: Executor) -> None:
        self._prefix = prefix
        self._world = world
        self._renderer = renderer
        self._turn = asyncio.Lock()
        self._acquire = Whole(value=0, on_put=self._put)
        self._data = Bytes(WIDTH * HEIGHT)
        self._counter = Whole(value=0)
        self._stamp = Number(value=0.0, units="s", precision=6)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            "Acquire": self._acquire,
            "ArrayData": self._data,
            "ArraySizeX_RBV": Whole(value=WIDTH),
            "ArraySizeY_RBV": Whole(value=HEIGHT),
            "ArrayCounter_RBV": self._counter,
            "TimeStamp_RBV": self._stamp,
        }
        return {self._prefix + name: channel for name, channel in named.items()}

    async def _put(self, value: Any) -> None:
        if not value:
            return
        async with self._turn:
            await self._acquire.show(1)
            pose = self._world.pose
            stamp = time.time()
            loop = asyncio.get_running_loop()
            image = loop.run_in_executor(self._renderer, self._world.take_picture, pose)
            await self._world.clock.sleep(self._world.settings.timing.camera_s)
            await self._data.show((await image).tobytes())
            await self._stamp.show(stamp)
            await self._counter.show(self._counter.value + 1)
            await self._acquire.show(0)
