"""Processes that may not outlive this one: started, watched, stopped; each in a session of its own."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mxplans.errors import InvalidInput

log = logging.getLogger("mxplans")

LAUNCHER = (sys.executable, "-m", "mxplans.app.queueserver.launcher")
STOP_S = 5.0
KILL_S = 5.0
"""For the kernel to end a process; one that waits for a device or a file system cannot be ended before that answers."""


class Child:
    """One process of the group. It gets SIGKILL from the kernel when this process dies, however that happens.

    Args:
        name: For messages.
        command: Program and arguments.
        log: File that takes its output.
        environment: Of the process.
        stop_s: How long it may take to end after SIGTERM.

    Raises:
        InvalidInput: If it cannot be started.
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str], stop_s: float = STOP_S
    ) -> None:
        self.name = name
        self.log = log
        self._stop_s = stop_s
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = subprocess.Popen(
                [*LAUNCHER, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(environment),
                start_new_session=True,
            )
        except OSError as error:
            raise InvalidInput(f"{name}: {command[0]} cannot be started: {error.strerror}") from error
        finally:
            os.close(descriptor)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def last_words(self) -> str:
        """Last line of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it left no message"

    def ask_to_stop(self) -> None:
        """Send SIGTERM, without waiting."""
        if self.running:
            self._process.terminate()

    def stop(self) -> None:
        """End it and all that it started, the hard way if it takes too long."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(self._stop_s)
        self.kill()

    def kill(self) -> None:
        """End it and all of its session at once."""
        # The session's number is the process's own, and stays taken as long as anybody is left in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        try:
            self._process.wait(KILL_S)
        except subprocess.TimeoutExpired:
            log.error("%s (process %d) does not end within %g s of SIGKILL", self.name, self.pid, KILL_S)


def alive(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not.

    >>> alive(os.getpid())
    True
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # The command's name stands in brackets and may hold anything.
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def living_children(pid: int) -> list[int]:
    """Numbers of the processes that one has started and that run, oldest first; none where the kernel does not say."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return [child for child in sorted(found) if alive(child)]
