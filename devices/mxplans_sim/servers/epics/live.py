"""Process variables that change by themselves: right whenever they are read, and posted from time to time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice, Number, Text, Whole

_POST_S = 1.0
"""Real seconds between two posts."""
_SHORTEST_S = 1e-3


class _Live:
    """Asks for its value when somebody reads it.

    Args:
        present: Tells the value.
    """

    def __init__(self, present: Callable[[], Any], **kwargs: Any) -> None:
        self._present = present
        super().__init__(value=present(), **kwargs)  # type: ignore[call-arg]  # of the channel it is mixed into

    @property
    def value(self) -> Any:
        """What it is now."""
        return self._present()

    async def read(self, data_type: Any) -> Any:
        """Called for a client's get."""
        await self.post()
        return await super().read(data_type)  # type: ignore[misc]

    async def post(self) -> None:
        """Tell subscribers if the value is another one."""
        value = self._present()
        if value != self._data["value"]:  # type: ignore[attr-defined]
            await self.show(value)  # type: ignore[attr-defined]


class LiveNumber(_Live, Number):
    """A float."""


class LiveWhole(_Live, Whole):
    """An integer."""


class LiveChoice(_Live, Choice):
    """One of a few names."""


class LiveText(_Live, Text):
    """A text of at most 39 characters."""


LIVE = LiveNumber, LiveWhole, LiveChoice, LiveText


class Part:
    """Process variables of one thing, of which some change by themselves.

    Args:
        clock: Simulated time.
        channels: Process variables by name.

    Attributes:
        channels: Process variables by name.
    """

    def __init__(self, clock: Clock, channels: Mapping[str, ChannelData]) -> None:
        self.channels = dict(channels)
        self._clock = clock
        self._live = tuple(channel for channel in channels.values() if isinstance(channel, LIVE))

    def next_step_s(self) -> float:
        """Simulated time of the next sudden change, which is posted without delay."""
        return math.inf

    async def look(self) -> None:
        """Called before each post: let faults take hold."""

    async def post(self) -> None:
        """Post what has changed."""
        for channel in self._live:
            await channel.post()

    async def watch(self) -> None:
        """Post what changes, until cancelled."""
        while True:
            until_step_s = max(self.next_step_s() - self._clock.now_s(), _SHORTEST_S)
            await self._clock.sleep(min(self._clock.watch_period_s(_POST_S), until_step_s))
            await self.look()
            await self.post()

    async def stop(self) -> None:
        """End what runs, and publish no longer."""
