"""The experimental hutch: interlock, search, door, hutch shutter, light curtain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from caproto import ChannelData

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice, Refused, Whole
from mxplans_sim.servers.epics.live import LiveChoice, Part
from mxplans_sim.world.actuator import Actuator, ActuatorFault
from mxplans_sim.world.hutch import SEARCH_STATES, Hutch, HutchRefused

INTERLOCK = ("Broken", "Set")
CURTAIN = ("Broken", "Clear")


class HutchStatus(Part):
    """Puts complete when door, search or shutter have come to their end; what the interlock forbids is refused.

    Args:
        prefix: Of its process variables.
        hutch: The hutch.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, hutch: Hutch, clock: Clock) -> None:
        shutter, door = hutch.shutter, hutch.door
        self._prefix = prefix
        self._hutch = hutch
        self._shutter, self._door = (
            self._choice(shutter, hutch.move_shutter),
            self._choice(door, hutch.move_door),
        )
        named: dict[str, ChannelData] = {
            "SHUTTER": self._shutter,
            "SHUTTER_RBV": LiveChoice(lambda: shutter.state, enum_strings=shutter.states),
            "DOOR": self._door,
            "DOOR_RBV": LiveChoice(lambda: door.state, enum_strings=door.states),
            "INTERLOCK_RBV": LiveChoice(lambda: INTERLOCK[hutch.interlock_set], enum_strings=INTERLOCK),
            "SEARCH": self._command("SEARCH", hutch.search),
            "SEARCH_RBV": LiveChoice(lambda: hutch.search_state, enum_strings=SEARCH_STATES),
            "TRIP": self._command("TRIP", hutch.trip),
            "LIGHT_CURTAIN_RBV": LiveChoice(lambda: CURTAIN[hutch.light_curtain_clear], enum_strings=CURTAIN),
        }
        super().__init__(clock, {prefix + name: channel for name, channel in named.items()})
        for changed in (hutch.changed, shutter.changed, door.changed):
            changed.subscribe(self._show)

    async def look(self) -> None:
        """Act on faults."""
        await self._hutch.look()

    async def _show(self) -> None:
        await self._shutter.show(self._hutch.shutter.target)
        await self._door.show(self._hutch.door.target)
        await self.post()

    def _choice(self, actuator: Actuator, move: Callable[[str], Awaitable[None]]) -> Choice:
        async def put(value: Any) -> None:
            state = channel.name_of(value)
            try:
                await move(state)
            except (HutchRefused, ActuatorFault) as error:
                raise Refused(f"{self._prefix}{actuator.name.rpartition('_')[2].upper()}: {error}") from error

        channel = Choice(value=actuator.state, enum_strings=actuator.states, on_put=put)
        return channel

    def _command(self, name: str, run: Callable[[], Awaitable[None]]) -> Whole:
        async def put(value: Any) -> None:
            if not value:
                return
            try:
                await run()
            except (HutchRefused, ActuatorFault) as error:
                raise Refused(f"{self._prefix}{name}: {error}") from error

        return Whole(value=0, on_put=put)
