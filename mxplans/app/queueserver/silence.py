"""How long a manager that does not answer is waited for: pure."""

from __future__ import annotations

SILENT_S = 20.0
"""For one that lives and has answered before."""
STARTING_S = 60.0
"""Until its first answer."""
WATCHDOG_S = 8.0
"""For its watchdog to start a dead one again, which takes 5 s at least and leaves a running plan alone."""


class Silence:
    """Judges a silent manager by whether it lives and whether it ever answered.

    Its watchdog looks after a manager only once that is ready (bluesky-queueserver 0.0.25): one that dies as it starts
    stays dead.
    """

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._seen: int | None = None
        self._heard: int | None = None
        self._ever = False

    def restarted(self) -> None:
        """Watchdog and manager were started anew."""
        self._since_s, self._seen, self._heard, self._ever = None, None, None, False

    def answered(self, pid: int | None) -> None:
        """The manager with this number answered; None where the number is not known."""
        self._since_s, self._seen, self._heard, self._ever = None, pid, pid, True

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
            return self._seen != self._heard or lasts_s > WATCHDOG_S
        self._seen = pid
        return lasts_s > (SILENT_S if self._ever else STARTING_S)
