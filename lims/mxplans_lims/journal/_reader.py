"""Reading a journal, from any place, while it grows."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mxplans.errors import InvalidInput
from mxplans_lims.journal._lines import Document, document_of

log = logging.getLogger(__name__)


class Placed(NamedTuple):
    """A document and where its line stands.

    Attributes:
        before: Byte offset of its line; reading from here gives it again.
        after: Behind its line; the position of a consumer that is done with it.
        name: Of the document.
        document: Itself.
    """

    before: int
    after: int
    name: str
    document: dict[str, Any]


class Follower:
    """Reads a growing journal from a byte offset on, whole lines only.

    A journal that was cut below the offset, or replaced by another, is read from its beginning again: whoever follows
    one can be given a document twice.

    Args:
        path: The journal; it may come into being later.
        offset: Where to go on.

    Attributes:
        path: The journal.
        offset: Behind the last line that was read.
        restarts: How often it had to begin again.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        self.restarts = 0
        self._first: str | None = None
        self._last = b""

    def read_new(self) -> Iterator[Document]:
        """Documents that have come since the last call."""
        for placed in self.read_new_placed():
            yield placed.name, placed.document

    def read_new_placed(self) -> Iterator[Placed]:
        """Documents that have come since the last call, with their places."""
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            self._look_whether_it_is_the_same(file)
            file.seek(self.offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return  # still being written, or torn off
                before, self.offset, self._last = self.offset, self.offset + len(line), line
                document = document_of(line, self.path)
                if document is not None:
                    yield Placed(before, self.offset, *document)

    def _look_whether_it_is_the_same(self, file: BinaryIO) -> None:
        first = _identity(file)
        if self.offset:
            here = self._last or b"\n"
            file.seek(max(self.offset - len(here), 0))
            if file.read(len(here)) != here or self._first not in (None, first):
                log.warning(
                    "journal %s does not go on at byte %d: it was cut or replaced; it is read from its beginning again",
                    self.path,
                    self.offset,
                )
                self.offset, self._last = 0, b""
                self.restarts += 1
        self._first = first


def read_journal(path: Path) -> Iterator[Document]:
    """Documents of a journal, in order. A line that is no document, as after a crash, is left out and logged."""
    return Follower(path).read_new()


def read_range(path: Path, start: int, stop: int | None = None) -> Iterator[Placed]:
    """Documents whose lines begin at `start` or later, and before `stop`, byte offsets of lines; all without one."""
    for placed in Follower(path, start).read_new_placed():
        if stop is not None and placed.before >= stop:
            return
        yield placed


def offset_of_run(path: Path, uid: str) -> int:
    """Byte offset of the start document of a run: a consumer that goes on there is given the run again.

    Raises:
        InvalidInput: If the journal has no such run.
    """
    wanted = uid.encode()
    if path.exists():
        with path.open("rb") as file:
            offset = 0
            for line in file:
                if line.startswith(b'["start"') and wanted in line:  # most lines are done with here
                    match document_of(line, path):
                        case ["start", {"uid": str(found)}] if found == uid:
                            return offset
                offset += len(line)
    raise InvalidInput(f"journal {path} has no run {uid}; give the uid of a start document that stands in it")


def journal_identity(path: Path) -> str | None:
    """Tells one journal from another, however much is appended: follows from its first line; None without one."""
    try:
        with path.open("rb") as file:
            return _identity(file)
    except FileNotFoundError:
        return None


def _identity(file: BinaryIO) -> str | None:
    line = file.readline()
    return hashlib.sha256(line).hexdigest() if line.endswith(b"\n") else None
