"""The journal: every document, one JSON line each, on disk before anybody else gets it.

A line is `["name", document]`. The writer never raises into a plan; readers live with a last line that is torn off.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

log = logging.getLogger(__name__)

Document: TypeAlias = tuple[str, dict[str, Any]]


def plain(value: Any) -> Any:
    """What JSON has no word for, in words that it has: numpy values, paths, sets.

    >>> plain(np.float32(0.5)), plain(np.arange(3)), plain(Path("a"))
    (0.5, [0, 1, 2], 'a')
    """
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a document holds a {type(value).__name__}; allowed are JSON values and numpy arrays")


class Journal:
    """Subscriber of a RunEngine that appends each document to a file.

    A document is in the hands of the operating system when the call returns, on disk after each stop document. A
    failure is logged and kept in `failed`; the plan goes on.

    Args:
        path: The journal; made when missing, appended to otherwise.

    Attributes:
        failed: The first thing that went wrong, None as long as nothing did.
    """

    def __init__(self, path: Path) -> None:
        self.failed: Exception | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._file = path.open("ab")
        self._end_torn_line()

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Append one document."""
        try:
            line = json.dumps([name, document], default=plain, separators=(",", ":"))
            self._file.write(line.encode() + b"\n")
            self._file.flush()
            if name == "stop":
                os.fsync(self._file.fileno())
        except (OSError, TypeError, ValueError) as error:
            if self.failed is None:
                self.failed = error
            log.error("journal %s did not take a %s document: %s; look at the disk", self._path, name, error)

    def close(self) -> None:
        """End it; what was taken is on disk then."""
        if self._file.closed:
            return
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            self.failed = self.failed or error
            log.error("journal %s was not closed in good order: %s; look at the disk", self._path, error)
        finally:
            self._file.close()

    def _end_torn_line(self) -> None:
        """After a crash the last line may lack its end: give it one, so that the next document has a line of its own."""
        if self._file.tell() == 0:
            return
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                self._file.write(b"\n")
                self._file.flush()


class Follower:
    """Reads a growing journal from a byte offset on, whole lines only.

    Args:
        path: The journal; it may come into being later.
        offset: Where to go on.

    Attributes:
        offset: Behind the last line that was read.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.offset = offset
        self._path = path

    def read_new(self) -> Iterator[Document]:
        """Documents that have come since the last call."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # still being written, or torn off
                self.offset += len(line)
                document = _parse(line, self._path)
                if document is not None:
                    yield document


def read_journal(path: Path) -> Iterator[Document]:
    """Documents of a journal, in order. A line that is no document, as after a crash, is left out and logged."""
    return Follower(path).read_new()


def _parse(line: bytes, path: Path) -> Document | None:
    try:
        name, document = json.loads(line)
    except ValueError:
        if line.strip():
            log.warning("journal %s has a torn line of %d bytes; it is left out", path, len(line))
        return None
    return name, document
