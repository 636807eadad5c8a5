"""Simulated time: real time multiplied by a speed-up."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Counts simulated seconds from its creation.

    Args:
        speed_up: Simulated seconds per real second, > 0.

    Raises:
        ValueError: If `speed_up` is not positive.
    """

    def __init__(self, speed_up: float = 1.0) -> None:
        if not speed_up > 0:
            raise ValueError(f"speed_up is {speed_up}, it must be a number > 0; 1 is real time")
        self.speed_up = speed_up
        self._t0 = time.monotonic()

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return (time.monotonic() - self._t0) * self.speed_up

    async def sleep(self, duration_s: float) -> None:
        """Sleep for simulated seconds; returns at once for a duration of zero or less."""
        if duration_s > 0:
            await asyncio.sleep(duration_s / self.speed_up)
