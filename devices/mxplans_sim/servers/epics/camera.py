"""The on-axis viewer as an areaDetector-like camera: one image per Acquire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Bytes, Number, Whole
from mxplans_sim.world.state import World


class Camera:
    """A put to Acquire completes when the image is in ArrayData.

    Args:
        prefix: Of its process variables.
        world: Whose camera it is.
    """

    def __init__(self, prefix: str, world: World) -> None:
        width, height = world.camera.settings.width_px, world.camera.settings.height_px
        self._prefix = prefix
        self._world = world
        self._acquire = Whole(value=0, on_put=self._put)
        self._data = Bytes(width * height)
        self._width = Whole(value=width)
        self._height = Whole(value=height)
        self._counter = Whole(value=0)
        self._stamp = Number(value=0.0, units="s", precision=6)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            "Acquire": self._acquire,
            "ArrayData": self._data,
            "ArraySizeX_RBV": self._width,
            "ArraySizeY_RBV": self._height,
            "ArrayCounter_RBV": self._counter,
            "UniqueId_RBV": self._counter,
            "TimeStamp_RBV": self._stamp,
        }
        return {self._prefix + name: channel for name, channel in named.items()}

    async def _put(self, value: Any) -> None:
        if not value:
            return
        await self._acquire.show(1)
        try:
            picture = await self._world.camera.take()
            if picture.number != self._counter.value:
                await self._data.show(picture.pixels.tobytes())
                await self._stamp.show(picture.stamp_s)
                await self._counter.show(picture.number)
        finally:
            await self._acquire.show(0)
