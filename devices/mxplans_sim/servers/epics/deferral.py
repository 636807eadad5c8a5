"""Combined moves: targets are collected, and all motors start together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Whole


class Deferral:
    """While the variable is 1, motors that belong to it keep their targets to themselves; at 0 they go.

    Args:
        name: Of the process variable.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._go = asyncio.Event()
        self._go.set()
        self._deferring = Whole(value=0, on_put=self._put)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {self._name: self._deferring}

    async def passed(self) -> None:
        """Return when moves may start."""
        await self._go.wait()

    async def _put(self, value: Any) -> None:
        await self._deferring.show(int(bool(value)))
        if value:
            self._go.clear()
        else:
            self._go.set()
