"""The sample changer, in the manner of the BART robot: programs that run, and codes when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import LongText, Text, Whole
from mxplans_sim.world.state import World

NOT_READY = 9
BUSY = 11
ABORTED = 24
NO_PIN = 25
_HOME_TOLERANCE_MM = 0.02


class Robot:
    """LOAD and UNLOAD return at once; PROGRAM_RUNNING tells when they have ended.

    Args:
        prefix: Of its process variables.
        world: Whose goniometer it serves.
    """

    def __init__(self, prefix: str, world: World) -> None:
        self._prefix = prefix
        self._world = world
        self._program: asyncio.Task[None] | None = None
        self._next_puck = Whole(value=0, on_put=self._put_puck)
        self._next_pin = Whole(value=0, on_put=self._put_pin)
        self._commands = {
            "LOAD": Whole(value=0, on_put=self._put_load),
            "UNLOAD": Whole(value=0, on_put=self._put_unload),
            "RESET": Whole(value=0, on_put=self._put_reset),
            "ABORT": Whole(value=0, on_put=self._put_abort),
        }
        self._running = Whole(value=0)
        self._puck = Whole(value=0)
        self._pin = Whole(value=0)
        self._mounted = Whole(value=0)
        self._barcode = Text(value="")
        self._code = Whole(value=0)
        self._message = LongText()

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            "NEXT_PUCK": self._next_puck,
            "NEXT_PIN": self._next_pin,
            **self._commands,
            "PROGRAM_RUNNING": self._running,
            "CURRENT_PUCK_RBV": self._puck,
            "CURRENT_PIN_RBV": self._pin,
            "PIN_MOUNTED": self._mounted,
            "BARCODE": self._barcode,
            "PRG_ERR_CODE": self._code,
            "PRG_ERR_MSG": self._message,
        }
        return {self._prefix + name: channel for name, channel in named.items()}

    async def stop(self) -> None:
        """End a running program where it is."""
        if self._program is not None and not self._program.done():
            self._program.cancel()
            await asyncio.gather(self._program, return_exceptions=True)

    async def _put_puck(self, value: Any) -> None:
        await self._next_puck.show(int(value))

    async def _put_pin(self, value: Any) -> None:
        await self._next_pin.show(int(value))

    async def _put_load(self, value: Any) -> None:
        if not value:
            return
        world = self._world
        if world.mounted is not None:
            await self._fail(NOT_READY, f"puck {world.mounted[0]} pin {world.mounted[1]} is mounted, unload it first")
        elif max(map(abs, world.pose[:3])) > _HOME_TOLERANCE_MM:
            x, y, z = world.pose[:3]
            await self._fail(
                NOT_READY,
                f"goniometer at {x:.3f}, {y:.3f}, {z:.3f} mm, it must be within {_HOME_TOLERANCE_MM} mm of 0, 0, 0",
            )
        else:
            await self._start(self._load((int(self._next_puck.value), int(self._next_pin.value))))

    async def _put_unload(self, value: Any) -> None:
        if not value:
            return
        if self._world.mounted is None:
            await self._fail(NOT_READY, "no pin is mounted, there is nothing to unload")
        else:
            await self._start(self._unload())

    async def _put_reset(self, value: Any) -> None:
        if value:
            await self._fail(0, "")

    async def _put_abort(self, value: Any) -> None:
        if value:
            await self.stop()

    async def _start(self, program: Coroutine[Any, Any, None]) -> None:
        if self._program is not None and not self._program.done():
            program.close()
            await self._fail(BUSY, "another program runs, wait for its end or abort it")
            return
        await self._fail(0, "")
        await self._running.show(1)
        self._program = asyncio.create_task(self._run(program))

    async def _run(self, program: Coroutine[Any, Any, None]) -> None:
        try:
            await program
        except asyncio.CancelledError:
            await self._fail(ABORTED, "the program was aborted, see where the pin is")
            raise
        finally:
            await self._show_pin()
            await self._running.show(0)

    async def _load(self, place: tuple[int, int]) -> None:
        world, duration_s = self._world, self._world.settings.timing.robot_s
        await world.clock.sleep(duration_s)
        name = world.name_at(place)
        world.truth.spend(name, "robot_s", duration_s)
        if not world.has_pin(place):
            world.truth.record("no_pin", puck=place[0], pin=place[1], sample=name or None)
            await self._fail(NO_PIN, f"no pin in position {place[1]} of puck {place[0]}, look into the puck")
            return
        world.mounted = place
        world.truth.record("mount", puck=place[0], pin=place[1], sample=name)

    async def _unload(self) -> None:
        world, duration_s = self._world, self._world.settings.timing.unload_s
        await world.clock.sleep(duration_s)
        if world.mounted is None:
            return
        place, name = world.mounted, world.name_at(world.mounted)
        world.mounted = None
        world.truth.spend(name, "robot_s", duration_s)
        world.truth.record("unmount", puck=place[0], pin=place[1], sample=name)
        await asyncio.to_thread(world.truth.write)

    async def _show_pin(self) -> None:
        puck, pin = self._world.mounted or (0, 0)
        await self._puck.show(puck)
        await self._pin.show(pin)
        await self._barcode.show(self._world.barcode()[:39])
        await self._mounted.show(int(self._world.mounted is not None))

    async def _fail(self, code: int, message: str) -> None:
        await self._message.show(message)
        await self._code.show(code)
