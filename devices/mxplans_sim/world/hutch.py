"""The experimental hutch: door, search, interlock and hutch shutter."""

from __future__ import annotations

import contextlib

from mxplans_sim.clock import Clock
from mxplans_sim.settings.environment import HutchSettings
from mxplans_sim.world.actuator import Actuator, ActuatorFault
from mxplans_sim.world.hooks import FaultSource, NoFaults
from mxplans_sim.world.observable import Observable

CLOSED, OPEN = "Closed", "Open"
NOT_SEARCHED, SEARCHING, SEARCHED = "Not searched", "Searching", "Searched"
SEARCH_STATES = (NOT_SEARCHED, SEARCHING, SEARCHED)


class HutchRefused(RuntimeError):
    """Something that the interlock does not allow."""


class Hutch:
    """Beam only in a hutch that is searched and locked; whatever breaks that shuts the beam off at once.

    Args:
        settings: Times, and the state at the start.
        clock: Simulated time.
        faults: Asked for `hutch_interlock` (broken as long as it lasts), `robot_light_curtain`, and by the actuators.

    Attributes:
        door: The door.
        shutter: The hutch shutter; to be moved by `move_shutter` only.
        search_state: One of `SEARCH_STATES`.
        changed: Tells of search and interlock.
    """

    def __init__(self, settings: HutchSettings, clock: Clock, faults: FaultSource | None = None) -> None:
        self.changed = Observable()
        self.search_state = SEARCHED if settings.searched else NOT_SEARCHED
        self._settings = settings
        self._clock = clock
        self._faults = faults or NoFaults()
        self._tripped = False
        self._searches = 0
        start = OPEN if settings.searched else CLOSED
        self.door = Actuator("hutch_door", (CLOSED, OPEN), settings.door_s, clock, faults)
        self.shutter = Actuator("hutch_shutter", (CLOSED, OPEN), settings.shutter_s, clock, faults, start)

    @property
    def interlock_set(self) -> bool:
        """Whether beam may come into the hutch."""
        broken = self._faults.active("hutch_interlock") is not None
        return self.search_state == SEARCHED and not self._tripped and not broken

    @property
    def beam_in(self) -> bool:
        """Whether beam comes into the hutch."""
        return self.shutter.state == OPEN and self.interlock_set

    @property
    def light_curtain_clear(self) -> bool:
        """Whether nobody is in the robot's way."""
        return self.door.state == CLOSED and self._faults.active("robot_light_curtain") is None

    async def search(self) -> None:
        """Search the hutch and lock it, and return when that is done.

        Raises:
            HutchRefused: If the door is open, or somebody opens it meanwhile.
        """
        if self.door.state != CLOSED or self.door.target != CLOSED:
            raise HutchRefused("the hutch cannot be searched with its door open; close it")
        self._searches += 1
        this_search = self._searches
        self.search_state = SEARCHING
        await self.changed.notify()
        await self._clock.sleep(self._settings.search_s)
        if this_search != self._searches:
            raise HutchRefused("the search was broken off; search again")
        self.search_state, self._tripped = SEARCHED, False
        await self.changed.notify()

    async def move_door(self, state: str) -> None:
        """Open or close the door; opening it ends the search.

        Raises:
            HutchRefused: If it is locked, because the hutch shutter is not closed.
            ValueError: If there is no such state.
        """
        if state == OPEN:
            if self.shutter.state != CLOSED or self.shutter.target != CLOSED:
                raise HutchRefused("the door is locked while the hutch shutter is open; close the shutter first")
            await self._break_search()
        await self.door.go(state)
        await self.changed.notify()

    async def move_shutter(self, state: str) -> None:
        """Open or close the hutch shutter.

        Raises:
            HutchRefused: If it is to be opened and the interlock is not set, or trips meanwhile.
            ValueError: If there is no such state.
        """
        if state == OPEN and not self.interlock_set:
            raise HutchRefused(f"the hutch shutter stays closed: {self._reason()}")
        await self.shutter.go(state)
        if state == OPEN and not self.interlock_set:
            await self._shut()
            raise HutchRefused(f"the hutch shutter was closed: {self._reason()}")

    async def trip(self) -> None:
        """Break the interlock, as an emergency button does: the beam is shut off, and the search is void."""
        self._tripped = True
        await self._break_search()
        await self._shut()

    async def look(self) -> None:
        """Act on a fault that has begun since the last look; a shutter that sticks is tried again at the next."""
        if self.shutter.state != CLOSED and not self.interlock_set:
            with contextlib.suppress(ActuatorFault):
                await self._shut()
            await self.changed.notify()

    async def _break_search(self) -> None:
        self._searches += 1
        self.search_state = NOT_SEARCHED
        await self.changed.notify()

    async def _shut(self) -> None:
        await self.shutter.go(CLOSED)

    def _reason(self) -> str:
        if self.search_state != SEARCHED:
            return f"the hutch is {self.search_state.lower()}; search it"
        return "the interlock is broken; clear it and search the hutch"
