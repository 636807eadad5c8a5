"""Photodiodes with the ranges of their amplifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice
from mxplans_sim.servers.epics.live import LiveChoice, LiveNumber, LiveWhole, Part
from mxplans_sim.world.diode import GAINS, Diode
from mxplans_sim.world.observable import Observable


class DiodeAmplifier(Part):
    """Current of a diode; a put to GAIN completes when the current is that of the new range.

    Args:
        prefix: Of its process variables.
        diode: The diode.
        clock: Simulated time.
        lights: What tells that the light on it may be another: the current is posted then.
    """

    def __init__(self, prefix: str, diode: Diode, clock: Clock, lights: Sequence[Observable]) -> None:
        self._diode = diode
        self._gain = Choice(value=diode.gain, enum_strings=GAINS, on_put=self._put)
        named = {
            "GAIN": self._gain,
            "GAIN_RBV": LiveChoice(lambda: diode.gain, enum_strings=GAINS),
            "CURRENT_RBV": LiveNumber(lambda: diode.current_a, units="A", precision=12),
            "VOLTAGE_RBV": LiveNumber(lambda: diode.voltage_v, units="V", precision=4),
            "SATURATED_RBV": LiveWhole(lambda: int(diode.saturated)),
        }
        super().__init__(clock, {prefix + name: channel for name, channel in named.items()})
        for light in (*lights, diode.changed):
            light.subscribe(self.post)

    async def _put(self, value: Any) -> None:
        gain = self._gain.name_of(value)
        await self._gain.show(gain)
        await self._diode.set_gain(gain)
