"""Simulated time, as all of the virtual beamline sees it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

T = TypeVar("T")


class Clock(ABC):
    """Counts simulated seconds from its creation; what takes time at the beamline waits here.

    Attributes:
        speed_up: Simulated seconds per real second; infinite on a virtual clock.
    """

    speed_up: float

    @abstractmethod
    def now_s(self) -> float:
        """Simulated seconds since the start."""

    @abstractmethod
    def stamp_s(self) -> float:
        """Time stamp of now for clients, seconds since 1970."""

    @abstractmethod
    async def sleep(self, duration_s: float) -> None:
        """Sleep for simulated seconds; returns at once for a duration of zero or less."""

    @abstractmethod
    async def compute(self, work: Callable[[], T]) -> T:
        """Do work that costs computing but no simulated time, without blocking the event loop for long."""

    @abstractmethod
    def standing(self) -> AbstractAsyncContextManager[None]:
        """While entered, simulated time does not pass if it can be helped: somebody computes elsewhere."""

    @abstractmethod
    def watch_period_s(self, real_s: float) -> float:
        """Simulated seconds between two updates that are meant for people, who look every `real_s` real seconds."""


class RealClock(Clock):
    """Real time multiplied by a speed-up.

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

    def stamp_s(self) -> float:
        """Real time: clients compare it with their own."""
        return time.time()

    async def sleep(self, duration_s: float) -> None:
        """Sleep for simulated seconds; returns at once for a duration of zero or less."""
        if duration_s > 0:
            await asyncio.sleep(duration_s / self.speed_up)

    async def compute(self, work: Callable[[], T]) -> T:
        """Do the work in a thread."""
        return await asyncio.to_thread(work)

    def standing(self) -> AbstractAsyncContextManager[None]:
        """Real time cannot stand still: does nothing."""
        return contextlib.nullcontext()

    def watch_period_s(self, real_s: float) -> float:
        """Simulated seconds in `real_s` real seconds."""
        return real_s * self.speed_up
