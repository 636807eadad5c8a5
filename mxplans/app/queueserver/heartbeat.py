"""The worker's sign of life: which process, when, and what it runs."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mxplans.app.queueserver.child import alive
from mxplans.app.queueserver.private_files import read_private, write_private

BEAT_S = 0.5
STALE_S = 10.0
"""Long enough for a call into a library that holds the interpreter, such as writing a large file."""


class Beat(BaseModel):
    """One sign of life."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pid: int
    time_s: float
    item_uuid: str | None = None

    def lives(self, now_s: float) -> bool:
        """Whether the process is there and has beaten lately."""
        return alive(self.pid) and now_s - self.time_s < STALE_S


class Heartbeat:
    """Beats in a thread as long as this process lives.

    Args:
        path: File that the beats are written to.

    Attributes:
        item_uuid: The experiment that is running, None between two.
    """

    def __init__(self, path: Path) -> None:
        self.item_uuid: str | None = None
        self._path = path
        self._stop = threading.Event()
        self._beat()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(BEAT_S):
            # A full disk is told by those who write data; a missed beat is all that follows here.
            with contextlib.suppress(OSError):
                self._beat()

    def _beat(self) -> None:
        beat = Beat(pid=os.getpid(), time_s=time.time(), item_uuid=self.item_uuid)
        write_private(self._path, beat.model_dump())


def last_beat(path: Path) -> Beat | None:
    """The last sign of life, if there ever was one."""
    content = read_private(path)
    return Beat.model_validate(content) if content is not None else None
