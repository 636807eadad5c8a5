"""When a camera that runs freely exposes which frame; worked out from the clock, nothing runs for it."""

from __future__ import annotations

import math

from mxplans_sim.clock import Clock

_SLACK = 1e-9
"""Of a frame: times are sums of floats."""


class FrameClock:
    """Numbers the frames from 0, one after the other; a frame is there when it is exposed and has come through.

    Args:
        clock: Simulated time.
        rate_hz: Frames per second, unless they are exposed for longer.
        exposure_s: Of a frame.
        latency_s: From the end of an exposure to where the frame can be had.
    """

    def __init__(self, clock: Clock, rate_hz: float, exposure_s: float, latency_s: float) -> None:
        self._clock = clock
        self._rate_hz = rate_hz
        self._exposure_s = exposure_s
        self._latency_s = latency_s
        self._first = 0
        self._since_s = 0.0

    @property
    def exposure_s(self) -> float:
        """How long a frame is exposed; setting it takes effect with the next frame."""
        return self._exposure_s

    @exposure_s.setter
    def exposure_s(self, exposure_s: float) -> None:
        self._first = self.next()
        self._since_s = max(self.begins_s(self._first), self._clock.now_s())
        self._exposure_s = exposure_s

    @property
    def period_s(self) -> float:
        """From frame to frame."""
        return max(1 / self._rate_hz, self._exposure_s)

    def next(self) -> int:
        """The first frame that begins no sooner than now."""
        return self._first + max(0, math.ceil((self._clock.now_s() - self._since_s) / self.period_s - _SLACK))

    def latest(self) -> int:
        """The latest frame that is there; before the first one a negative number."""
        seen_s = self._clock.now_s() - self._exposure_s - self._latency_s
        return self._first + math.floor((seen_s - self._since_s) / self.period_s + _SLACK)

    def begins_s(self, frame: int) -> float:
        """Simulated time at which a frame's exposure begins."""
        return self._since_s + (frame - self._first) * self.period_s

    def there_s(self, frame: int) -> float:
        """Simulated time from which on a frame can be had."""
        return self.begins_s(frame) + self._exposure_s + self._latency_s
