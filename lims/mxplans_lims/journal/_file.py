"""The file below a journal: locked by its one writer, and never with a part of a line before another line."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
import time
from pathlib import Path

from mxplans.errors import InvalidInput

log = logging.getLogger(__name__)

LOCK_WAIT_S = 2.0
"""A sweeper, or somebody who looks whether a writer is there, holds the lock for some milliseconds."""
LOCK_POLL_S = 0.02


class LineFile:
    """Takes whole lines, or nothing of them. One thread uses it at a time.

    Args:
        path: Made, with its folders, by `open`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._cut_to: int | None = None

    def open(self, wait_s: float = LOCK_WAIT_S) -> None:
        """Open, lock, and end a torn line; does nothing when that is done already.

        Raises:
            InvalidInput: If somebody else writes it.
            OSError: If the disk does not let us.
        """
        if self._fd is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = not self._path.exists()
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            _take_lock(fd, self._path, wait_s)
            if new:
                _sync_folder(self._path.parent)
            self._fd, self._cut_to = fd, None
            self._end_torn_line()
        except BaseException:
            self._fd = None
            os.close(fd)
            raise

    def append(self, line: bytes) -> None:
        """Hand a line to the operating system, whole.

        Raises:
            OSError: If it was not taken; then nothing of it will stand before the next line.
        """
        self._cut()
        end = self.size
        try:
            written = 0
            while written < len(line):
                taken = os.write(self._open_fd, line[written:] if written else line)
                if not taken:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                written += taken
        except OSError:
            self._cut_to = end
            try:
                self._cut()
            except OSError as error:
                log.warning("journal %s: a torn line cannot be cut off yet: %s", self._path, error)
            raise

    def sync(self) -> None:
        """Wait until all is on the disk; another thread may append meanwhile.

        Raises:
            OSError: If something did not get there.
        """
        os.fsync(self._open_fd)

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return os.fstat(self._open_fd).st_size

    @property
    def is_in_place(self) -> bool:
        """Whether the path still names this file: nobody has moved or deleted it."""
        try:
            there = os.stat(self._path)
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._open_fd))

    def close(self) -> None:
        """Let go of file and lock."""
        if self._fd is not None:
            try:
                self._cut()
            except OSError as error:
                log.warning("journal %s ends with a torn line, which readers leave out: %s", self._path, error)
            os.close(self._fd)
            self._fd = None

    @property
    def _open_fd(self) -> int:
        if self._fd is None:
            raise OSError(errno.EBADF, f"journal {self._path} is not open")
        return self._fd

    def _cut(self) -> None:
        """Take a part of a line off again, so that the next one does not grow onto it."""
        if self._cut_to is not None:
            os.ftruncate(self._open_fd, self._cut_to)
            self._cut_to = None

    def _end_torn_line(self) -> None:
        """After a crash the last line may lack its end: give it one, so that the next document has its own."""
        size = self.size
        if size and os.pread(self._open_fd, 1, size - 1) != b"\n":
            self.append(b"\n")


def is_locked(path: Path) -> bool:
    """Whether somebody writes a journal now, or may: where there are no locks nobody can tell."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return _lock(fd, fcntl.LOCK_SH) is not True
    finally:
        os.close(fd)


def _take_lock(fd: int, path: Path, wait_s: float) -> None:
    until = time.monotonic() + wait_s
    pause = threading.Event()
    while (taken := _lock(fd, fcntl.LOCK_EX)) is not True:
        if taken is None:
            log.warning("the file system of %s has no locks; nothing keeps a second writer away", path)
            return
        if time.monotonic() >= until:
            raise InvalidInput(
                f"journal {path} is being written by another process or another journal of this one; allowed is one "
                "writer: end the other one, or give another folder"
            )
        pause.wait(LOCK_POLL_S)


def _lock(fd: int, kind: int) -> bool | None:
    """Whether it is ours now, None where there are no locks. The kernel frees it when its owner ends, however that comes."""
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
            raise
        return None
    return True


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
