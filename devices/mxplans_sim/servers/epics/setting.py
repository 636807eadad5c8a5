"""Settings: a record that is put, and its readback beside it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Choice, Number, Refused, Text, Whole

Accept = Callable[[Any], Awaitable[None]]
Kind = type[Number] | type[Whole] | type[Choice] | type[Text]


class Setting:
    """A record that is put, with its readback `NAME_RBV`.

    Args:
        name: Of the record.
        kind: Of its channels.
        value: At the start.
        accept: Called with what is put, and may refuse it; without it nothing but the present value is accepted.
        metadata: Of the channels, as units and limits.
    """

    def __init__(self, name: str, kind: Kind, value: Any, accept: Accept | None = None, **metadata: Any) -> None:
        self._name = name
        self._accept = accept
        self._asked = kind(value=value, on_put=self._put, **metadata)
        self._readback = kind(value=value, **metadata)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {self._name: self._asked, f"{self._name}_RBV": self._readback}

    @property
    def value(self) -> Any:
        """What it is set to."""
        return self._readback.value

    async def show(self, value: Any) -> None:
        """Store a value in both."""
        await self._asked.show(value)
        await self._readback.show(value)

    async def _put(self, value: Any) -> None:
        wanted = self._typed(value)
        if self._accept is not None:
            await self._accept(wanted)
        elif wanted != self.value:
            raise Refused(f"{self._name}: {wanted} is not possible here; it is always {self.value}")
        await self.show(wanted)

    def _typed(self, value: Any) -> Any:
        if isinstance(self._asked, Choice):
            return self._asked.name_of(value)
        if isinstance(self._asked, Text):
            return str(value)
        return int(value) if isinstance(self._asked, Whole) else float(value)


async def anything(value: Any) -> None:
    """Accept what is put."""


def within(name: str, low: float, high: float, unit: str) -> Accept:
    """Accepts what is from `low` to `high`."""

    async def accept(value: Any) -> None:
        if not low <= value <= high:
            raise Refused(f"{name}: {value:g} {unit} is outside of {low:g} to {high:g} {unit}; not changed")

    return accept
