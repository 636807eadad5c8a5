"""The frames of an armed series, handed on as they are exposed."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable

from mxplans_sim.clock import Clock
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.dose import cut

WATCHED_S = 0.1
"""Real seconds after which people want to see something of a long burst."""
PART = 500
"""Most frames that are handed on together."""
SLACK = 1e-6  # of a frame


class Exposure:
    """Follows announced bursts in simulated time.

    Args:
        clock: Simulated time.
        images: Of the whole series.
        physics: How the dose grows from part to part.
        hand_on: Called with the number of the first image and the burst of each part that has been exposed.
        on_pause: Called when all that was announced is exposed.

    Attributes:
        taken: Images announced so far.
        exposed: Images handed on so far.
    """

    def __init__(
        self,
        clock: Clock,
        images: int,
        physics: DiffractionSettings,
        hand_on: Callable[[int, Burst], None],
        on_pause: Callable[[], None],
    ) -> None:
        self.taken = 0
        self.exposed = 0
        self._clock = clock
        self._images = images
        self._physics = physics
        self._hand_on = hand_on
        self._on_pause = on_pause
        self._bursts: deque[Burst] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def complete(self) -> bool:
        """Whether all images of the series are exposed."""
        return self.exposed == self._images

    @property
    def image_ends_s(self) -> float:
        """Simulated time at which the image that is being exposed ends; now when there is none."""
        now_s = self._clock.now_s()
        if not self._bursts or now_s <= self._bursts[0].begins_at_s:
            return now_s
        burst = self._bursts[0]
        done = math.ceil((now_s - burst.begins_at_s) / burst.period_s - SLACK)
        return min(burst.begins_at_s + done * burst.period_s, burst.ends_at_s)

    def add(self, burst: Burst) -> bool:
        """Announce a burst; returns whether the series wants anything of it."""
        count = min(len(burst), self._images - self.taken)
        if count <= 0:
            return False
        self.taken += count
        self._bursts.append(cut(burst, 0, count, self._physics))
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())
        return True

    def stop(self, at_s: float) -> None:
        """End the series: frames that end later than `at_s` are not taken."""
        if self._task is not None:
            self._task.cancel()
        while self._bursts:
            burst = self._bursts.popleft()
            exposed = (at_s - burst.begins_at_s) / burst.period_s + SLACK
            done = math.floor(min(max(exposed, 0.0), len(burst)))
            for begin in range(0, done, PART):
                self._pass(cut(burst, begin, min(PART, done - begin), self._physics))

    async def _run(self) -> None:
        while self._bursts:
            burst = self._bursts[0]
            watched_s = self._clock.watch_period_s(WATCHED_S)
            # Whoever is late has more to hand on.
            due_s = max(watched_s, self._clock.now_s() - burst.begins_at_s)
            number = min(max(1, math.ceil(due_s / burst.period_s - SLACK)), PART, len(burst))
            part = cut(burst, 0, number, self._physics)
            await self._clock.sleep(part.ends_at_s - self._clock.now_s())
            if number < len(burst):
                self._bursts[0] = cut(burst, number, len(burst) - number, self._physics)
            else:
                self._bursts.popleft()
            self._pass(part)
        self._on_pause()

    def _pass(self, part: Burst) -> None:
        first = self.exposed + 1
        self.exposed += len(part)
        self._hand_on(first, part)
