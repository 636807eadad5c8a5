"""What goes from one state to another in a fixed time: shutter, backlight, aperture, attenuator, zoom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from caproto import ChannelData

from mxplans_sim.clock import Clock
from mxplans_sim.servers.epics.channels import Choice, Number, Refused
from mxplans_sim.settings import TimingSettings
from mxplans_sim.world.beam import APERTURES
from mxplans_sim.world.optics import ZOOMS, Zoom
from mxplans_sim.world.state import World


class Switch:
    """A setpoint with choices, and its readback; a put completes when the readback shows the choice.

    Args:
        name: Of the setpoint; the readback has `_RBV` behind.
        choices: Names of the states.
        initial: State at the start.
        travel_s: Simulated seconds of a change.
        clock: Simulated time.
        reached: Called with the name of a state that was reached.
    """

    def __init__(
        self,
        name: str,
        choices: Sequence[str],
        initial: str,
        travel_s: float,
        clock: Clock,
        reached: Callable[[str], None],
    ) -> None:
        self._name = name
        self._travel_s = travel_s
        self._clock = clock
        self._reached = reached
        self._turn = asyncio.Lock()
        self._setpoint = Choice(value=initial, enum_strings=tuple(choices), on_put=self._put)
        self._readback = Choice(value=initial, enum_strings=tuple(choices))

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {self._name: self._setpoint, f"{self._name}_RBV": self._readback}

    async def go(self, state: str) -> None:
        """Change to a state and return when it is reached."""
        await self._setpoint.show(state)
        async with self._turn:
            if self._readback.value != state:
                await self._clock.sleep(self._travel_s)
                self._reached(state)
            await self._readback.show(state)

    async def _put(self, value: Any) -> None:
        await self.go(self._setpoint.name_of(value))


class Attenuator:
    """Transmission as a fraction; a put completes when it is reached."""

    def __init__(self, name: str, world: World) -> None:
        self._name = name
        self._world = world
        limits: dict[str, Any] = {"precision": 6, "lower_ctrl_limit": 0.0, "upper_ctrl_limit": 1.0}
        initial = world.beam.transmission_frac
        self._setpoint = Number(value=initial, on_put=self._put, **limits)
        self._readback = Number(value=initial, **limits)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {self._name: self._setpoint, f"{self._name}_RBV": self._readback}

    async def _put(self, value: Any) -> None:
        fraction = float(value)
        if not 0.0 <= fraction <= 1.0:
            raise Refused(f"{self._name}: {fraction:g} is not a transmission, allowed is 0 to 1")
        await self._setpoint.show(fraction)
        await self._world.clock.sleep(self._world.settings.timing.attenuator_s)
        self._world.beam.transmission_frac = fraction
        await self._readback.show(fraction)


def make_shutter(prefix: str, world: World, timing: TimingSettings) -> Switch:
    """The fast shutter."""

    def reached(state: str) -> None:
        world.shutter_open = state == "Open"

    return Switch(f"{prefix}SHUTTER", ("Closed", "Open"), "Closed", timing.shutter_s, world.clock, reached)


def make_backlight(prefix: str, world: World, timing: TimingSettings) -> Switch:
    """The backlight."""

    def reached(state: str) -> None:
        world.backlight_in = state == "In"

    return Switch(f"{prefix}BACKLIGHT", ("Out", "In"), "Out", timing.backlight_s, world.clock, reached)


class ApertureSwitch(Switch):
    """The aperture, with the size of its hole."""

    def __init__(self, prefix: str, world: World, timing: TimingSettings) -> None:
        self._world = world
        super().__init__(
            f"{prefix}APERTURE", tuple(APERTURES), world.beam.aperture, timing.aperture_s, world.clock, self._select
        )
        self._size_name = f"{prefix}APERTURE:SIZE_RBV"
        self._size = Number(value=world.beam.fwhm_um[0], units="um")

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        return {**super().channels, self._size_name: self._size}

    async def go(self, state: str) -> None:
        """Change to a size and return when it is reached."""
        await super().go(state)
        await self._size.show(self._world.beam.fwhm_um[0])

    def _select(self, state: str) -> None:
        self._world.beam.aperture = state


class ZoomSwitch(Switch):
    """The zoom of the on-axis viewer, with what belongs to a level."""

    def __init__(self, prefix: str, world: World, timing: TimingSettings) -> None:
        self._world = world
        self._prefix = prefix
        names = tuple(zoom.name for zoom in ZOOMS)
        super().__init__(f"{prefix}Zoom", names, world.zoom.name, timing.zoom_s, world.clock, self._select)
        self._scale = Number(value=world.zoom.um_per_px, units="um", precision=4)
        self._beam_x = Number(value=world.zoom.beam_x_px, units="px", precision=2)
        self._beam_y = Number(value=world.zoom.beam_y_px, units="px", precision=2)

    @property
    def channels(self) -> Mapping[str, ChannelData]:
        """Process variables by name."""
        names = ("UmPerPixel_RBV", "BeamX_RBV", "BeamY_RBV")
        values = (self._scale, self._beam_x, self._beam_y)
        return {**super().channels, **{self._prefix + n: value for n, value in zip(names, values, strict=True)}}

    async def go(self, state: str) -> None:
        """Change to a level and return when it is reached."""
        await super().go(state)
        zoom: Zoom = self._world.zoom
        await self._scale.show(zoom.um_per_px)
        await self._beam_x.show(zoom.beam_x_px)
        await self._beam_y.show(zoom.beam_y_px)

    def _select(self, state: str) -> None:
        self._world.zoom = next(zoom for zoom in ZOOMS if zoom.name == state)
