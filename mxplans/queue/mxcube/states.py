"""How far an item is, in the bits of MXCuBE's queue."""

from __future__ import annotations

from mxplans.queue.states import Outcome, State

NOT_DONE = 0
RUNNING = 1
FAILED = 2
COLLECTED = 4
WARNING = 0x10
"""Ended, and gave nothing useful."""

_OF_STATE = {
    State.WAITING: NOT_DONE,
    State.RUNNING: RUNNING,
    "Template": NOT_DONE,
    "Ready": NOT_DONE,
    "Running": RUNNING,
}
_OF_OUTCOME = {
    Outcome.COMPLETED: COLLECTED,
    Outcome.NOTHING_USEFUL: WARNING,
    Outcome.FAILED: FAILED,
    Outcome.ABORTED: FAILED,
    Outcome.SKIPPED: NOT_DONE,
}


def state_of(state: str, outcome: str | None = None) -> int:
    """The bits that say how far an item is.

    Skipped has no bit of its own: it was not done.

    Args:
        state: A state of the queue (`mxplans.queue.State`) or a job status of MXLIMS.
        outcome: How it ended, where it has.

    Raises:
        ValueError: If a word is unknown, or an ended item has no outcome.

    >>> [state_of("waiting"), state_of("running"), state_of("ended", "Completed"), state_of("ended", "NothingUseful")]
    [0, 1, 4, 16]
    >>> state_of("Aborted")
    2
    """
    if state in _OF_STATE:
        return _OF_STATE[state]
    return _OF_OUTCOME[Outcome(str(outcome) if state == State.ENDED else state)]
