"""Threads, events and clocks that live in virtual time, with the faces of `threading` and `time`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from mxplans_sim.virtual_time.kernel import Kernel, Sleeper


def virtual_threading(kernel: Kernel) -> SimpleNamespace:
    """What `threading` offers, with `Thread`, `Event` and `Timer` in virtual time."""

    class Event:
        """As `threading.Event`."""

        def __init__(self) -> None:
            self._lock = threading.Lock()
            self._flag = False
            self._sleepers: list[Sleeper] = []

        def is_set(self) -> bool:
            return self._flag

        def set(self) -> None:
            with self._lock:
                self._flag = True
                sleepers, self._sleepers = self._sleepers, []
            for sleeper in sleepers:
                kernel.wake(sleeper)

        def clear(self) -> None:
            with self._lock:
                self._flag = False

        def wait(self, timeout: float | None = None) -> bool:
            sleeper = Sleeper()
            with self._lock:
                if self._flag:
                    return True
                self._sleepers.append(sleeper)
            until_s = None if timeout is None else kernel.now_s + max(0.0, timeout)
            if not kernel.sleep(sleeper, until_s):
                with self._lock:
                    if sleeper in self._sleepers:
                        self._sleepers.remove(sleeper)
            return self._flag

    class Thread(threading.Thread):
        """As `threading.Thread`; time does not jump between its start and its first step."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._ended = Event()

        def start(self) -> None:
            kernel.begin()
            try:
                super().start()
            except BaseException:
                kernel.end()
                raise

        def run(self) -> None:
            with kernel.acting():
                try:
                    super().run()
                finally:
                    self._ended.set()

        def join(self, timeout: float | None = None) -> None:
            if self._ended.wait(timeout):
                super().join()

    class Timer(Thread):
        """As `threading.Timer`."""

        def __init__(self, interval: float, function: Callable[..., Any], args: Any = None, kwargs: Any = None) -> None:
            super().__init__(target=self._ring, daemon=True)
            self._interval = interval
            self._work: Callable[[], Any] = lambda: function(*(args or ()), **(kwargs or {}))
            self._cancelled = Event()

        def cancel(self) -> None:
            self._cancelled.set()

        def _ring(self) -> None:
            if not self._cancelled.wait(self._interval):
                self._work()

    return _like(threading, Event=Event, Thread=Thread, Timer=Timer)


def virtual_clock(kernel: Kernel) -> SimpleNamespace:
    """What `time` offers, with `time`, `monotonic` and `sleep` in virtual time."""

    def sleep(duration_s: float) -> None:
        kernel.sleep(Sleeper(), kernel.now_s + max(0.0, duration_s))

    return _like(time, time=kernel.stamp_s, monotonic=lambda: kernel.now_s, sleep=sleep)


def _like(module: Any, **instead: Any) -> SimpleNamespace:
    return SimpleNamespace(**(vars(module) | instead))
