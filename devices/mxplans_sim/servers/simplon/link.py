"""The server's end of a renderer: a process behind a pipe, or a worker in this process."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

from mxplans_sim.clock import Clock
from mxplans_sim.servers.simplon.series import Started
from mxplans_sim.servers.simplon.worker import Answer, Request, Worker, run_worker

# A renderer that still starts does not hear that the pipe is closed; nothing of it is worth keeping.
STOP_S = 1.0
_log = logging.getLogger(__name__)
OnAnswer = Callable[["Link", Answer | Started], None]


class Link(Protocol):
    """Takes one request after the other; each is answered before the next is sent."""

    idle: bool

    def start(self) -> None:
        """Get ready; needs a running loop."""

    def send(self, request: Request) -> None:
        """Hand on a request; only while it is idle."""

    def stop(self) -> None:
        """End, and wait for the end. Does nothing when it was not started."""


class InlineLink:
    """A worker in this process.

    Args:
        folder: The data folder.
        clock: Whose time stands while it works, if it can.
        on_answer: Called with each answer.
        on_lost: Called when it has failed.
    """

    def __init__(self, folder: Path, clock: Clock, on_answer: OnAnswer, on_lost: Callable[[], None]) -> None:
        self.idle = False
        self._on_lost = on_lost
        self._worker = Worker(folder)
        self._clock = clock
        self._on_answer = on_answer
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Ready at once."""
        self._on_answer(self, Started())

    def send(self, request: Request) -> None:
        """Let it work as a task of this loop."""
        self._task = asyncio.get_running_loop().create_task(self._work(request))
        self._task.add_done_callback(self._ended)

    def stop(self) -> None:
        """Close its files."""
        if self._task is not None:
            self._task.cancel()
        self.idle = False
        self._worker.close()

    async def _work(self, request: Request) -> None:
        answer = await self._clock.compute(partial(self._worker.answer, request))
        self._on_answer(self, answer)

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A process of its own would have ended by an error as well.
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("the renderer failed", exc_info=error)
            self._on_lost()


class ProcessLink:
    """A process with a worker; a message leaves only when it waits for one, so that neither can block on a full pipe.

    Args:
        folder: The data folder.
        on_answer: Called with each answer.
        on_lost: Called when it has ended by itself.
    """

    def __init__(self, folder: Path, on_answer: OnAnswer, on_lost: Callable[[], None]) -> None:
        self.idle = False
        self._folder = folder
        self._on_answer = on_answer
        self._on_lost = on_lost
        self._pipe: Connection | None = None
        self._process: SpawnProcess | None = None

    def start(self) -> None:
        """Start the process."""
        context = multiprocessing.get_context("spawn")
        self._pipe, remote = context.Pipe()
        self._process = context.Process(target=run_worker, args=(remote, self._folder), name="renderer")
        self._process.start()
        remote.close()
        asyncio.get_running_loop().add_reader(self._pipe.fileno(), self._receive)

    def send(self, request: Request) -> None:
        """Send a request."""
        if self._pipe is not None:
            # It may have left; then its last words and the end of the pipe are still to be read, by `_receive`.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._pipe.send(request)

    def stop(self) -> None:
        """Hang up and wait for the process to end."""
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self._pipe.close()
            self._pipe = None
        self.idle = False
        if self._process is not None:
            self._process.join(STOP_S)
            if self._process.is_alive():
                self._process.kill()
                self._process.join()
            self._process = None

    def _receive(self) -> None:
        if self._pipe is None:
            return
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            self._on_lost()
            return
        self._on_answer(self, answer)
