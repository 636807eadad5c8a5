"""How a journal is, in memory and in a small file for other processes."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JournalState:
    """How a journal is.

    Attributes:
        status: `ok`, or `waiting` for a disk that takes no documents or cannot promise to keep them.
        reason: Why it waits.
        waiting: Documents that are in memory only.
        lost: Documents that never came onto the disk, of this writer and those before it.
        untold: Documents that no line can tell, of this writer and those before it.
    """

    status: Literal["ok", "waiting"] = "ok"
    reason: str = ""
    waiting: int = 0
    lost: int = 0
    untold: int = 0


def state_path(journal: Path) -> Path:
    """The file that tells other processes."""
    return journal.parent / "lims" / "journal_state.json"


def write_state(journal: Path, state: JournalState) -> bool:
    """Write it for other processes, if the disk allows; returns whether it did."""
    path = state_path(journal)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(asdict(state)) + "\n")
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):  # the disk that took no state may not give back a name either
            temporary.unlink(missing_ok=True)
        return False
    return True


def read_state(journal: Path) -> JournalState:
    """What a journal last said of itself; all is well where it never had to."""
    path = state_path(journal)
    try:
        said = json.loads(path.read_text())
        return JournalState(
            status="ok" if said["status"] == "ok" else "waiting",
            reason=str(said["reason"]),
            waiting=int(said["waiting"]),
            lost=int(said["lost"]),
            untold=int(said["untold"]),
        )
    except FileNotFoundError:
        return JournalState()
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be read (%s); the journal counts from nothing again", path, error)
        return JournalState()
