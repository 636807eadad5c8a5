"""What goes from one named state to another in a fixed time: shutters, backlight, aperture, zoom."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from mxplans_sim.clock import Clock
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.observable import Observable

IN, OUT = "In", "Out"
"""States of what stands in the beam's way or does not."""


class ActuatorFault(RuntimeError):
    """It did not get where it was sent."""


class Actuator:
    """One thing with named states; changes of one actuator come one after the other.

    Args:
        name: In messages and for faults.
        states: Names of the states; the first is the one at the start unless `initial` is given.
        travel_s: Simulated seconds of a change.
        clock: Simulated time.
        faults: Asked for `actuator_stuck`.
        initial: State at the start.

    Attributes:
        state: The state it is in.
        target: The state it was last sent to.
        changed: Tells of both.
    """

    def __init__(
        self,
        name: str,
        states: Sequence[str],
        travel_s: float,
        clock: Clock,
        faults: FaultSource | None = None,
        initial: str | None = None,
    ) -> None:
        self.name = name
        self.states = tuple(states)
        self.state = self.target = self.states[0] if initial is None else initial
        self.changed = Observable()
        self._travel_s = travel_s
        self._clock = clock
        self._faults = faults or NoFaults()
        self._turn = asyncio.Lock()

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self._turn.locked()

    async def go(self, state: str) -> None:
        """Change to a state and return when it is reached.

        Raises:
            ValueError: If there is no such state.
            ActuatorFault: If it sticks.
        """
        if state not in self.states:
            raise ValueError(f"{self.name} has no state {state!r}, allowed are {', '.join(self.states)}")
        self.target = state
        async with self._turn:
            await self.changed.notify()
            if self.state != state:
                await self._clock.sleep(self._travel_s)
                if self._faults.active("actuator_stuck", actuator=self.name) is not None:
                    raise ActuatorFault(f"{self.name} sticks in {self.state}, it was sent to {state}; free it")
                self.state = state
        await self.changed.notify()
