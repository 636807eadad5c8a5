"""Processes that a profile starts: readiness, watching, and an end that leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mxplans.errors import InvalidProfile, ServiceDied

LAST_BYTES = 4096
"""Of a log that may have grown for weeks, where its last line is looked for."""


class ServiceProcess:
    """One running process with a line of JSON on its standard output for each thing it has to say.

    Its standard input stays open as long as it shall run: when this process ends, however it ends, the other notices.

    Args:
        name: As in the profile.
        command: Program and arguments.
        log: File for its standard error.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path) -> None:
        self.name = name
        self.log = log
        self._messages: list[dict[str, Any]] = []
        self._arrived = threading.Condition()
        self._silent = False
        with log.open("ab") as stream:
            try:
                # A session of its own: Ctrl-C at the terminal is for us to handle, not for the service.
                self._process = subprocess.Popen(
                    list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream, start_new_session=True
                )
            except OSError as error:
                raise InvalidProfile(
                    f"service {name}: {command[0]} cannot be started: {error.strerror}; correct its command in the profile"
                ) from error
        self._reader = threading.Thread(target=self._read, name=f"{name} output", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def wait_for(self, event: str, timeout_s: float) -> dict[str, Any]:
        """The first line with this event.

        Raises:
            ServiceDied: If the process ends first, or is silent for too long.
        """

        def heard() -> dict[str, Any] | None:
            return next((message for message in self._messages if message.get("event") == event), None)

        with self._arrived:
            self._arrived.wait_for(lambda: heard() is not None or self._silent, timeout_s)
            message = heard()
        if message is not None:
            return message
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        state = f"is silent for {timeout_s:g} s" if self.running else f"ended with exit code {self._process.returncode}"
        raise ServiceDied(f"service {self.name} {state} before it was {event}: {self.last_words()}; see {self.log}")

    def tell(self, line: str) -> None:
        """Write one line to its standard input."""
        if self._process.stdin is None or not self.running:
            return
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def last_words(self) -> str:
        """Last line of its log, as far as that is there."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - LAST_BYTES))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:  # somebody has put it away
            lines = []
        return lines[-1] if lines else "it left no message"

    def ask_to_end(self) -> None:
        """Close its standard input, without waiting."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()

    def stop(self, timeout_s: float) -> None:
        """Close its standard input and wait; a process that does not end is terminated, then killed."""
        self.ask_to_end()
        for ask in (lambda: None, self._process.terminate, self._process.kill):
            ask()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
                break
            timeout_s = 5.0
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                continue  # not one of its messages
            with self._arrived:
                self._messages.append(message)
                self._arrived.notify_all()
        with self._arrived:
            self._silent = True
            self._arrived.notify_all()


def check_port(port: int, where: str) -> None:
    """Refuse a port that somebody else uses.

    Raises:
        InvalidProfile: If the port is taken.
    """
    if port == 0:
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise InvalidProfile(
                f"{where}: port {port} on 127.0.0.1 is in use ({error.strerror}); "
                "stop the program that uses it, write another port, or 0 for a free one"
            ) from error
