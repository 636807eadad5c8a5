"""Actuators of the world as a setpoint with choices and its readback; what belongs to a choice beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caproto import ChannelData

from mxplans_sim.servers.epics.channels import Choice, Number, Refused
from mxplans_sim.world.actuator import Actuator, ActuatorFault
from mxplans_sim.world.state import World


class Switch:
    """A put completes when the readback shows the choice.

    Args:
        name: Of the setpoint; the readback has `_RBV` behind.
        actuator: What goes.
    """

    def __init__(self, name: str, actuator: Actuator) -> None:
        self._name = name
        self._actuator = actuator
        self._setpoint = Choice(value=actuator.state, enum_strings=actuator.states, on_put=self._put)
        self._readback = Choice(value=actuator.state, enum_strings=actuator.states)
        actuator.changed.subscribe(self._show)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {self._name: self._setpoint, f"{self._name}_RBV": self._readback}

    async def _show(self) -> None:
        await self._setpoint.show(self._actuator.target)
        await self._readback.show(self._actuator.state)

    async def _put(self, value: Any) -> None:
        state = self._setpoint.name_of(value)
        await self._setpoint.show(state)
        try:
            await self._actuator.go(state)
        except ActuatorFault as fault:
            raise Refused(str(fault)) from fault


class ApertureSwitch(Switch):
    """The aperture, with the size of the beam behind it."""

    def __init__(self, prefix: str, world: World) -> None:
        super().__init__(f"{prefix}APERTURE", world.aperture)
        self._world = world
        self._size_name = f"{prefix}APERTURE:SIZE_RBV"
        self._size = Number(value=world.beam.fwhm_um[0], units="um")

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {**super().channels, self._size_name: self._size}

    async def _show(self) -> None:
        await self._size.show(self._world.beam.fwhm_um[0])
        await super()._show()


class ZoomSwitch(Switch):
    """The zoom of the on-axis viewer, with what belongs to a level."""

    def __init__(self, prefix: str, world: World) -> None:
        super().__init__(f"{prefix}Zoom", world.zoom)
        self._world = world
        self._prefix = prefix
        level = world.camera.level
        self._scale = Number(value=level.um_per_px, units="um", precision=4)
        self._beam_x = Number(value=level.beam_x_px, units="px", precision=2)
        self._beam_y = Number(value=level.beam_y_px, units="px", precision=2)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        names = ("UmPerPixel_RBV", "BeamX_RBV", "BeamY_RBV")
        values = (self._scale, self._beam_x, self._beam_y)
        return {**super().channels, **{self._prefix + n: value for n, value in zip(names, values, strict=True)}}

    async def _show(self) -> None:
        level = self._world.camera.level
        await self._scale.show(level.um_per_px)
        await self._beam_x.show(level.beam_x_px)
        await self._beam_y.show(level.beam_y_px)
        await super()._show()
