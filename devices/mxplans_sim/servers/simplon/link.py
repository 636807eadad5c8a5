"""The server's end of the pipe to the rendering process."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from mxplans_sim.servers.simplon.renderer import run_renderer
from mxplans_sim.servers.simplon.series import Idle

# A renderer that still starts does not hear that the pipe is closed; nothing of it is worth keeping.
STOP_S = 1.0


class RendererLink:
    """Starts the process, hands it one message after the other, never waits for it.

    A message leaves only when the process waits for one, so that neither side can block on a full pipe.

    Args:
        folder: The data folder.
        on_message: Called with all it says.
        on_lost: Called when it has ended by itself.
    """

    def __init__(self, folder: Path, on_message: Callable[[Any], None], on_lost: Callable[[], None]) -> None:
        self._folder = folder
        self._on_message = on_message
        self._on_lost = on_lost
        self._outbox: deque[Any] = deque()
        self._idle = False
        self._pipe: Connection | None = None
        self._process: SpawnProcess | None = None

    @property
    def alive(self) -> bool:
        """Whether the process has been started and not been lost."""
        return self._pipe is not None

    def start(self) -> None:
        """Start the process; needs a running loop."""
        context = multiprocessing.get_context("spawn")
        self._pipe, remote = context.Pipe()
        self._process = context.Process(target=run_renderer, args=(remote, self._folder), name="renderer")
        self._process.start()
        remote.close()
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._receive)

    def stop(self) -> None:
        """Hang up and wait for the process to end. Does nothing when it was not started."""
        self._hang_up()
        if self._process is not None:
            self._process.join(STOP_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process = None

    def send(self, message: Any) -> None:
        """Put a message in the queue; dropped when the process is lost."""
        if self._pipe is not None:
            self._outbox.append(message)
            self._flush()

    def interrupt(self, message: Any) -> None:
        """Send a small message ahead of the queue, whatever the process does."""
        if self._pipe is not None:
            self._push(message)

    def _flush(self) -> None:
        if self._idle and self._outbox:
            self._idle = False
            self._push(self._outbox.popleft())

    def _push(self, message: Any) -> None:
        if self._pipe is None:
            return
        # It may have left; then its last words and the end of the pipe are still to be read, by `_receive`.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send(message)

    def _receive(self) -> None:
        if self._pipe is None:
            return
        try:
            message = self._pipe.recv()
        except (EOFError, OSError):
            self._lose()
            return
        if isinstance(message, Idle):
            self._idle = True
            self._flush()
        else:
            self._on_message(message)

    def _lose(self) -> None:
        self.stop()
        self._on_lost()

    def _hang_up(self) -> None:
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._pipe.close()
        self._pipe = None
        self._idle = False
        self._outbox.clear()
