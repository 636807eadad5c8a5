"""The on-axis viewer as an areaDetector camera: a driver `cam1:` and a plugin `image1:` from which images are read."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.area_detector import (
    DETECTOR_STATES,
    OFF_ON,
    always,
    facts,
)
from mxplans_sim.servers.epics.camera_facts import known, unable
from mxplans_sim.servers.epics.channels import Choice, Number, Text, Whole
from mxplans_sim.servers.epics.image_plugin import ImagePlugin
from mxplans_sim.servers.epics.setting import Setting, anything, within
from mxplans_sim.world.state import World

PORT = "CAM"
SINGLE, MULTIPLE, CONTINUOUS = IMAGE_MODES = ("Single", "Multiple", "Continuous")
DONE, ACQUIRE = ACQUISITION = ("Done", "Acquire")
EXPOSURES_S = (1e-4, 10.0)
GAINS = (1e-3, 1.0)
LONGEST_PERIOD_S = 3600.0
MOST_IMAGES = 1_000_000


class Camera:
    """A put of Acquire completes at the end of the acquisition: then the last image is in ArrayData.

    In Single and Multiple mode acquisitions come one after the other, each of frames that are newer than its put.

    Args:
        prefix: Of its process variables.
        world: Whose camera it is.
    """

    def __init__(self, prefix: str, world: World) -> None:
        settings = world.camera.settings
        self._prefix = f"{prefix}cam1:"
        self._world = world
        self._turn = asyncio.Lock()
        self._acquisitions: dict[asyncio.Task[None], str] = {}
        self._last = 0
        self._image = ImagePlugin(f"{prefix}image1:", settings.width_px, settings.height_px, PORT, settings.stamp)
        self._acquire = Choice(value=DONE, enum_strings=ACQUISITION, on_put=self._put)
        self._busy = Choice(value=DONE, enum_strings=ACQUISITION)
        self._state = Choice(value="Idle", enum_strings=DETECTOR_STATES)
        self._message = Text(value="")
        self._taken = Whole(value=0)
        self._mode = self._setting("ImageMode", Choice, SINGLE, anything, enum_strings=IMAGE_MODES)
        self._images = self._setting("NumImages", Whole, 1, within("NumImages", 1, MOST_IMAGES, "images"))
        self._counter = self._setting("ArrayCounter", Whole, 0, anything)
        self._callbacks = self._setting("ArrayCallbacks", Choice, "Enable", anything, enum_strings=OFF_ON)
        self._exposure = self._setting("AcquireTime", Number, settings.exposure_s, self._expose_for, units="s")
        # Gray values per electron: more makes pictures brighter and noisier.
        self._gain = self._setting("Gain", Number, settings.gain, self._amplify)
        allowed = within("AcquirePeriod", 0.0, LONGEST_PERIOD_S, "s")
        self._period = self._setting("AcquirePeriod", Number, 1 / settings.frame_rate_hz, allowed, units="s")

    def _setting(self, name: str, kind: Any, *args: Any, **metadata: Any) -> Setting:
        if kind is Number:
            metadata["precision"] = 6
        return Setting(self._prefix + name, kind, *args, **metadata)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        settings = self._world.camera.settings
        named: dict[str, ChannelData] = {
            "Acquire": self._acquire,
            "Acquire_RBV": self._busy,
            "DetectorState_RBV": self._state,
            "StatusMessage_RBV": self._message,
            "NumImagesCounter_RBV": self._taken,
        }
        pairs = (self._mode, self._images, self._counter, self._callbacks, self._exposure, self._gain, self._period)
        put: dict[str, ChannelData] = {}
        for pair in pairs:
            put |= pair.channels
        return {
            **{self._prefix + name: channel for name, channel in named.items()},
            **put,
            **always(self._prefix, unable(settings)),
            **facts(self._prefix, known(settings, PORT)),
            **self._image.channels,
        }

    async def stop(self) -> None:
        """End all acquisitions."""
        for acquisition in tuple(self._acquisitions):
            acquisition.cancel()
        await asyncio.gather(*self._acquisitions, return_exceptions=True)

    async def _expose_for(self, value: Any) -> None:
        await within("AcquireTime", *EXPOSURES_S, "s")(value)
        self._world.camera.exposure_s = value

    async def _amplify(self, value: Any) -> None:
        await within("Gain", *GAINS, "gray values per electron")(value)
        self._world.camera.gain = value

    async def _put(self, value: Any) -> None:
        if self._acquire.name_of(value) == DONE:
            await self.stop()
            return
        if CONTINUOUS in self._acquisitions.values():
            return  # it runs already
        acquisition = asyncio.get_running_loop().create_task(self._run(self._mode.value))
        self._acquisitions[acquisition] = self._mode.value
        acquisition.add_done_callback(self._acquisitions.pop)
        # Whoever has put it may go, which ends this wait and not the acquisition.
        await asyncio.wait([acquisition])
        if not acquisition.cancelled():
            acquisition.result()

    async def _run(self, mode: str) -> None:
        async with self._turn:
            end = "Aborted"
            try:
                await self._show(ACQUIRE, "Acquire", "acquiring")
                await self._taken.show(0)
                await self._expose({SINGLE: 1, MULTIPLE: int(self._images.value)}.get(mode))
                end = "Idle"
            finally:
                await self._show(DONE, "Idle" if mode == CONTINUOUS else end, "")

    async def _show(self, acquisition: str, state: str, message: str) -> None:
        await self._state.show(state)
        await self._message.show(message)
        await self._busy.show(acquisition)
        await self._acquire.show(acquisition)

    async def _expose(self, images: int | None) -> None:
        """Take so many images, endlessly many for None, at most one a period."""
        clock = self._world.clock
        for taken in itertools.count(1):
            begin_s = clock.now_s()
            picture = await self._world.camera.take()
            if picture.number != self._last:
                self._last = picture.number
                await self._counter.show(self._counter.value + 1)
                if self._callbacks.value == "Enable":
                    await self._image.take(picture)
            await self._taken.show(taken)
            if taken == images:
                return
            await clock.sleep(begin_s + self._period.value - clock.now_s())
            await asyncio.sleep(0)
