"""The exporter's process: what it says on standard output, what it listens to on standard input.

It says one JSON object a line: `{"event": "ready", "targets": [...], "misconfigured": [...]}` once it works, and after
each line `flush` on its standard input `{"event": "caught-up", "documents": n, "pending": p, "dead": d}`, when the
journal is read to its end and every step is done, given up, or waits for a target that is away. At the end of its
standard input, on SIGTERM and on SIGINT it finishes what it is sending, and ends; what is left it takes at its next start.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mxplans.errors import DeliveryError, InvalidInput
from mxplans_lims._follower_talk import POLL_S, Commands, say
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.exporter._work import Work

log = logging.getLogger(__name__)

AWAY_PATIENCE_S = 3.0
"""A flush waits no longer for a target that is away,"""
ANSWER_PATIENCE_S = 20.0
"""and no longer for an answer of one that works."""
LOCK_TRIES, LOCK_AGAIN_S = 10, 0.05  # who only looks whether an exporter runs holds the lock for an instant
NICENESS = 5  # beside a running night, plans come first
WELL, LOST, CANNOT, WAITING = 0, 1, 2, 3


@contextmanager
def only_one(out: Path) -> Iterator[None]:
    """Be the one exporter of a folder, until the end of this process however it comes.

    Raises:
        InvalidInput: If there is one already.
    """
    path = out / "lims" / "exporter.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not any(_taken(file) for _ in range(LOCK_TRIES)):
            raise InvalidInput(f"{out} has an exporter that runs already; one is enough, end it first")
        yield


def _taken(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        threading.Event().wait(LOCK_AGAIN_S)
        return False
    return True


def follow(out: Path, backoff: Backoff) -> int:
    """Export until standard input ends; returns the exit code."""
    commands = Commands()
    try:
        with only_one(out), Work(out, backoff) as work:
            say(event="ready", targets=sorted(work.targets.usable), misconfigured=sorted(work.targets.broken))
            os.nice(NICENESS)
            _follow(work, commands)
    except (InvalidInput, DeliveryError, OSError) as error:
        log.error("%s", error)
        return CANNOT
    return WELL


def export_once(out: Path, backoff: Backoff, limit_s: float) -> int:
    """Export what the journal has, send what can be sent.

    Returns:
        The exit code: 0 if all of it arrived, 1 if something was given up or a target is misconfigured, 2 if it cannot
        work at all, 3 if something waits.
    """
    commands = Commands(listen=False)
    try:
        with only_one(out), Work(out, backoff) as work:
            work.close_orphans()
            while not work.read_on(commands.has_ended) and not commands.ended:
                if work.fault:
                    return CANNOT
            begun = time.monotonic()
            while not commands.ended and time.monotonic() < begun + limit_s:
                work.look_after()
                if _settled(work, begun):
                    break
                commands.wait(POLL_S)
            unsent = work.outbox.unsent()
            broken = bool(work.targets.broken)
    except (InvalidInput, DeliveryError, OSError) as error:
        log.error("%s", error)
        return CANNOT
    if unsent.dead or broken:
        return LOST
    return WAITING if unsent.pending else WELL


def _follow(work: Work, commands: Commands) -> None:
    asked: list[float] = []
    answered = 0
    while True:
        asked += [time.monotonic()] * (commands.flushes - answered - len(asked))
        at_end = work.read_on(commands.has_ended)
        if commands.ended:
            return  # what is not read is read at the next start
        if at_end:
            work.look_after()
            while asked and _settled(work, asked[0]):
                unsent = work.outbox.unsent()
                say(event="caught-up", documents=work.documents, pending=unsent.pending, dead=unsent.dead)
                asked.pop(0)
                answered += 1
        if at_end or work.fault:
            commands.wait(0.02 if asked and at_end else POLL_S)


def _settled(work: Work, since_s: float) -> bool:
    """Whether all is sent that can be sent now; what may still come of itself is waited for, since `since_s`."""
    unsent = work.outbox.unsent()
    waited_s = time.monotonic() - since_s
    if unsent.open or (unsent.unanswered and waited_s < ANSWER_PATIENCE_S):
        return False
    return not unsent.waiting or waited_s > AWAY_PATIENCE_S
