"""Records as areaDetector drivers and plugins have them: settings with readbacks, and facts that never change.

Names and choices are those of the public ADCore databases, version 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Choice, Number, Refused, Text, Whole

Accept = Callable[[Any], Awaitable[None]]
Kind = type[Number] | type[Whole] | type[Choice] | type[Text]

OFF_ON = ("Disable", "Enable")
COLOR_MODES = ("Mono", "Bayer", "RGB1", "RGB2", "RGB3", "YUV444", "YUV422", "YUV421")
DATA_TYPES = ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64")
DETECTOR_STATES = (
    "Idle",
    "Acquire",
    "Readout",
    "Correct",
    "Saving",
    "Aborting",
    "Error",
    "Waiting",
    "Initializing",
    "Disconnected",
    "Aborted",
)


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
            raise Refused(f"{self._name}: {wanted} is not possible at this camera; it is always {self.value}")
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


def always(prefix: str, facts: Mapping[str, Any]) -> dict[str, ChannelData]:
    """Settings that cannot be changed, by name; a tuple is a choice and its alternatives."""
    channels: dict[str, ChannelData] = {}
    for name, fact in facts.items():
        if isinstance(fact, tuple):
            setting = Setting(prefix + name, Choice, fact[0], enum_strings=fact[1])
        else:
            setting = Setting(prefix + name, _kind(fact), fact)
        channels |= setting.channels
    return channels


def facts(prefix: str, known: Mapping[str, Any]) -> dict[str, ChannelData]:
    """What is only read, by name."""
    return {
        prefix + name: Choice(value=fact[0], enum_strings=fact[1])
        if isinstance(fact, tuple)
        else _kind(fact)(value=fact)
        for name, fact in known.items()
    }


def _kind(value: Any) -> type[Number | Whole | Text]:
    return Text if isinstance(value, str) else Whole if isinstance(value, int | list) else Number


def port(name: str) -> dict[str, Any]:
    """What every driver and plugin tells of its port; it has no pool of arrays of its own."""
    return {
        "PortName_RBV": name,
        "ADCoreVersion_RBV": "3.12.1",
        "ArrayRate_RBV": 0.0,
        "AsynIO": 0,
        "NDAttributesFile": "",
        **{f"Pool{what}": 0 for what in ("AllocBuffers", "FreeBuffers", "MaxBuffers", "UsedBuffers")},
        **{f"Pool{what}": 0.0 for what in ("MaxMem", "UsedMem")},
    }
