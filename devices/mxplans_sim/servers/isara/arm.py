"""The robot as its controller sees it: power, position, path, memory and message, over the world's sample changer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from mxplans_sim.settings.diffractometer import IsaraSettings
from mxplans_sim.world import robot
from mxplans_sim.world.robot import Place, RobotError
from mxplans_sim.world.state import World

HOME, SOAK, UNDEFINED = "HOME", "SOAK", "UNDEFINED"
TOOLS: Mapping[int, str] = {3: "DoubleGripper"}
PINS = 16
MESSAGE_OK = "System OK for operation"
ACKNOWLEDGE = "User acknowledgement required"
NO_PIN_ERRORS: Mapping[str, int] = {"put": 2130, "getput": 4130}
"""Errors of a place without a pin, by trajectory."""
ERRORS: Mapping[str, int] = {
    robot.LIGHT_CURTAIN: 1010,
    robot.NOT_READY: 1020,
    robot.BUSY: 1030,
    robot.ABORTED: 1040,
    robot.NO_PIN: 2130,
}
"""Errors of the rest, by the world's codes."""

ALWAYS_READY: Callable[[], str] = str


class Rejected(Exception):
    """A command that is not carried out; the message is the reply."""


class Arm:
    """Runs one path at a time.

    Args:
        world: Whose sample changer it is.
        settings: Of the robot.
        obstacle: Says why the diffractometer is not ready for the robot; an empty text when it is.

    Attributes:
        powered: Whether the arm has power.
        faulty: Whether it waits for a reset.
        position: Where it stands; UNDEFINED on the way.
        path: The path it runs, empty for none.
        on_diffractometer: The pin that it remembers to have put on the goniometer.
        message: What it has to say.
        barcode: Of the last pin that it has read.
    """

    def __init__(self, world: World, settings: IsaraSettings, obstacle: Callable[[], str] = ALWAYS_READY) -> None:
        self.world = world
        self.powered = True
        self.faulty = False
        self.position = HOME
        self.path = ""
        self.on_diffractometer: Place | None = None
        self.message = MESSAGE_OK
        self.barcode = ""
        self._settings = settings
        self._obstacle = obstacle
        self._task: asyncio.Task[None] | None = None

    def pucks(self) -> list[bool]:
        """Which places of the dewar hold a puck."""
        held = {puck for puck, _ in self.world.storage.dewar}
        return [number + 1 in held for number in range(29)]

    def run(self, name: str, tool: int, puck: int, pin: int, read_barcode: bool) -> None:
        """Begin a path.

        Raises:
            Rejected: If it cannot begin.
        """
        self._require_able(tool)
        if name in ("home", "recover"):
            self._begin(name, self._travel(HOME))
        elif name == "soak":
            self._begin(name, self._travel(SOAK))
        elif name == "dry":
            self._begin(name, self._dry())
        else:
            self._exchange(name, (puck, pin), read_barcode)

    def reset(self) -> None:
        """Acknowledge what was wrong."""
        self.faulty, self.message = False, MESSAGE_OK

    def clear_memory(self) -> None:
        """Forget which pins are where.

        Raises:
            Rejected: If a path runs.
        """
        if self.path:
            raise Rejected("Disabled when path is running")
        self.on_diffractometer = None

    def switch(self, powered: bool) -> None:
        """Power on or off.

        Raises:
            Rejected: If there is a fault to be reset, or a path runs.
        """
        if powered and self.faulty:
            raise Rejected("Fault must be reset")
        if not powered and self.path:
            raise Rejected("Disabled when path is running")
        self.powered = powered

    async def abort(self) -> None:
        """End the path where it is."""
        if self._task is None:
            return
        if self.world.robot.program:
            await self.world.robot.abort()
        else:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def _require_able(self, tool: int) -> None:
        if not self.powered:
            raise Rejected("Robot power disabled")
        if self.faulty:
            raise Rejected("Fault must be reset")
        if self.path:
            raise Rejected("Path already running")
        if tool not in TOOLS:
            raise Rejected("Inconsistent parameters")

    def _exchange(self, name: str, place: Place, read_barcode: bool) -> None:
        """Begin a path to the diffractometer."""
        if self.position != SOAK:
            raise Rejected(f"Rejected - Trajectory must start at position: {SOAK}")
        if name != "get" and not (1 <= place[0] <= self._settings.pucks and 1 <= place[1] <= PINS):
            raise Rejected("Inconsistent parameters")
        if name == "put" and self.on_diffractometer is not None:
            raise Rejected("Rejected - Sample already on diffractometer")
        if name != "put" and self.on_diffractometer is None:
            raise Rejected("Rejected - No sample on diffractometer")
        if obstacle := self._obstacle():
            raise Rejected(f"Rejected - Diffractometer not ready: {obstacle}")
        self._begin(name, self._follow(name, place, self._start(name, place), read_barcode))

    def _start(self, name: str, place: Place) -> asyncio.Task[None] | None:
        """Begin the first step in the world, so that a refusal is the reply; None when there is nothing to fetch."""
        sample_changer = self.world.robot
        try:
            if name == "put":
                return sample_changer.start_load(place)
            return None if sample_changer.mounted is None else sample_changer.start_unload()
        except RobotError as error:
            raise Rejected(f"Rejected - {error}") from error

    async def _follow(self, name: str, place: Place, step: asyncio.Task[None] | None, read_barcode: bool) -> None:
        """Go through an exchange; a pin that is remembered but gone is looked for in vain."""
        if step is None:
            await self.world.clock.sleep(self.world.settings.timing.unload_s)
        else:
            await step
        if name == "getput":
            self.on_diffractometer = None
            await self.world.robot.load(place)
        self.on_diffractometer = None if name == "get" else place
        self.barcode = self.world.storage.barcode(place) if read_barcode and name != "get" else ""
        self.position = SOAK

    async def _travel(self, position: str) -> None:
        await self.world.clock.sleep(self._settings.travel_s)
        self.position = position

    async def _dry(self) -> None:
        await self.world.robot.start_dry()
        self.position = HOME

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.path = name
        self._task = asyncio.get_running_loop().create_task(self._run(name, work))

    async def _run(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        begun, self.position = self.position, UNDEFINED
        try:
            await work
        except RobotError as error:
            self._fail(name, error, begun)
        except asyncio.CancelledError:
            self.message = f"ERROR {ERRORS[robot.ABORTED]} - Trajectory aborted"
        finally:
            work.close()
            self.path = ""

    def _fail(self, name: str, error: RobotError, begun: str) -> None:
        """Say what is wrong; after a place without a pin the arm is back where it began."""
        if error.code == robot.NO_PIN:
            self.position = begun
            self.message = f"ERROR {NO_PIN_ERRORS[name]} - {ACKNOWLEDGE}"
            return
        self.faulty = error.code == robot.LIGHT_CURTAIN
        self.on_diffractometer = self.world.robot.mounted
        self.position = UNDEFINED if error.code == robot.ABORTED else begun
        self.message = f"ERROR {ERRORS.get(error.code, 1000)} - {error}"
