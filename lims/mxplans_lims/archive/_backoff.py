"""When to try again: ever later, and not all clients at the same moment."""

from __future__ import annotations

import random

FIRST_S = 0.5
LONGEST_S = 60.0


class Backoff:
    """Doubles from 0.5 s to a minute; of each pause a random part between one half and all is waited."""

    def __init__(self) -> None:
        self.failures = 0
        self._due_s = 0.0

    def due(self, now_s: float) -> bool:
        """Whether it is time."""
        return now_s >= self._due_s

    def failed(self, now_s: float) -> None:
        """It went wrong: wait longer."""
        pause_s = min(FIRST_S * 2.0 ** min(self.failures, 16), LONGEST_S)
        self._due_s = now_s + random.uniform(0.5, 1.0) * pause_s
        self.failures += 1

    def hurry(self) -> None:
        """Try now."""
        self._due_s = 0.0

    def worked(self) -> None:
        """It went well."""
        self.failures, self._due_s = 0, 0.0
