"""Stop documents for runs whose process ended before they did."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mxplans.errors import InvalidInput
from mxplans_lims.journal._file import LineFile, is_locked
from mxplans_lims.journal._lines import line_of
from mxplans_lims.journal._open_runs import missing_stops

log = logging.getLogger(__name__)

_clean: dict[Path, tuple[int, int, int]] = {}
"""Device, file and size of journals without an open run, so that asking again costs nothing."""


def close_open_runs(path: Path) -> int:
    """Append a stop document for every run that has none, inner runs first; doing it again adds nothing.

    Returns:
        How many there were.

    Raises:
        InvalidInput: If somebody writes the journal: its runs are not over.
        OSError: If the disk does not let us.
    """
    if not path.exists():
        return 0
    file = LineFile(path)
    try:
        file.open()
        return append_missing_stops(path, file.append)
    finally:
        file.close()


def sweep_if_orphaned(path: Path) -> int:
    """The same for whoever follows a journal: does nothing while somebody writes it. Cheap to call again and again.

    Returns:
        How many runs were closed.
    """
    try:
        if not path.exists() or is_locked(path) or _clean.get(path) == _version(path):
            return 0
        version = _version(path)
        stops = missing_stops(path)
        if stops:
            return _append_if_same(path, version, stops)
        _clean[path] = version
    except OSError as error:
        log.warning("journal %s: its runs without an end cannot be closed now: %s", path, error)
    return 0


def append_missing_stops(path: Path, append: Callable[[bytes], None]) -> int:
    """Append them to a journal that is ours already.

    Raises:
        OSError: If the disk does not let us.
    """
    stops = missing_stops(path)
    for stop in stops:
        append(line_of("stop", stop))
        log.warning("journal %s: run %s has no end; it is closed as failed", path, stop["run_start"])
    return len(stops)


def _append_if_same(path: Path, version: tuple[int, int, int], stops: list[dict[str, Any]]) -> int:
    """The long reading was done without the lock, which a writer may want: nothing may have come since."""
    file = LineFile(path)
    try:
        file.open(wait_s=0.0)
        if _version(path)[:2] != version[:2] or file.size - version[2] > 1:  # the end of a torn line is ours
            return 0
        for stop in stops:
            file.append(line_of("stop", stop))
            log.warning("journal %s: run %s has no end; it is closed as failed", path, stop["run_start"])
    except InvalidInput:
        return 0
    finally:
        file.close()
    return len(stops)


def _version(path: Path) -> tuple[int, int, int]:
    there = path.stat()
    return there.st_dev, there.st_ino, there.st_size
