"""When an armed detector exposes: what trigger pulses and commands start, by its trigger mode.

`ints`, `exts`: a command or a pulse starts `nimages` frames, one every `frame_time`, each exposed for `count_time`.
`exte`: a frame is exposed while the trigger input is high, so `nimages` is 1 (EIGER2 user manual 1.8.2, chapter 9). What
comes while a series still runs is not heard.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mxplans_sim.clock import Clock
from mxplans_sim.settings.diffraction import DiffractionSettings
from mxplans_sim.world.burst import Burst
from mxplans_sim.world.dose import cut

JITTER_S = 1e-6
"""By so much a pulse may come early, and an exposure differ from the motion's own; less than any detector's readout."""
CHUNK_S = 1.0
"""Simulated seconds of a free run that are worked out together."""

Watch = Callable[[float, int, float, float], Sequence[Burst]]
"""Frames at times of the detector's own: begin of the first, number, exposure of each, time from frame to frame (s)."""


@dataclass(frozen=True)
class Timing:
    """What an armed series makes of its triggers.

    Attributes:
        mode: Trigger mode.
        images: For each trigger.
        triggers: That are heard, in all.
        frame_time_s: From frame to frame.
        count_time_s: Exposure of a frame.
        delay_s: From a trigger to its first frame.
        shortest_s: Least time between two frames.
    """

    mode: str
    images: int
    triggers: int
    frame_time_s: float
    count_time_s: float
    delay_s: float
    shortest_s: float

    def busy_s(self, pulse_s: float) -> float:
        """How long nothing else is heard after a trigger whose pulse is so long."""
        if self.mode == "exte":
            return max(pulse_s, self.shortest_s)
        return self.delay_s + self.images * self.frame_time_s

    def follows(self, burst: Burst) -> bool:
        """Whether each pulse of a motion exposes a frame just as the motion has it."""
        if self.mode == "exte":
            return True
        return self.images == 1 and not self.delay_s and abs(self.count_time_s - burst.exposure_s) <= JITTER_S


class Triggers:
    """Hears triggers and takes frames for them.

    Args:
        clock: Simulated time.
        timing: Of the series.
        physics: How the dose grows from frame to frame.
        watch: Gives the frames of a free run.
        take: Called with frames as they begin.
    """

    def __init__(
        self, clock: Clock, timing: Timing, physics: DiffractionSettings, watch: Watch, take: Callable[[Burst], None]
    ) -> None:
        self._clock = clock
        self._timing = timing
        self._physics = physics
        self._watch = watch
        self._take = take
        self._left = timing.triggers
        self._busy_until_s = -math.inf
        self._starts: deque[float] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether frames are still to be taken for triggers that have been heard."""
        return self._task is not None and not self._task.done()

    def command(self) -> None:
        """A trigger command."""
        self._hear(self._clock.now_s(), 0.0)
        self._start(self._clock.now_s())

    def pulse(self, burst: Burst) -> None:
        """The pulses of a motion that begins."""
        heard = [index for index in burst.pulsed if self._hear(_at_s(burst, index), burst.exposure_s)]
        if self._timing.follows(burst):
            for begin, number in _runs(heard):
                self._take(cut(burst, begin, number, self._physics))
        else:
            for index in heard:
                self._start(_at_s(burst, index))

    def stop(self) -> None:
        """Hear and start nothing any more."""
        self._left = 0
        self._starts.clear()
        if self._task is not None:
            self._task.cancel()

    def _hear(self, at_s: float, pulse_s: float) -> bool:
        if not self._left or at_s < self._busy_until_s - JITTER_S:
            return False
        self._left -= 1
        self._busy_until_s = at_s + self._timing.busy_s(pulse_s)
        return True

    def _start(self, at_s: float) -> None:
        self._starts.append(at_s + self._timing.delay_s)
        if not self.running:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        timing = self._timing
        size = max(1, round(CHUNK_S / timing.frame_time_s))
        while self._starts:
            begin_s = self._starts.popleft()
            for first in range(0, timing.images, size):
                at_s = begin_s + first * timing.frame_time_s
                await self._clock.sleep(at_s - self._clock.now_s())
                number = min(size, timing.images - first)
                for burst in self._watch(at_s, number, timing.count_time_s, timing.frame_time_s):
                    self._take(burst)


def _at_s(burst: Burst, index: int) -> float:
    return burst.begins_at_s + index * burst.period_s


def _runs(indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Begin and length of each stretch of consecutive numbers.

    >>> list(_runs([0, 1, 2, 5, 6]))
    [(0, 3), (5, 2)]
    """
    begin = 0
    for end in range(1, len(indices) + 1):
        if end == len(indices) or indices[end] != indices[end - 1] + 1:
            yield indices[begin], end - begin
            begin = end
