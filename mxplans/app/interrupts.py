"""Ctrl-C, SIGTERM and dying services, turned into an orderly end or an immediate one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from bluesky.utils import TransitionError  # type: ignore[attr-defined]  # not re-exported by name

from mxplans.app.services import ServiceProcess

if TYPE_CHECKING:
    from bluesky import RunEngine

POLL_S = 0.5


class Interrupts:
    """While entered, the first Ctrl-C asks for an end after the present pin, the second one for an end at once.

    SIGTERM, and a service that ends by itself, ask for an end at once. `reason` then says why.

    Args:
        run_engine: Is paused at once, for the caller to abort.
        services: Watched.
        tell: Is told, in words, what was asked.
    """

    def __init__(self, run_engine: RunEngine, services: Iterable[ServiceProcess], tell: Callable[[str], None]) -> None:
        self._run_engine = run_engine
        self._services = tuple(services)
        self._tell = tell
        self._over = threading.Event()
        self._wanted = threading.Event()
        self._previous: dict[int, Any] = {}
        self._watcher = threading.Thread(target=self._watch, name="interrupts", daemon=True)
        self.stop_after_pin = False
        self.reason: str | None = None
        self.dead_service: ServiceProcess | None = None

    def __enter__(self) -> Self:
        self._previous = {
            signal.SIGINT: signal.signal(signal.SIGINT, self._on_interrupt),
            signal.SIGTERM: signal.signal(signal.SIGTERM, self._on_terminate),
        }
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._wanted.set()
        self._watcher.join()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self.stop_after_pin:
            self.stop_after_pin = True
            self._tell("Ending after the present sample. Ctrl-C again makes safe and leaves at once.")
        else:
            self._end_now("Ctrl-C twice")

    def _on_terminate(self, number: int, frame: FrameType | None) -> None:
        self._end_now("SIGTERM")

    def _end_now(self, reason: str) -> None:
        if self.reason is None:
            self.reason = reason
            self._tell(f"{reason}: making safe and leaving.")
        self._wanted.set()

    def _watch(self) -> None:
        """A thread of its own, since the RunEngine may not be asked from within a signal handler."""
        while not self._over.is_set():
            dead = next((service for service in self._services if not service.running), None)
            if dead is not None and self.reason is None:
                self.dead_service = dead
                self._end_now(f"service {dead.name} ended by itself")
            if self.reason is not None:
                self._pause()
            self._wanted.wait(POLL_S)
            self._wanted.clear()

    def _pause(self) -> None:
        try:
            if self._run_engine.state == "running":
                self._run_engine.request_pause(defer=False)
        except TransitionError:
            return  # it ended by itself in between
        self._over.wait(POLL_S)
