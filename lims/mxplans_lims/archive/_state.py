"""`OUT/lims/tiled_state.json`: how far the archive has come, for people and for its next start."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

log = logging.getLogger(__name__)

SHOWN = 100
"""Uids of waiting runs that are told; `pending_runs` counts them all."""


class ArchiveState(BaseModel):
    """What the archive says of itself.

    Attributes:
        url: Of the server, without its key.
        journal: Which one it is, by its first line; empty before it has one.
        position: Byte offset in the journal; every run that ends before it is in the catalogue or set aside.
        last_written: The run that came in last.
        pending_runs: Runs that have ended and are not in the catalogue yet.
        pending: Uids of the first of them.
        failed: Runs that were set aside, with the reason; tried again at the next start.
        notes: What else people should know.
        last_error: Of the server.
        away_since: When it stopped to answer, ISO 8601; None while it does.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str = ""
    journal: str = ""
    position: int = 0
    last_written: str | None = None
    pending_runs: int = 0
    pending: tuple[str, ...] = ()
    failed: Mapping[str, str] = {}
    notes: tuple[str, ...] = ()
    last_error: str | None = None
    away_since: str | None = None


class StateFile:
    """Keeps the state; a reader finds the old one or the new one, whole.

    Args:
        path: Of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: ArchiveState | None = None

    def read(self) -> ArchiveState:
        """The state of the last start; an empty one where there is none that can be read."""
        try:
            return ArchiveState.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, ValidationError) as error:
            log.warning("%s cannot be read: %s; the journal is gone through from its start", self._path, error)
        return ArchiveState()

    def write(self, state: ArchiveState) -> None:
        """Replace it, unless nothing has changed. A full disk is logged: the state is a help, not the record."""
        if state == self._written:
            return
        told: dict[str, Any] = state.model_dump(mode="json")
        partial = self._path.with_suffix(".json.partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
            partial.replace(self._path)
        except OSError as error:
            log.error("%s cannot be written: %s; look at the disk", self._path, error)
            return
        self._written = state
