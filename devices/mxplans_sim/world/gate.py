"""The joint between the motion program and the detector: bursts of frames, published as they start."""

from __future__ import annotations

from collections.abc import Callable

from mxplans_sim.world.burst import Burst


class Gate:
    """Hands each burst to whoever subscribed, in order, in the thread of the publisher; callbacks must not block."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[Burst], None]] = []

    def subscribe(self, callback: Callable[[Burst], None]) -> None:
        """Call with every burst from now on."""
        self._callbacks.append(callback)

    def publish(self, burst: Burst) -> None:
        """Hand on a burst whose first frame starts now."""
        for callback in self._callbacks:
            callback(burst)
