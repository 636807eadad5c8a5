"""The baton: who has the beamline, and who wants it."""

from __future__ import annotations

from typing import Any

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.live import LiveText, Part
from mxplans_sim.world.baton import Baton


class BatonStatus(Part):
    """Two names that anybody may set.

    Args:
        prefix: Of its process variables.
        baton: Whose names they are.
        clock: Simulated time.
    """

    def __init__(self, prefix: str, baton: Baton, clock: Clock) -> None:
        async def request(value: Any) -> None:
            baton.request(str(value))
            await self.post()

        async def take(value: Any) -> None:
            baton.take(str(value))
            await self.post()

        channels = {
            f"{prefix}REQUESTED_USER": LiveText(lambda: baton.requested, on_put=request),
            f"{prefix}CURRENT_USER": LiveText(lambda: baton.current, on_put=take),
        }
        super().__init__(clock, channels)
