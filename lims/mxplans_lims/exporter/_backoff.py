"""How long to wait before trying again."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Exponential, with full jitter: many that wait for the same server do not come back at the same time.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

    Attributes:
        base_s: Longest wait after the first failure.
        most_s: Longest wait of all.
        chance: Gives numbers from 0 to 1.
    """

    base_s: float = 1.0
    most_s: float = 300.0
    chance: Callable[[], float] = random.random

    def wait_s(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row, one at least."""
        doubled: float = self.base_s * 2.0 ** min(failures - 1, 60)
        return self.chance() * min(self.most_s, doubled)
