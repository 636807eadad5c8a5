"""The attenuator: transmission, and which foils are in."""

from __future__ import annotations

from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Number, Refused
from mxplans_sim.servers.epics.live import LiveNumber, LiveWhole, Part
from mxplans_sim.world.beam import Beam


class Attenuator(Part):
    """Transmission as a fraction; a put completes when it is reached, and the readback says what the foils give.

    Args:
        prefix: Of its process variables.
        beam: The beam that it weakens.
        travel_s: Simulated seconds of a change.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, beam: Beam, travel_s: float, clock: Clock) -> None:
        limits: dict[str, Any] = {"precision": 6, "lower_ctrl_limit": 0.0, "upper_ctrl_limit": 1.0}
        self._beam = beam
        self._travel_s = travel_s
        self._name = f"{prefix}TRANSMISSION"
        self._setpoint = Number(value=beam.attenuator.asked_frac, on_put=self._put, **limits)
        named = {
            "TRANSMISSION": self._setpoint,
            # That of the foils changes with the energy.
            "TRANSMISSION_RBV": LiveNumber(lambda: beam.transmission_frac, **limits),
            "INSERTED_RBV": LiveWhole(lambda: beam.attenuator.inserted),
            "FILTERS_RBV": LiveWhole(lambda: beam.attenuator.filters),
        }
        super().__init__(clock, {prefix + name: channel for name, channel in named.items()})
        beam.changed.subscribe(self.post)

    async def _put(self, value: Any) -> None:
        fraction = float(value)
        if not 0.0 <= fraction <= 1.0:
            raise Refused(f"{self._name}: {fraction:g} is not a transmission, allowed is 0 to 1")
        await self._setpoint.show(fraction)
        await self._clock.sleep(self._travel_s)
        self._beam.transmission_frac = fraction
        await self._beam.changed.notify()
