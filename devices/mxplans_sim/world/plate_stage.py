"""The stage that brings the wells of a plate to the goniometer's centre."""

from __future__ import annotations

import asyncio

from mxplans_sim.clock import Clock
from mxplans_sim.settings.samples import PlateSettings
from mxplans_sim.world.observable import Observable
from mxplans_sim.world.plate import Plate, Well
from mxplans_sim.world.specimen import Specimen

TRAVEL_S = 2.0


class PlateStage:
    """A plate and the well that is in the centre.

    Args:
        settings: The plate.
        seed: Of its contents.
        clock: Simulated time.

    Attributes:
        well: Address of the well in the centre.
        specimen: Its drops and crystals.
        changed: Tells of another well.
    """

    def __init__(self, settings: PlateSettings, seed: int, clock: Clock) -> None:
        self.changed = Observable()
        self._plate = Plate("plate", settings, seed)
        self._clock = clock
        self._turn = asyncio.Lock()
        self.well = str(Well(1, 1, 1))
        self.specimen: Specimen = self._plate.specimen(Well(1, 1, 1))

    async def go(self, address: str) -> None:
        """Bring a well to the centre and return when it is there.

        Raises:
            ValueError: If there is no such well.
        """
        well = Well.parse(address)
        specimen = self._plate.specimen(well)
        async with self._turn:
            await self._clock.sleep(TRAVEL_S)
            self.well, self.specimen = str(well), specimen
        await self.changed.notify()
