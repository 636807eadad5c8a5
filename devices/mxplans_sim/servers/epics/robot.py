"""The sample changer, in the manner of the BART robot: programs that run, and codes when they end.

Source: names and their use as in dodal's device of that robot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import LongText, Number, Text, Whole
from mxplans_sim.servers.epics.setting import Setting, anything
from mxplans_sim.world import robot
from mxplans_sim.world.robot import Place, RobotError
from mxplans_sim.world.state import World

PROGRAM_CODES: Mapping[str, int] = {robot.NOT_READY: 9, robot.BUSY: 11, robot.ABORTED: 24, robot.NO_PIN: 25}
CONTROLLER_CODES: Mapping[str, int] = {robot.LIGHT_CURTAIN: 40}

Command = Callable[[], Awaitable[None]]


class Robot:
    """Commands return at once; PROGRAM_RUNNING tells when a program has ended, PRG_ERR_CODE and CNTL_ERR_CODE how.

    Each command is a record to which 1 is put, or whatever to its field PROC.

    Args:
        prefix: Of its process variables.
        world: Whose robot it is.
    """

    def __init__(self, prefix: str, world: World) -> None:
        self._prefix = prefix
        self._world = world
        self._waiting: asyncio.Task[None] | None = None
        self._next = {name: Setting(f"{prefix}NEXT_{name}", Whole, 0, anything) for name in ("PUCK", "PIN", "ID")}
        self._ids: dict[Place, int] = {}
        start = world.robot
        self._commands: dict[str, Command] = {
            "LOAD": self._program_of(self._load),
            "UNLD": self._program_of(start.start_unload),
            "DRY": self._program_of(start.start_dry),
            "SOAK": self._program_of(start.start_soak),
            "RESET": lambda: self._fail(None),
            "ABORT": self.stop,
        }
        self._running = Whole(value=0)
        self._program = Text(value="")
        self._disabled = Whole(value=0)
        self._puck = Whole(value=0)
        self._pin = Whole(value=0)
        self._id = Whole(value=0)
        self._mounted = Whole(value=0)
        self._barcode = Text(value="")
        self._gripper = Number(value=start.gripper_k, units="K", precision=1)
        self._codes = {"PRG": Whole(value=0), "CNTL": Whole(value=0)}
        self._messages = {"PRG": LongText(), "CNTL": LongText()}
        start.changed.subscribe(self._show)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named: dict[str, ChannelData] = {
            "PROGRAM_RUNNING": self._running,
            "PROGRAM_NAME": self._program,
            "ROBOT_OP_16_BITS.B8": self._disabled,
            "CURRENT_PUCK_RBV": self._puck,
            "CURRENT_PIN_RBV": self._pin,
            "CURRENT_ID_RBV": self._id,
            "PIN_MOUNTED": self._mounted,
            "BARCODE": self._barcode,
            "GRIPPER_TEMP": self._gripper,
            "CRYO_MODE_RBV": Whole(value=int(self._world.plate is None)),
            **{f"{part}_ERR_CODE": code for part, code in self._codes.items()},
            **{f"{part}_ERR_MSG": message for part, message in self._messages.items()},
        }
        for name, command in self._commands.items():
            named |= {name: _on_one(command), f"{name}.PROC": _on_all(command)}
        channels = {self._prefix + name: channel for name, channel in named.items()}
        for setting in self._next.values():
            channels |= setting.channels
        return channels

    async def stop(self) -> None:
        """End a running program where it is."""
        await self._world.robot.abort()
        if self._waiting is not None:
            await asyncio.gather(self._waiting, return_exceptions=True)

    def _load(self) -> asyncio.Task[None]:
        place = int(self._next["PUCK"].value), int(self._next["PIN"].value)
        program = self._world.robot.start_load(place)
        self._ids[place] = int(self._next["ID"].value)
        return program

    def _program_of(self, start: Callable[[], asyncio.Task[None]]) -> Command:
        async def command() -> None:
            try:
                program = start()
            except RobotError as error:
                await self._fail(error)
                return
            await self._fail(None)
            await self._show()
            self._waiting = asyncio.get_running_loop().create_task(self._wait(program))

        return command

    async def _wait(self, program: asyncio.Task[None]) -> None:
        """Show how a program ends, before it is shown to have ended."""
        try:
            await program
        except RobotError as error:
            await self._fail(error)
        finally:
            await self._show(ended=True)

    async def _show(self, ended: bool = False) -> None:
        state = self._world.robot
        puck, pin = state.mounted or (0, 0)
        await self._puck.show(puck)
        await self._pin.show(pin)
        await self._id.show(self._ids.get((puck, pin), 0))
        await self._barcode.show(self._world.storage.barcode((puck, pin))[:39])
        await self._mounted.show(int(state.pin_sensed))
        await self._gripper.show(state.gripper_k)
        await self._disabled.show(int(state.in_hutch))
        if state.program or ended:
            await self._program.show(state.program)
            await self._running.show(int(bool(state.program)))

    async def _fail(self, error: RobotError | None) -> None:
        """Show the code and message of an error, or that there is none."""
        for part, known in (("PRG", PROGRAM_CODES), ("CNTL", CONTROLLER_CODES)):
            code = 0 if error is None else known.get(error.code, 0)
            await self._messages[part].show(str(error) if code else "")
            await self._codes[part].show(code)


def _on_one(command: Command) -> Whole:
    """Carries a command out when something other than 0 is put."""

    async def put(value: Any) -> None:
        if value:
            await command()

    return Whole(value=0, on_put=put)


def _on_all(command: Command) -> Whole:
    """Carries a command out at each put, as the field that processes a record."""

    async def put(value: Any) -> None:
        await command()

    return Whole(value=0, on_put=put)
