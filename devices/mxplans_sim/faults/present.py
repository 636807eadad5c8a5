"""What the world is doing now: which sample, and which step of its way."""

from __future__ import annotations

from typing import Any

from mxplans_sim.world.scanner import Scanner
from mxplans_sim.world.state import World


class Present:
    """Follows the world from mount to unmount; steps are those of `rules.Step`.

    Args:
        world: What it looks at.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._sample = ""
        self._scanned = False

    def context(self) -> dict[str, Any]:
        """Sample on the goniometer or in the robot's hands, empty for none, and step."""
        world = self._world
        place = world.robot.handled
        sample = world.sample_name if place is None else world.storage.name(place)
        if self._sample != sample:
            self._sample, self._scanned = sample, False
        self._scanned = self._scanned or world.scanner.running
        return {"sample": self._sample, "step": self._step()}

    def _step(self) -> str:
        world = self._world
        if world.robot.program:
            return world.robot.program
        if world.scanner.running:
            return _of_scan(world.scanner)
        if not self._sample:
            return "idle"
        return "between" if self._scanned else "optical"


def _of_scan(scanner: Scanner) -> str:
    return "rotation" if scanner.scan is not None and scanner.scan.step[3] else "grid"
