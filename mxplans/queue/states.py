"""Words for what an experiment of the queue is doing and how it ended."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What an experiment is doing."""

    WAITING = "waiting"
    RUNNING = "running"
    """A worker has begun it and has not said how it ended; after a worker's death too."""
    ENDED = "ended"


class Outcome(StrEnum):
    """How an experiment ended."""

    COMPLETED = "Completed"
    FAILED = "Failed"
    ABORTED = "Aborted"
    NOTHING_USEFUL = "NothingUseful"
    """All was done, and the sample gave nothing."""
    SKIPPED = "Skipped"
    """Never begun, for the reason given."""


FINAL = (Outcome.COMPLETED, Outcome.NOTHING_USEFUL, Outcome.SKIPPED)
"""Ended so that it is not begun again by itself; a failed or aborted one may be."""
