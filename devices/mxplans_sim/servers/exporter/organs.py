"""What the controller moves besides the goniometer, and the phases that arrange all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from mxplans_sim.servers.exporter.values import Refused
from mxplans_sim.world.actuator import IN, OUT, Actuator
from mxplans_sim.world.state import World

POSITIONS: Mapping[str, tuple[str, ...]] = {
    "Aperture": ("PARK", "BEAM", "OFF"),
    "Capillary": ("PARK", "BEAM", "OFF"),
    "Beamstop": ("PARK", "BEAM", "OFF", "TRANSFER"),
    "Scintillator": ("PARK", "SCINTILLATOR", "PHOTODIODE"),
}
BEAM, OFF = "BEAM", "OFF"
UNKNOWN = "UNKNOWN"
BACKLIGHT = "Backlight"

PHASES: Mapping[str, Mapping[str, str]] = {
    "Centring": {
        "Aperture": "OFF",
        "Capillary": "OFF",
        "Beamstop": "OFF",
        "Scintillator": "PARK",
        BACKLIGHT: "In",
    },
    "BeamLocation": {
        "Aperture": "BEAM",
        "Capillary": "BEAM",
        "Beamstop": "OFF",
        "Scintillator": "SCINTILLATOR",
        BACKLIGHT: "Out",
    },
    "DataCollection": {
        "Aperture": "BEAM",
        "Capillary": "BEAM",
        "Beamstop": "BEAM",
        "Scintillator": "PARK",
        BACKLIGHT: "Out",
    },
    "Transfer": {
        "Aperture": "PARK",
        "Capillary": "PARK",
        "Beamstop": "TRANSFER",
        "Scintillator": "PARK",
        BACKLIGHT: "Out",
    },
}
"""Where everything stands in a phase."""
TO_TRANSFER = ("Omega", "Kappa", "Phi", "AlignmentY", "CentringX", "CentringY")
"""Motors that stand at zero while the robot comes."""


class Organ(Protocol):
    """What stands at one of some positions."""

    @property
    def states(self) -> tuple[str, ...]:
        """All positions."""
        ...

    @property
    def state(self) -> str:
        """Where it stands."""
        ...

    @property
    def target(self) -> str:
        """Where it was last sent."""
        ...

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        ...

    async def go(self, state: str) -> None:
        """Bring it to a position."""
        ...


class InTheBeam:
    """An organ of which the world knows whether it stands in the beam, and the controller where else.

    Args:
        thing: The world's.
        own: The controller's, by position.
    """

    def __init__(self, thing: Actuator, own: Actuator) -> None:
        self.states = own.states
        self._thing = thing
        self._own = own
        thing.state = thing.target = _place(own.state)

    @property
    def state(self) -> str:
        """Where it stands; others may have moved it."""
        if self._thing.state == _place(self._own.state):
            return self._own.state
        return BEAM if self._thing.state == IN else OFF

    @property
    def target(self) -> str:
        """Where it was last sent."""
        return self._own.target

    @property
    def moving(self) -> bool:
        """Whether it is on its way."""
        return self._own.moving or self._thing.moving

    async def go(self, state: str) -> None:
        """Bring it to a position.

        Raises:
            ActuatorFault: If it sticks.
        """
        moves = self._own.go(state), self._thing.go(_place(state))
        for outcome in await asyncio.gather(*moves, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome


def _place(position: str) -> str:
    return IN if position == BEAM else OUT


class Organs:
    """Aperture, capillary, beamstop, scintillator and backlight, each at one of its positions.

    Args:
        world: Has backlight, beamstop and aperture, which stand as for a transfer from now on; the others are the
            controller's own.
        travel_s: Simulated seconds of a change.

    Attributes:
        by_name: The organs.
        sources: What tells of their changes.
    """

    def __init__(self, world: World, travel_s: float) -> None:
        things = {"Aperture": world.aperture_slide, "Beamstop": world.surroundings.beamstop}
        own = {
            name: Actuator(name.lower(), positions, travel_s, world.clock, None, PHASES["Transfer"][name])
            if name in things
            else Actuator(name.lower(), positions, travel_s, world.clock, world.faults, PHASES["Transfer"][name])
            for name, positions in POSITIONS.items()
        }
        self.by_name: dict[str, Organ] = {
            name: InTheBeam(things[name], each) if name in things else each for name, each in own.items()
        }
        self.by_name[BACKLIGHT] = world.backlight
        world.beam.aperture_in = world.aperture_slide.state == IN
        self.sources = [each.changed for each in (*own.values(), *things.values(), world.backlight)]

    @property
    def moving(self) -> bool:
        """Whether any is on its way."""
        return any(organ.moving for organ in self.by_name.values())

    def position(self, name: str) -> str:
        """Where one stands; UNKNOWN on the way."""
        organ = self.by_name[name]
        return UNKNOWN if organ.moving and organ.state != organ.target else organ.state

    def check(self, name: str, position: str) -> None:
        """Ask whether there is such a position.

        Raises:
            Refused: If there is none.
        """
        if position not in self.by_name[name].states:
            allowed = ", ".join(self.by_name[name].states)
            raise Refused(f"{name} has no position {position[:40]!r}, allowed are {allowed}")

    def agrees(self, phase: str) -> bool:
        """Whether all stand where they belong in a phase."""
        return all(self.position(name) == position for name, position in PHASES[phase].items())

    async def arrange(self, phase: str) -> None:
        """Bring all to where they belong, at the same time.

        Raises:
            ActuatorFault: If one sticks; the others have moved.
        """
        moves = [self.by_name[name].go(position) for name, position in PHASES[phase].items()]
        for outcome in await asyncio.gather(*moves, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
