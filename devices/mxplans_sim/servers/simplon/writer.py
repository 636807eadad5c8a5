"""The file writer as its clients see it: states, errors and the list of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mxplans_sim.servers.simplon.faults import SimplonFaults
from mxplans_sim.servers.simplon.parameters import writer_config
from mxplans_sim.servers.simplon.series import Wrote

FILES_KEPT = 500
"""Longest list of files; older ones stay on the disk and leave the list, as from a buffer."""


class FileWriter:
    """Keeps what the renderers have told of files.

    Args:
        folder: The data folder.
        faults: Of the detector.
        now_s: Simulated time.

    Attributes:
        config: Its parameters.
        error: Why a series is not on disk as a whole; empty when all are.
    """

    def __init__(self, folder: Path, faults: SimplonFaults, now_s: Callable[[], float]) -> None:
        self.config = writer_config()
        self.error = ""
        self._folder = folder
        self._faults = faults
        self._now_s = now_s
        self._open: set[int] = set()
        self._latest = 0
        self._forgiven = 0
        self._held: list[tuple[float, Wrote]] = []
        self._files: list[str] = []

    @property
    def files(self) -> list[str]:
        """Names of closed files, relative to the data folder, in the order in which they were closed."""
        self._let_go()
        return self._files

    @property
    def state(self) -> str:
        """ready, acquire while files of a series are still being written, or error."""
        self._let_go()
        if self.error or self._faults.writer_error:
            return "error"
        return "acquire" if self._open else "ready"

    @property
    def told_error(self) -> str:
        """What it says about its error."""
        return self.error or self._faults.writer_error

    def expect(self, series: int) -> None:
        """Frames of a series are on their way."""
        self._open.add(series)
        self._latest = series

    def take(self, wrote: Wrote) -> None:
        """Files have been closed; a writer that is slow says so later."""
        if wrote.series > self._forgiven:
            self.error = wrote.error or self.error
        self._held.append((self._now_s() + self._faults.writer_delay_s, wrote))

    def forgive(self) -> None:
        """Forget errors, those of the series so far included that are still to come."""
        self.error = ""
        self._forgiven = self._latest

    def forget(self) -> None:
        """Nothing of what was not finished will come any more."""
        self._held.clear()
        self._open.clear()

    def delete(self, name: str) -> bool:
        """Remove a file from disk and list; returns whether there was one."""
        if name not in self.files:
            return False
        self._files.remove(name)
        (self._folder / name).unlink(missing_ok=True)
        return True

    def clear(self) -> None:
        """Remove all files that are listed."""
        for name in tuple(self.files):
            self.delete(name)

    def _let_go(self) -> None:
        while self._held and not self._faults.writer_stalled and self._held[0][0] <= self._now_s():
            _, wrote = self._held.pop(0)
            self._files = (self._files + wrote.files)[-FILES_KEPT:]
            if wrote.finished:
                self._open.discard(wrote.series)
