"""Keeps up with the virtual beamline while somebody looks: one poll serves all browsers."""

from __future__ import annotations

import asyncio

from mxplans_sim.view.page.control import Control, ControlError, Facts, Shot

PERIOD_S = 0.2
"""Real seconds between two looks at the world."""
SELDOM = 5
"""Faults and the side camera are asked for at every fifth look."""


class Watch:
    """The latest of everything.

    Args:
        control: Where to ask.

    Attributes:
        world: The latest snapshot, None before the first.
        faults: Faults that wait or last.
        catalogue: Kinds of faults.
        on_axis: Latest picture of the on-axis camera.
        side: Latest picture of the side camera.
        frame: Latest diffraction frame.
        error: Why there is nothing new; empty when all is well.
    """

    def __init__(self, control: Control) -> None:
        self.world: Facts | None = None
        self.faults: list[Facts] = []
        self.catalogue: list[Facts] = []
        self.on_axis: Shot | None = None
        self.side: Shot | None = None
        self.frame: Shot | None = None
        self.error = ""
        self._control = control
        self._onlookers = 0
        self._somebody = asyncio.Event()
        self._looks = 0

    def join(self) -> None:
        """One more looks."""
        self._onlookers += 1
        self._somebody.set()

    def leave(self) -> None:
        """One less looks."""
        self._onlookers -= 1
        if not self._onlookers:
            self._somebody.clear()

    async def run(self) -> None:
        """Look for ever; rests while nobody does."""
        while True:
            await self._somebody.wait()
            await self.look()
            await asyncio.sleep(PERIOD_S)

    async def look(self) -> None:
        """Ask for everything once; what fails is told by `error`."""
        try:
            self.world = await self._control.world()
            if not self.catalogue:
                self.catalogue = await self._control.catalogue()
            if self._looks % SELDOM == 0:
                self.faults = await self._control.faults()
                self.side = await self._control.shot("/camera/side.jpg") or self.side
            self.on_axis = await self._control.shot("/camera/on_axis.jpg") or self.on_axis
            frame = self.world["detector"]["frame"]
            if frame and (self.frame is None or self.frame.name != frame):
                self.frame = await self._control.shot("/detector/frame.png") or self.frame
        except ControlError as error:
            self.error = str(error)
        else:
            self.error = ""
        self._looks += 1

    async def inject(self, fault: Facts) -> None:
        """Add a fault.

        Raises:
            ControlError: If it is refused.
        """
        await self._control.inject(fault)
        self.faults = await self._control.faults()

    async def clear(self, fault_id: str) -> None:
        """Take a fault away.

        Raises:
            ControlError: If it is refused.
        """
        await self._control.clear(fault_id)
        self.faults = await self._control.faults()
