"""The motion program: parameters, validity, run and abort."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import LongText, Number, OnPut, Whole
from mxplans_sim.world.program import Scan
from mxplans_sim.world.scanner import ScanFault
from mxplans_sim.world.state import World

REFUSED, ABORTED = 1, 2
_VECTORS = ("START", "STEP", "ROW")
_UNITS = {"X": "mm", "Y": "mm", "Z": "mm", "OMEGA": "deg"}


class ScanProgram:
    """The world's scanner behind parameters, RUN and STOP.

    Args:
        prefix: Of its process variables.
        world: Whose scanner it is.
    """

    def __init__(self, prefix: str, world: World) -> None:
        self._prefix = prefix
        self._world = world
        self._waiting: asyncio.Task[None] | None = None
        self._parameters: dict[str, Number | Whole] = {}
        for vector in _VECTORS:
            for axis in ("X", "Y", "Z", "OMEGA"):
                name = f"{vector}_{axis}"
                self._parameters[name] = Number(value=0.0, units=_UNITS[axis], precision=6, on_put=self._keep(name))
        for name, initial in (("NUM_IMAGES", 1), ("NUM_ROWS", 1), ("SNAKE", 0)):
            self._parameters[name] = Whole(value=initial, on_put=self._keep(name))
        self._parameters["EXPOSURE"] = Number(value=0.1, units="s", precision=6, on_put=self._keep("EXPOSURE"))
        self._valid = Whole(value=1)
        self._message = LongText()
        self._status = Whole(value=0)
        self._points = Whole(value=0)
        self._error = Whole(value=0)
        self._run = Whole(value=0, on_put=self._put_run)
        self._stop = Whole(value=0, on_put=self._put_stop)
        world.scanner.changed.subscribe(self._count)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        named = {
            **self._parameters,
            "VALID": self._valid,
            "MESSAGE": self._message,
            "RUN": self._run,
            "STATUS": self._status,
            "POINTS": self._points,
            "ERROR": self._error,
            "STOP": self._stop,
        }
        return {self._prefix + name: channel for name, channel in named.items()}

    async def stop(self) -> None:
        """Abort a running scan: axes to rest, shutter closed."""
        await self._world.scanner.abort()
        if self._waiting is not None:
            await asyncio.gather(self._waiting, return_exceptions=True)

    def _keep(self, name: str) -> OnPut:
        async def keep(value: Any) -> None:
            await self._parameters[name].show(value)
            found = self._world.scanner.obstacle(self._scan())
            await self._valid.show(int(found is None))
            await self._message.show("" if found is None else found.reason)

        return keep

    def _scan(self) -> Scan:
        values = {name: channel.value for name, channel in self._parameters.items()}
        start, step, row = (
            (values[f"{vector}_X"], values[f"{vector}_Y"], values[f"{vector}_Z"], values[f"{vector}_OMEGA"])
            for vector in _VECTORS
        )
        return Scan(
            start,
            step,
            row,
            images=int(values["NUM_IMAGES"]),
            rows=int(values["NUM_ROWS"]),
            snake=bool(values["SNAKE"]),
            exposure_s=float(values["EXPOSURE"]),
        )

    async def _count(self) -> None:
        await self._points.show(self._world.scanner.points)

    async def _put_stop(self, value: Any) -> None:
        if value:
            await self.stop()

    async def _put_run(self, value: Any) -> None:
        if not value:
            return
        try:
            running = self._world.scanner.start(self._scan())
        except ScanFault as refusal:
            await self._message.show(str(refusal))
            await self._error.show(REFUSED)
            return
        await self._message.show("")
        await self._points.show(0)
        await self._error.show(0)
        await self._status.show(1)
        self._waiting = asyncio.get_running_loop().create_task(self._wait(running))

    async def _wait(self, running: asyncio.Task[None]) -> None:
        try:
            await running
        except ScanFault as fault:
            await self._message.show(str(fault))
            await self._error.show(ABORTED)
        finally:
            await self._status.show(0)
