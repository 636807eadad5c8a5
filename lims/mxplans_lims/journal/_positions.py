"""How far a consumer has come, for consumers that have no database of their own."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

from mxplans.errors import InvalidInput
from mxplans_lims.journal._reader import journal_identity

log = logging.getLogger(__name__)


class PositionStore:
    """Keeps the position of one consumer in OUT/lims/positions/CONSUMER.json, beside the journal's identity.

    A position that a crash made unreadable counts as none: the consumer begins again, and what it has done already
    changes nothing when it is done twice.

    Args:
        journal: Whose positions these are.
        consumer: Name of a file.
    """

    def __init__(self, journal: Path, consumer: str) -> None:
        self.path = journal.parent / "lims" / "positions" / f"{consumer}.json"
        self._journal = journal

    def load(self) -> int:
        """Byte offset where to go on, 0 where nothing is kept.

        Raises:
            InvalidInput: If it is kept for another journal.
        """
        try:
            kept = json.loads(self.path.read_text())
            offset, identity = int(kept["offset"]), str(kept["journal"])
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError) as error:
            log.warning("position %s cannot be read (%s); the journal is read from its beginning", self.path, error)
            return 0
        if identity != journal_identity(self._journal):
            raise InvalidInput(
                f"position {self.path} is of another journal than {self._journal}; give the folder it belongs to, or "
                "delete the file to begin at the start"
            )
        return offset

    def save(self, offset: int) -> None:
        """Keep a position; it stands whole, or the one before it does.

        Raises:
            InvalidInput: If the journal has no line yet.
            OSError: If the disk does not let us.
        """
        identity = journal_identity(self._journal)
        if identity is None:
            raise InvalidInput(f"journal {self._journal} has no line yet, so there is no position in it; save none")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(f".{os.getpid()}.tmp")
        try:
            with temporary.open("w") as file:
                file.write(json.dumps({"offset": offset, "journal": identity}) + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)
