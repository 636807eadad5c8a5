"""Virtual time for threads and event loops: it stands while anybody works, and jumps when everybody waits.

Everybody who takes part is an *actor*: a thread, an event loop, or a hold while work is done elsewhere. The kernel counts
those that work. When the last one begins to wait, time jumps to the earliest end of a wait and wakes that one alone, so
that what is due at the same time happens one after the other, in the order in which it was asked for.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
import time
from collections.abc import Iterator


class Sleeper:
    """One place to wait at, for one thread. A wake that comes before the wait is kept."""

    __slots__ = ("gate", "kept", "ticket", "waiting", "woken")

    def __init__(self) -> None:
        self.gate = threading.Lock()
        self.gate.acquire()
        self.waiting = False
        self.woken = False
        self.kept = False
        self.ticket = 0


class Kernel:
    """The clock and the count of those who work.

    Args:
        epoch_s: Seconds since 1970 at virtual time 0; the present time when not given.
    """

    def __init__(self, epoch_s: float | None = None) -> None:
        self.epoch_s = time.time() if epoch_s is None else epoch_s
        self._now_s = 0.0
        self._working = 0
        self._lock = threading.Lock()
        self._due: list[tuple[float, int, Sleeper]] = []
        self._order = itertools.count()
        self._actor = threading.local()

    @property
    def now_s(self) -> float:
        """Virtual seconds since the start."""
        return self._now_s

    def stamp_s(self) -> float:
        """Virtual seconds since 1970."""
        return self.epoch_s + self._now_s

    def begin(self) -> None:
        """One more works: time stands until it waits or ends."""
        with self._lock:
            self._working += 1

    def end(self) -> None:
        """One less works."""
        with self._lock:
            self._working -= 1
            self._jump()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Time stands while entered."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    @contextlib.contextmanager
    def acting(self) -> Iterator[None]:
        """The calling thread is an actor whose `begin` has been called already; it ends with this."""
        self._actor.here = True
        try:
            yield
        finally:
            self._actor.here = False
            self.end()

    def sleep(self, sleeper: Sleeper, until_s: float | None) -> bool:
        """Wait to be woken, or until a virtual time; returns whether somebody woke it.

        A thread that is no actor counts as one while it waits, so that its time passes as well.
        """
        guest = not getattr(self._actor, "here", False)
        with self._lock:
            if sleeper.kept:
                sleeper.kept = False
                return True
            sleeper.waiting = True
            sleeper.ticket = next(self._order)
            if until_s is not None:
                heapq.heappush(self._due, (until_s, sleeper.ticket, sleeper))
            self._working -= 0 if guest else 1
            self._jump()
        sleeper.gate.acquire()
        if guest:
            self.end()
        return sleeper.woken

    def wake(self, sleeper: Sleeper) -> None:
        """Let it go on now, or not wait at all when it does not wait yet."""
        with self._lock:
            if sleeper.waiting:
                self._release(sleeper, woken=True)
            else:
                sleeper.kept = True

    def _release(self, sleeper: Sleeper, woken: bool) -> None:
        sleeper.waiting = False
        sleeper.woken = woken
        self._working += 1
        sleeper.gate.release()

    def _jump(self) -> None:
        """Called with the lock: go to the next that is due while nobody works."""
        while not self._working and self._due:
            until_s, ticket, sleeper = heapq.heappop(self._due)
            if sleeper.waiting and sleeper.ticket == ticket:
                self._now_s = max(self._now_s, until_s)
                self._release(sleeper, woken=False)
