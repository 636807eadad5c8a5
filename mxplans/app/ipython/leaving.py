"""The way out: signals that end a session, and a plan that has not ended then."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any, Self

from rich.console import Console

log = logging.getLogger("mxplans")

PAUSE_S = 30.0
"""Real seconds until a plan that is left has paused: a robot on its way is waited for."""
POLL_S = 0.1
BY_SIGNAL = 128
"""A shell's exit code of a program that a signal has ended is this and the signal's number."""
RESTING = ("idle", "paused", "panicked")
"""States of a RunEngine in which no plan does anything."""


class Leaving:
    """SIGTERM and a terminal that is closed (SIGHUP) end the session in good order, from its start to its end.

    The first of them raises `SystemExit`. Those after it change nothing, since whoever closes a terminal sends several,
    and neither do those that come while the session ends: the beamline is made safe to the end.

    Attributes:
        shell: Is told to stop asking for lines.
        ended: Whether the session ends anyhow.
    """

    def __init__(self) -> None:
        self.shell: Any = None
        self.ended = False
        self._number: int | None = None
        self._before: dict[int, Any] = {}
        self._terminal = [descriptor for descriptor in (0, 1, 2) if os.isatty(descriptor)]

    @property
    def code(self) -> int | None:
        """Exit code of a session that a signal has ended; None where none did."""
        return None if self._number is None else BY_SIGNAL + self._number

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._leave) for number in (signal.SIGTERM, signal.SIGHUP)}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _leave(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._hang_up()
        if self._number is not None or self.ended:
            return
        self._number = number
        if self.shell is not None:
            self.shell.keep_running = False
        raise SystemExit(BY_SIGNAL + number)

    def _hang_up(self) -> None:
        """Say everything to nobody: writing to a terminal that is closed fails, and with it what makes safe."""
        nobody = os.open(os.devnull, os.O_RDWR)
        for descriptor in self._terminal:
            os.dup2(nobody, descriptor)
        os.close(nobody)


def end_plan(run_engine: Any, console: Console) -> None:
    """Abort what has not ended; its finalizers make safe. Ctrl-C does not hurry it."""
    if run_engine.state == "idle":
        return
    with _undisturbed(console):
        try:
            _rest(run_engine)
            if run_engine.state == "paused":
                console.print("[yellow]the plan that was left is aborted, the beamline made safe ...[/]")
                run_engine.abort("the session ended")
        except Exception:
            # A device that is gone cannot be made safe; everything else shall end in good order all the same.
            log.exception("making safe failed")
        if run_engine.state != "idle":
            console.print("[red]it could not be made safe: look at the beamline, and into session.log[/]")


def _rest(run_engine: Any) -> None:
    """Let a plan that runs pause, and one that ends come to its end."""
    from bluesky.utils import TransitionError  # type: ignore[attr-defined]  # not re-exported by name

    if run_engine.state == "running":
        with contextlib.suppress(TransitionError):  # it has ended in this moment
            run_engine.request_pause(defer=False)
    never = threading.Event()
    for _ in range(int(PAUSE_S / POLL_S)):
        if run_engine.state in RESTING:
            return
        never.wait(POLL_S)


@contextlib.contextmanager
def _undisturbed(console: Console) -> Iterator[None]:
    def wait(number: int, frame: FrameType | None) -> None:
        console.print("[yellow]the beamline is being made safe; please wait[/]")

    before = signal.signal(signal.SIGINT, wait)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
