"""Process variables with a put handler that may take its time: put-completion comes when it returns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from caproto import (
    AccessRights,
    ChannelByte,
    ChannelChar,
    ChannelData,
    ChannelDouble,
    ChannelEnum,
    ChannelInteger,
    ChannelString,
    SkipWrite,
)

from mxplans_sim.world.observable import Observable

OnPut = Callable[[Any], Awaitable[None]]
_FLUSH_S = 0.001
"""Real seconds between what a put has changed and its completion, so that subscribers hear of the change first."""
_log = logging.getLogger(__name__)


class Served(Protocol):
    """Something with process variables."""

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        ...


class Refused(ValueError):
    """A client put what is not allowed; it gets an error, and nothing changes."""


class RefusedFilter(logging.Filter):
    """Leaves out caproto's traceback of a refused put, which this module has logged in one line."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is to be kept."""
        return not (record.exc_info and isinstance(record.exc_info[1], Refused))


class _Channel:
    """Hands puts of clients to a handler, which decides what is stored; without one a channel is read-only.

    `shown` tells of every value that is stored.

    Args:
        on_put: Called with the value that a client puts; raising refuses the put.
    """

    def __init__(self, *args: Any, on_put: OnPut | None = None, **kwargs: Any) -> None:
        self._on_put = on_put
        self.shown = Observable()
        super().__init__(*args, **kwargs)

    def check_access(self, hostname: str, username: str) -> AccessRights:
        """Everybody reads; puts need a handler."""
        return AccessRights.READ if self._on_put is None else AccessRights.READ | AccessRights.WRITE

    async def verify_value(self, data: Any) -> Any:
        """Called for a client's put."""
        if self._on_put is not None:
            try:
                await self._on_put(data)
            except Refused as error:
                _log.warning("refused: %s", error)
                raise
            await asyncio.sleep(_FLUSH_S)
        raise SkipWrite

    async def show(self, value: Any) -> None:
        """Store a value and tell subscribers."""
        await self.write(value, verify_value=False)  # type: ignore[attr-defined]
        await self.shown.notify()


class Number(_Channel, ChannelDouble):
    """A float."""


class Whole(_Channel, ChannelInteger):
    """An integer."""


class Text(_Channel, ChannelString):
    """A text of at most 39 characters."""


class LongText(_Channel, ChannelChar):
    """A text of at most 255 characters, as a waveform of characters."""

    def __init__(self, *, on_put: OnPut | None = None) -> None:
        super().__init__(value="", max_length=256, string_encoding="utf-8", on_put=on_put)


class Choice(_Channel, ChannelEnum):
    """One of a few names."""

    async def show(self, value: str) -> None:
        """Store a choice by its name."""
        await super().show(value)

    def name_of(self, value: Any) -> str:
        """Name of a choice that a client put as index or name.

        Raises:
            Refused: If there is no such choice.
        """
        names: tuple[str, ...] = self.enum_strings
        if isinstance(value, str):
            if value in names:
                return value
        elif 0 <= int(value) < len(names):
            return names[int(value)]
        raise Refused(f"choice {value} does not exist, allowed are {', '.join(names)}")


class Bytes(_Channel, ChannelByte):
    """A waveform of bytes."""

    def __init__(self, length: int) -> None:
        super().__init__(value=bytes(length), max_length=length, strip_null_terminator=False)


def setting(initial: float, **metadata: Any) -> Number:
    """A float that keeps what is put."""

    async def keep(value: Any) -> None:
        await channel.show(value)

    channel = Number(value=initial, on_put=keep, precision=6, **metadata)
    return channel
