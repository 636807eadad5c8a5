"""How a process of the virtual beamline is told to end: SIGTERM, SIGINT, or the end of standard input."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading


def ended_event() -> asyncio.Event:
    """An event that is set when the process shall end; needs a running loop in the main thread."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    _end_with_stdin(ended, loop)
    return ended


def _end_with_stdin(ended: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Watch standard input, so that the process ends with whoever started it; a terminal has Ctrl-C instead."""
    if sys.stdin is None or sys.stdin.closed or os.isatty(sys.stdin.fileno()):
        return
    descriptor = sys.stdin.fileno()

    def watch() -> None:
        while os.read(descriptor, 4096):
            pass
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="standard input", daemon=True).start()
