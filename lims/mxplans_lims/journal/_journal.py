"""The subscriber that writes a journal."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mxplans_lims.journal._backlog import Backlog
from mxplans_lims.journal._lines import line_of
from mxplans_lims.journal._state import JournalState
from mxplans_lims.journal._writer import Writer

log = logging.getLogger(__name__)


class Journal:
    """Subscriber of a RunEngine that appends each document to a file, and never raises.

    When a call returns, the operating system has the document, so that it outlives a kill -9 of this process; a thread
    has it on disk half a second later, and at once after a stop document. What a full or broken disk does not take
    waits in memory, in order, until it does. Runs that an earlier writer left without a stop document are closed first.

    Args:
        path: The journal; made when missing, appended to otherwise.
        backlog: How much may wait in memory; the oldest documents are lost beyond that.

    Attributes:
        path: The journal.

    Raises:
        InvalidInput: If another writer has this journal. A disk that cannot be written is no reason: see `state`.
    """

    def __init__(self, path: Path, backlog: Backlog | None = None) -> None:
        self.path = path
        self._failed: Exception | None = None
        self._writer = Writer(path, Backlog() if backlog is None else backlog)

    @property
    def state(self) -> JournalState:
        """How it is now."""
        return self._writer.state

    @property
    def failed(self) -> Exception | None:
        """The first thing that went wrong, None as long as nothing did; it may be well again."""
        return self._failed or self._writer.failed

    def __call__(self, name: str, document: Mapping[str, Any]) -> None:
        """Append one document."""
        try:
            try:
                line = line_of(name, document)
            except Exception as error:  # whatever a value in a document does when it is told: the plan goes on
                self._failed = self._failed or error
                self._writer.count_untold()
                log.exception(
                    "journal %s cannot tell a %s document, it is left out; see what put it there", self.path, name
                )
                return
            self._writer.add(line, urgent=name == "stop")
        except Exception as error:  # the last guard of a running plan
            self._failed = self._failed or error
            log.exception("journal %s failed at a %s document; this is an error of the program", self.path, name)

    def close(self) -> None:
        """Write what waits, if the disk lets us, wait until all is on it, and let go of the file."""
        self._writer.close()
