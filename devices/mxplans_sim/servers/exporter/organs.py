"""What the controller moves besides the goniometer, and the phases that arrange all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from mxplans_sim.clock import Clock
from mxplans_sim.servers.exporter.values import Refused
from mxplans_sim.world.actuator import Actuator
from mxplans_sim.world.state import World

POSITIONS: Mapping[str, tuple[str, ...]] = {
    "Aperture": ("PARK", "BEAM", "OFF"),
    "Capillary": ("PARK", "BEAM", "OFF"),
    "Beamstop": ("PARK", "BEAM", "OFF", "TRANSFER"),
    "Scintillator": ("PARK", "SCINTILLATOR", "PHOTODIODE"),
}
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


class Organs:
    """Aperture, capillary, beamstop, scintillator and backlight, each at one of its positions.

    Args:
        world: Has the backlight; the others are the controller's own.
        travel_s: Simulated seconds of a change.
    """

    def __init__(self, world: World, travel_s: float) -> None:
        clock: Clock = world.clock
        self.by_name: dict[str, Actuator] = {
            name: Actuator(name.lower(), positions, travel_s, clock, world.faults, PHASES["Transfer"][name])
            for name, positions in POSITIONS.items()
        }
        self.by_name[BACKLIGHT] = world.backlight

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
