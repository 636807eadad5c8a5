"""How a journal is, seen from another process."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from mxplans_lims.journal._file import is_locked
from mxplans_lims.journal._open_runs import open_runs
from mxplans_lims.journal._state import JournalState, read_state


@dataclass(frozen=True)
class JournalHealth:
    """How a journal is.

    Attributes:
        path: The journal.
        exists: Whether it is there.
        size_bytes: Of it.
        writer_alive: Whether a process writes it now.
        open_runs: Runs without a stop document: they run, or were left by a writer that died.
        state: What its writer last told. Documents that waited when a writer died are lost, and counted so.
        free_bytes: Left on its disk for us, None where nobody can tell.
        problem: What is wrong, with what to do; empty when nothing is.
    """

    path: Path
    exists: bool
    size_bytes: int
    writer_alive: bool
    open_runs: tuple[str, ...]
    state: JournalState
    free_bytes: int | None
    problem: str


def journal_health(path: Path) -> JournalHealth:
    """Look at a journal; reads it once, changes nothing, and never raises because of its disk."""
    problems = []
    exists, size, alive = False, 0, False
    runs: tuple[str, ...] = ()
    try:
        exists = path.exists()
        if exists:
            size = path.stat().st_size
            alive = is_locked(path)
            runs = tuple(open_runs(path))
    except OSError as error:
        problems.append(f"journal {path} cannot be read: {error}; see who owns it")
    state = read_state(path)
    if state.waiting and not alive:
        state = JournalState(lost=state.lost + state.waiting, untold=state.untold)
    if state.status == "waiting":
        problems.append(f"{state.waiting} documents wait in memory: {state.reason}; make room or mend the disk")
    if state.lost:
        problems.append(f"{state.lost} documents are lost: the disk did not take them in time; see the log")
    if state.untold:
        problems.append(f"{state.untold} documents held what no line can tell; see the log for what put it there")
    place = _nearest(path if exists else path.parent)
    if not os.access(place, os.W_OK):
        problems.append(f"{place} is not writable for this user; see who owns it")
    free = _free_bytes(place)
    if free == 0:
        problems.append(f"the disk of {place} is full; make room")
    return JournalHealth(path, exists, size, alive, runs, state, free, "; ".join(problems))


def _nearest(path: Path) -> Path:
    """The path itself, or the next folder above that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _free_bytes(path: Path) -> int | None:
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
