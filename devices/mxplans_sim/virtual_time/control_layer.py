"""Process variables in this process: what ophyd asks of a Channel Access client, over the channels of the servers.

Values, limits, choices, put-completion and refusals are those of the channels, so that a device finds here what it would
find on the network.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from caproto import ChannelByte, ChannelChar, ChannelData, ChannelEnum, ChannelString

from mxplans_sim.servers.epics.channels import Refused
from mxplans_sim.virtual_time.kernel import Kernel

_log = logging.getLogger(__name__)


class Variable:
    """One channel with its time stamp, and those who listen to it."""

    def __init__(self, name: str, channel: ChannelData, kernel: Kernel) -> None:
        self.name = name
        self.channel = channel
        self.stamp_s = kernel.stamp_s()
        self._kernel = kernel
        self.monitors: dict[int, Callable[..., None]] = {}
        channel.shown.subscribe(self._shown)

    def reading(self, as_string: bool = False) -> dict[str, Any]:
        """Value and metadata, as pyepics gives them."""
        value, text = _value(self.channel), _text(self.channel)
        return {
            "value": text if as_string else value,
            "char_value": text,
            "timestamp": self.stamp_s,
            "posixseconds": int(self.stamp_s),
            "nanoseconds": int(self.stamp_s % 1 * 1e9),
            "status": int(self.channel.alarm.status),
            "severity": int(self.channel.alarm.severity),
            "count": 1,
            **_metadata(self.channel),
        }

    def _shown(self) -> None:
        self.stamp_s = self._kernel.stamp_s()
        if self.monitors:
            reading = self.reading()
            for callback in tuple(self.monitors.values()):
                callback(pvname=self.name, **reading)


class PV:
    """A connection to a variable, with the methods of `epics.PV` that ophyd calls."""

    def __init__(self, name: str, variable: Variable | None, loop: asyncio.AbstractEventLoop) -> None:
        self.pvname = name
        self.auto_monitor: Any = None
        self.callbacks: dict[int, Callable[..., None]] = {}
        self._variable = variable
        self._loop = loop
        self._reference_count = 0  # of ophyd

    @property
    def connected(self) -> bool:
        """Whether there is such a variable."""
        return self._variable is not None

    @property
    def _there(self) -> Variable:
        if self._variable is None:
            raise TimeoutError(f"{self.pvname} is not served; look at the prefix in the profile")
        return self._variable

    def wait_for_connection(self, timeout: float | None = None) -> bool:
        """Whether there is such a variable; nothing changes that."""
        return self.connected

    def get_with_metadata(self, as_string: bool = False, **_: Any) -> dict[str, Any]:
        """Value and metadata."""
        return self._there.reading(as_string)

    def get(self, as_string: bool = False, **_: Any) -> Any:
        """Value."""
        return self._there.reading(as_string)["value"]

    def get_all_metadata_blocking(self, timeout: float | None) -> dict[str, Any]:
        """Metadata."""
        reading = self._there.reading()
        reading.pop("value")
        return reading

    def get_all_metadata_callback(self, callback: Callable[..., None], *, timeout: float | None) -> None:
        """Metadata, handed to a callback."""
        callback(self.pvname, self.get_all_metadata_blocking(timeout))

    def get_ctrlvars(self, timeout: float | None = None, warn: bool = True) -> dict[str, Any]:
        """Units, limits and choices."""
        return _metadata(self._there.channel)

    def add_callback(self, callback: Callable[..., None], run_now: bool = False, **_: Any) -> int:
        """Call with every new value from now on."""
        index = len(self.callbacks) + 1
        self.callbacks[index] = callback
        self._there.monitors[id(self) + index] = callback
        if run_now:
            callback(pvname=self.pvname, **self._there.reading())
        return index

    def remove_callback(self, index: int) -> None:
        """Call no longer."""
        self.callbacks.pop(index, None)
        self._there.monitors.pop(id(self) + index, None)

    def clear_callbacks(self) -> None:
        """Call nobody any longer."""
        for index in tuple(self.callbacks):
            self.remove_callback(index)

    def put(
        self, value: Any, *, callback: Callable[..., None] | None = None, callback_data: Any = None, **_: Any
    ) -> None:
        """Begin to write; the callback is called at put-completion, and never when the put is refused."""
        channel = self._there.channel

        async def write() -> None:
            try:
                await channel.write(value)
            except Refused as refusal:
                _log.warning("refused: %s", refusal)
                return
            if callback is not None:
                callback(pvname=self.pvname, data=callback_data)

        asyncio.run_coroutine_threadsafe(write(), self._loop)


class ControlLayer:
    """Stands for `ophyd.cl`.

    Args:
        channels: Process variables by name.
        loop: Where the servers of the channels live.
        kernel: Stamps the values.
        thread_class: Of threads that touch variables.
    """

    name = "in-process"

    def __init__(
        self, channels: Mapping[str, ChannelData], loop: asyncio.AbstractEventLoop, kernel: Kernel, thread_class: Any
    ) -> None:
        self.thread_class = thread_class
        self._variables = {name: Variable(name, channel, kernel) for name, channel in channels.items()}
        self._loop = loop
        context = SimpleNamespace(run=lambda work, *args, **kwargs: work(*args, **kwargs), event_thread=None)
        self._dispatcher = SimpleNamespace(
            get_thread_context=lambda name: context,
            schedule_utility_task=lambda work, *args, **kwargs: work(*args, **kwargs),
        )

    def setup(self, logger: logging.Logger) -> None:
        """There is nothing to set up."""

    def get_dispatcher(self) -> SimpleNamespace:
        """Calls back where the change happens, instead of in threads."""
        return self._dispatcher

    def get_pv(
        self,
        pvname: str,
        connection_callback: Callable[..., None] | None = None,
        access_callback: Callable[..., None] | None = None,
        callback: Callable[..., None] | None = None,
        **_: Any,
    ) -> PV:
        """Connect, and say so at once."""
        # As at a record: without a field its value is meant.
        pv = PV(pvname, self._variables.get(pvname) or self._variables.get(pvname.removesuffix(".VAL")), self._loop)
        if pv.connected:
            if callback is not None:
                pv.add_callback(callback)
            if access_callback is not None:
                access_callback(read_access=True, write_access=True, pv=pv)
            if connection_callback is not None:
                connection_callback(pvname=pvname, conn=True, pv=pv)
        return pv

    def release_pvs(self, *pvs: PV) -> None:
        """Give connections back."""
        for pv in pvs:
            pv._reference_count -= 1  # noqa: SLF001  the name is ophyd's
            if pv._reference_count == 0 and pv.connected:  # noqa: SLF001
                pv.clear_callbacks()

    def caget(self, pvname: str, **_: Any) -> Any:
        """Value of a variable."""
        return self.get_pv(pvname).get()

    def caput(self, pvname: str, value: Any, **_: Any) -> None:
        """Write a variable without waiting."""
        self.get_pv(pvname).put(value)


def _value(channel: ChannelData) -> Any:
    value = channel.value
    if isinstance(channel, ChannelEnum):
        return channel.enum_strings.index(value) if isinstance(value, str) else int(value)
    if isinstance(channel, ChannelByte) and isinstance(value, bytes):
        return np.frombuffer(value, np.uint8)
    if isinstance(channel, ChannelChar) and isinstance(value, str):
        return np.frombuffer(value.encode(), np.uint8)
    if isinstance(value, list | tuple) and len(value) == 1:
        return value[0]
    return value


def _text(channel: ChannelData) -> str:
    value = channel.value
    if isinstance(channel, ChannelEnum) and not isinstance(value, str):
        return str(channel.enum_strings[int(value)])
    return value if isinstance(value, str) else "" if isinstance(value, bytes) else str(value)


def _metadata(channel: ChannelData) -> dict[str, Any]:
    known: dict[str, Any] = {
        "enum_strs": tuple(channel.enum_strings) if isinstance(channel, ChannelEnum) else None,
        "precision": None,
        "units": None,
        "lower_ctrl_limit": None,
        "upper_ctrl_limit": None,
    }
    if not isinstance(channel, ChannelEnum | ChannelString | ChannelChar):
        for name in ("precision", "units", "lower_ctrl_limit", "upper_ctrl_limit"):
            known[name] = getattr(channel, name, None)
    return known
