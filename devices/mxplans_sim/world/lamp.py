"""A lamp before or behind the sample."""

from __future__ import annotations

from mxplans_sim.world.observable import Observable

FACTORS = (0.0, 10.0)
LEVELS = (0.0, 1.0)


class Lamp:
    """Its light is level times factor, while it is switched on.

    Args:
        name: In messages.
        level: At the start; 1 is the light of an empty field at the reference exposure.

    Attributes:
        level: Part of its highest light.
        factor: What that is multiplied with.
        is_on: Whether it is switched on.
        changed: Tells of all of them.
    """

    def __init__(self, name: str, level: float) -> None:
        self.name = name
        self.level = level
        self.factor = 1.0
        self.is_on = True
        self.changed = Observable()

    @property
    def frac(self) -> float:
        """Present light."""
        return self.level * self.factor if self.is_on else 0.0

    async def set_level(self, level: float) -> None:
        """Take another level.

        Raises:
            ValueError: If it is out of `LEVELS`.
        """
        self.level = self._checked("level", level, LEVELS)
        await self.changed.notify()

    async def set_factor(self, factor: float) -> None:
        """Take another factor.

        Raises:
            ValueError: If it is out of `FACTORS`.
        """
        self.factor = self._checked("factor", factor, FACTORS)
        await self.changed.notify()

    async def switch(self, is_on: bool) -> None:
        """Switch it on or off."""
        self.is_on = is_on
        await self.changed.notify()

    def _checked(self, what: str, value: float, allowed: tuple[float, float]) -> float:
        low, high = allowed
        if not low <= value <= high:
            raise ValueError(f"{what} of the {self.name} is {value:g}, allowed is {low:g} to {high:g}; not changed")
        return value
