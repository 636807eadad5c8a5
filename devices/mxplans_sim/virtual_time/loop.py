"""An asyncio event loop in virtual time, and the virtual beamline's clock on it."""

from __future__ import annotations

import asyncio
import contextlib
import math
import selectors
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from mxplans_sim.clock import Clock
from mxplans_sim.virtual_time.kernel import Kernel, Sleeper

T = TypeVar("T")
WATCH_FACTOR = 10.0
"""Updates for watching people may be this much rarer: nobody watches."""


class _Selector(selectors.DefaultSelector):
    """Looks for sockets that are ready; instead of waiting for them, hands the wait to the kernel."""

    def __init__(self, wait: Callable[[float | None], bool]) -> None:
        super().__init__()
        self._wait = wait

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return list(ready)
        real = self._wait(timeout)
        return list(super().select(timeout if real else 0))


class VirtualLoop(asyncio.SelectorEventLoop):
    """Timers fire in virtual time. Sockets are looked at whenever it wakes, and waited for while it is held.

    Args:
        kernel: Whose time it lives in.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._sleeper = Sleeper()
        self._held = 0
        super().__init__(_Selector(self._wait))
        # Timers that are due at the very time that was jumped to are due.
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Virtual seconds."""
        return self._kernel.now_s

    def run_forever(self) -> None:
        """Run in the calling thread, as an actor."""
        self._kernel.begin()
        with self._kernel.acting():
            super().run_forever()

    @contextlib.asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Time stands and sockets are waited for while entered."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def _wait(self, timeout: float | None) -> bool:
        """Wait for a timer or a call from another thread; returns True when it is to be done for real, on sockets."""
        if self._held:
            return True
        self._kernel.sleep(self._sleeper, None if timeout is None else self._kernel.now_s + timeout)
        return False

    def _write_to_self(self) -> None:
        self._kernel.wake(self._sleeper)
        super()._write_to_self()  # type: ignore[misc]


class VirtualClock(Clock):
    """Simulated time that jumps.

    Args:
        kernel: Whose time it is.
        loop: The loop that everything simulated runs on.
    """

    speed_up = math.inf

    def __init__(self, kernel: Kernel, loop: VirtualLoop) -> None:
        self._kernel = kernel
        self._loop = loop

    def now_s(self) -> float:
        """Virtual seconds since the start."""
        return self._kernel.now_s

    def stamp_s(self) -> float:
        """Virtual seconds since 1970."""
        return self._kernel.stamp_s()

    async def sleep(self, duration_s: float) -> None:
        """Sleep for virtual seconds; returns at once for a duration of zero or less."""
        if duration_s > 0:
            await asyncio.sleep(duration_s)

    async def compute(self, work: Callable[[], T]) -> T:
        """Do the work here and now: nothing else could happen meanwhile."""
        return work()

    def standing(self) -> AbstractAsyncContextManager[Any]:
        """Time stands while entered."""
        return self._loop.held()

    def watch_period_s(self, real_s: float) -> float:
        """Rarely, since each update costs computing and nobody watches."""
        return real_s * WATCH_FACTOR
