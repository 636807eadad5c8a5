"""The plugin behind a camera from which clients read images, as areaDetector's NDStdArrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.area_detector import (
    COLOR_MODES,
    DATA_TYPES,
    OFF_ON,
    always,
    facts,
    port,
)
from mxplans_sim.servers.epics.channels import Bytes, Choice, Number, Whole
from mxplans_sim.servers.epics.setting import Setting, anything
from mxplans_sim.settings.camera import Moment
from mxplans_sim.world.camera import Picture

_EPICS_EPOCH_S = 631152000
"""Seconds from 1970 to 1990, from which the stamps of arrays in EPICS count."""


class ImagePlugin:
    """Keeps the latest image while EnableCallbacks is Enable.

    Args:
        prefix: Of its process variables.
        width: Columns of an image.
        height: Rows of an image.
        source: Port of the camera.
        moment: Of the exposure, that the stamps tell.
    """

    def __init__(self, prefix: str, width: int, height: int, source: str, moment: Moment = "end") -> None:
        self._prefix = prefix
        self._begin_frac = {"begin": 1.0, "middle": 0.5, "end": 0.0}[moment]
        self._known: dict[str, Any] = {"ArraySize0_RBV": width, "ArraySize1_RBV": height, "ArraySize2_RBV": 0}
        self._known |= {"NDimensions_RBV": 2, "Dimensions_RBV": [width, height, *[0] * 8]}
        self._fixed = {"NDArrayPort": source, "NDArrayAddress": 0, "MinCallbackTime": 0.0, "DroppedArrays": 0}
        self._enabled = Setting(f"{prefix}EnableCallbacks", Choice, "Enable", anything, enum_strings=OFF_ON)
        self._blocking = Setting(f"{prefix}BlockingCallbacks", Choice, "Yes", anything, enum_strings=("No", "Yes"))
        self._counter = Setting(f"{prefix}ArrayCounter", Whole, 0, anything)
        self._data = Bytes(width * height)
        self._id = Whole(value=0)
        self._stamp = Number(value=0.0, units="s", precision=6)
        self._stamp_s, self._stamp_ns = Whole(value=0), Whole(value=0)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            "ArrayData": self._data,
            "UniqueId_RBV": self._id,
            "TimeStamp_RBV": self._stamp,
            "EpicsTSSec_RBV": self._stamp_s,
            "EpicsTSNsec_RBV": self._stamp_ns,
        }
        known = {
            **self._known,
            **port("IMAGE"),
            "PluginType_RBV": "NDPluginStdArrays",
            "ColorMode_RBV": (COLOR_MODES[0], COLOR_MODES),
            "DataType_RBV": ("UInt8", DATA_TYPES),
            "BayerPattern_RBV": ("RGGB", ("RGGB", "GBRG", "GRBG", "BGGR")),
            **{f"Dim{index}SA": 0 for index in range(3)},
            "QueueSize": 1,
            "QueueFree": 1,
            "QueueFreeLow": 0.0,
            **dict.fromkeys(("QueueUse", "QueueUseHIGH", "QueueUseHIHI"), 0),
        }
        return {
            **{self._prefix + name: channel for name, channel in named.items()},
            **facts(self._prefix, known),
            **always(self._prefix, self._fixed),
            **self._enabled.channels,
            **self._blocking.channels,
            **self._counter.channels,
        }

    async def take(self, picture: Picture) -> None:
        """Show an image; its id and the count come last, so that whoever waits for them finds it."""
        if self._enabled.value != "Enable":
            return
        await self._data.show(picture.pixels.tobytes())
        stamp_s = self._begin_frac * picture.stamp_s + (1 - self._begin_frac) * picture.end_stamp_s
        await self._stamp.show(stamp_s)
        await self._stamp_s.show(max(0, int(stamp_s) - _EPICS_EPOCH_S))
        await self._stamp_ns.show(int(stamp_s % 1 * 1e9))
        await self._id.show(picture.number)
        await self._counter.show(self._counter.value + 1)
