"""Records of areaDetector drivers and plugins that never change: what they tell, and what they cannot do otherwise.

Names and choices are those of the public ADCore databases, version 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Choice, Number, Text, Whole
from mxplans_sim.servers.epics.setting import Setting

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
