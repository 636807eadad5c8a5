"""The cryostream and the cryojet."""

from __future__ import annotations

from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Number, Refused
from mxplans_sim.servers.epics.live import LiveChoice, LiveNumber, Part
from mxplans_sim.servers.epics.switches import Switch
from mxplans_sim.world.cryo import STATES, Cryo, CryoFault


class CryoStream(Part):
    """A put to TEMPERATURE ramps there and completes when it is reached; JET brings the cryojet in or out.

    Args:
        prefix: Of its process variables.
        cryo: Both.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, cryo: Cryo, clock: Clock) -> None:
        low, high = cryo.settings.range_k
        limits: dict[str, Any] = {"units": "K", "precision": 2, "lower_ctrl_limit": low, "upper_ctrl_limit": high}
        self._prefix = prefix
        self._cryo = cryo
        self._setpoint = Number(value=cryo.setpoint_k, on_put=self._put, **limits)
        named = {
            "TEMPERATURE": self._setpoint,
            "TEMPERATURE_RBV": LiveNumber(lambda: cryo.temperature_k, **limits),
            "RAMP_RATE": Number(value=cryo.rate_k_h, units="K/h", precision=0, on_put=self._put_rate),
            "RAMP_RATE_RBV": LiveNumber(lambda: cryo.rate_k_h, units="K/h", precision=0),
            "STATE_RBV": LiveChoice(lambda: cryo.state, enum_strings=STATES),
            "PRESSURE_RBV": LiveNumber(lambda: cryo.pressure_bar, units="bar", precision=3),
            "FLOW_RBV": LiveNumber(lambda: cryo.flow_l_min, units="l/min", precision=1),
        }
        jet = Switch(f"{prefix}JET", cryo.jet)
        super().__init__(clock, {**{prefix + name: channel for name, channel in named.items()}, **jet.channels})
        cryo.changed.subscribe(self.post)

    async def look(self) -> None:
        """Let faults take hold."""
        await self._cryo.look()

    async def _put(self, value: Any) -> None:
        before_k = self._cryo.setpoint_k
        await self._setpoint.show(float(value))
        try:
            await self._cryo.ramp(float(value))
        except (ValueError, CryoFault) as error:
            if self._cryo.setpoint_k == before_k:
                await self._setpoint.show(before_k)
            raise Refused(f"{self._prefix}TEMPERATURE: {error}") from error

    async def _put_rate(self, value: Any) -> None:
        name = f"{self._prefix}RAMP_RATE"
        try:
            self._cryo.set_rate(float(value))
        except ValueError as error:
            raise Refused(f"{name}: {error}") from error
        await self.channels[name].show(self._cryo.rate_k_h)
        await self.post()
