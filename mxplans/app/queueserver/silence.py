"""How long a manager that does not answer is waited for: pure."""

from __future__ import annotations

SILENT_S = 20.0
"""For one that lives and has answered before."""
STARTING_S = 10.0
"""Until its first answer, for the first try; each further one may take twice as long, since the machine may be busy."""
FORKING_S = 5.0
"""Until it is there at all, likewise."""
TRIES_MOST = 4
WATCHDOG_S = 8.0
"""For its watchdog to start a dead one again, which takes 5 s at least and leaves a running plan alone."""


class Silence:
    """Judges a silent manager by whether it lives and whether it has answered since its start (`heard`).

    Its watchdog looks after a manager only once that is ready (bluesky-queueserver 0.0.25): one that dies as it starts
    stays dead.
    """

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._seen: int | None = None
        self._answering: int | None = None
        self.heard = False
        self._tries = 0

    def restarted(self) -> None:
        """Watchdog and manager were started anew."""
        self._since_s, self._seen, self._answering, self.heard = None, None, None, False
        self._tries = min(self._tries + 1, TRIES_MOST)

    def answered(self, pid: int | None) -> None:
        """The manager with this number answered; None where the number is not known."""
        self._since_s, self._seen, self._answering, self.heard, self._tries = None, pid, pid, True, 0

    def too_long(self, pid: int | None, now_s: float) -> bool:
        """Whether a silence has become hopeless.

        Args:
            pid: Number of the manager that lives; None if none does.
            now_s: Unix time.
        """
        if self._since_s is None:
            self._since_s = now_s
        lasts_s = now_s - self._since_s
        if pid is None and self._seen is not None:
            return self._seen != self._answering or lasts_s > WATCHDOG_S
        self._seen = pid
        if self.heard:
            return lasts_s > SILENT_S
        return lasts_s > (FORKING_S if pid is None else STARTING_S) * 2**self._tries
