"""How archive and exporter talk to whoever started them: JSON lines out, the word `flush` in, signals."""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import sys
import threading
from types import FrameType

log = logging.getLogger(__name__)

POLL_S = 0.25


class Signals:
    """Notes SIGTERM and SIGINT."""

    def __init__(self) -> None:
        self.ended = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def wait_for_signal(self) -> None:
        """Return soon after one has come."""
        never = threading.Event()
        while not self.ended:
            never.wait(POLL_S)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.ended = True


class Commands(Signals):
    """Lines of standard input, without ever waiting longer than asked; signals count as its end.

    Args:
        listen: Whether to read standard input at all.
    """

    def __init__(self, listen: bool = True) -> None:
        super().__init__()
        self.flushes = 0
        self._listen = listen
        self._rest = b""

    def wait(self, timeout_s: float) -> None:
        """Read what comes within a time."""
        if self.ended or not select.select([0] if self._listen else [], [], [], timeout_s)[0]:
            return
        chunk = os.read(0, 4096)
        self.ended = self.ended or not chunk
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self.flushes += sum(line.strip() == b"flush" for line in lines)

    def has_ended(self) -> bool:
        """Whether to come to an end, asked while there is other work."""
        self.wait(0.0)
        return self.ended


def say(**message: object) -> None:
    """One line for the parent; a parent that is gone is told nothing, the end of standard input follows."""
    try:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        log.warning("nobody reads what this process says")
