"""Threads, events and clocks that live in virtual time, with the faces of `threading` and `time`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

from mxplans_sim.virtual_time.kernel import Kernel, Sleeper


class VirtualEvent:
    """As `threading.Event`.

    Args:
        kernel: Whose time it lives in.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._lock = threading.Lock()
        self._flag = False
        self._sleepers: list[Sleeper] = []

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._flag

    def set(self) -> None:
        """Let all go on who wait."""
        with self._lock:
            self._flag = True
            sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            self._kernel.wake(sleeper)

    def clear(self) -> None:
        """Let all wait from now on."""
        with self._lock:
            self._flag = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, virtual seconds at most; returns whether it is. Not at all for 0, even if time stands."""
        if timeout is not None and timeout <= 0:
            return self._flag
        sleeper = Sleeper()
        with self._lock:
            if self._flag:
                return True
            self._sleepers.append(sleeper)
        until_s = None if timeout is None else self._kernel.now_s + max(0.0, timeout)
        if not self._kernel.sleep(sleeper, until_s):
            with self._lock:
                if sleeper in self._sleepers:
                    self._sleepers.remove(sleeper)
        return self._flag


class VirtualThread(threading.Thread):
    """As `threading.Thread`; time does not jump between its start and its first step.

    Args:
        kernel: Whose time it lives in.
    """

    def __init__(self, kernel: Kernel, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kernel = kernel
        self._ended = VirtualEvent(kernel)

    def start(self) -> None:
        """Begin."""
        self._kernel.begin()
        try:
            super().start()
        except BaseException:
            self._kernel.end()
            raise

    def run(self) -> None:
        """Work, as an actor."""
        with self._kernel.acting():
            try:
                super().run()
            finally:
                self._ended.set()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end, virtual seconds at most."""
        if self._ended.wait(timeout):
            super().join()


class VirtualTimer(VirtualThread):
    """As `threading.Timer`.

    Args:
        kernel: Whose time it lives in.
        interval: Virtual seconds.
        function: What to call then.
        args: With these.
        kwargs: And these.
    """

    def __init__(
        self, kernel: Kernel, interval: float, function: Callable[..., Any], args: Any = None, kwargs: Any = None
    ) -> None:
        super().__init__(kernel, target=self._ring, daemon=True)
        self._interval_s = interval
        self._work: Callable[[], Any] = lambda: function(*(args or ()), **(kwargs or {}))
        self._cancelled = VirtualEvent(kernel)

    def cancel(self) -> None:
        """Do not call, if it has not been called yet."""
        self._cancelled.set()

    def _ring(self) -> None:
        if not self._cancelled.wait(self._interval_s):
            self._work()


def virtual_threading(kernel: Kernel) -> SimpleNamespace:
    """What `threading` offers, with `Thread`, `Event` and `Timer` in virtual time; they can be made, not inherited."""
    return _like(
        threading,
        Event=partial(VirtualEvent, kernel),
        Thread=partial(VirtualThread, kernel),
        Timer=partial(VirtualTimer, kernel),
    )


def virtual_clock(kernel: Kernel) -> SimpleNamespace:
    """What `time` offers, with `time`, `monotonic` and `sleep` in virtual time."""

    def sleep(duration_s: float) -> None:
        kernel.sleep(Sleeper(), kernel.now_s + max(0.0, duration_s))

    return _like(time, time=kernel.stamp_s, monotonic=lambda: kernel.now_s, sleep=sleep)


def _like(module: Any, **instead: Any) -> SimpleNamespace:
    return SimpleNamespace(**(vars(module) | instead))
