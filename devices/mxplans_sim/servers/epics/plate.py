"""The plate's stage behind one process variable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Refused, Text
from mxplans_sim.world.plate_stage import PlateStage


class PlateWell:
    """The address of the well in the centre; a put completes when the well is there.

    Args:
        name: Of the process variable.
        stage: What brings it.
    """

    def __init__(self, name: str, stage: PlateStage) -> None:
        self._name = name
        self._stage = stage
        self._well = Text(value=stage.well, on_put=self._put)
        stage.changed.subscribe(lambda: self._well.show(stage.well))

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {self._name: self._well}

    async def _put(self, value: Any) -> None:
        try:
            await self._stage.go(str(value))
        except ValueError as error:
            raise Refused(f"{self._name}: {error}") from error
