"""A pause in the middle of what cannot go on where it stopped, as a scan's frames or a robot's way: it begins again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bluesky.utils import FailedStatus, Msg, MsgGenerator, ensure_generator

from mxplans.errors import MxplansError
from mxplans.plans.underway import Underway

T = TypeVar("T")


class ScanInterrupted(MxplansError):
    """The RunEngine was paused within what cannot go on where it stopped; what was exposed of a scan does not count."""


class _PauseWatch:
    """Is told by the RunEngine of each pause, once a message has named it; `bluesky.protocols.Pausable`."""

    name = "pause_watch"
    parent = None

    def __init__(self) -> None:
        self.paused = False

    def pause(self) -> None:
        """The RunEngine has paused."""
        self.paused = True

    def resume(self) -> None:
        """The RunEngine goes on."""


def noticing_pauses(plan: MsgGenerator[T]) -> MsgGenerator[T]:
    """Run a plan that cannot go on after a pause.

    The RunEngine stops all that moves when it pauses, and would repeat the messages since the last checkpoint when it
    goes on. Neither makes sense for a motion with frames, so nothing is repeated and the plan is told.

    A pause right behind the end of a run is told at the message after: the run is closed, and what the plan makes of that
    before its next message belongs to it.

    Raises:
        ScanInterrupted: Out of the plan, after its finalizers have run, when there was a pause.
    """
    before = yield Msg("rewindable", None, None)
    yield Msg("rewindable", None, False)
    try:
        result = yield from _notice(plan, _PauseWatch())
    except Exception:
        yield Msg("rewindable", None, before)
        raise
    yield Msg("rewindable", None, before)
    return result


def again_after_pauses(make: Callable[[], MsgGenerator[T]]) -> MsgGenerator[T]:
    """Run a plan that cannot go on after a pause, from its beginning when there was one.

    Args:
        make: Makes the plan, which must not mind that a part of it was done before.
    """
    while True:
        yield Msg("checkpoint")
        try:
            return (yield from noticing_pauses(make()))
        except ScanInterrupted:
            continue


def _notice(plan: MsgGenerator[T], watch: _PauseWatch) -> MsgGenerator[T]:
    underway, inner = Underway(), ensure_generator(plan)
    yield Msg("null", watch)
    try:
        message = next(inner)
        while True:
            response, error = None, None
            try:
                response = yield message
            except Exception as caught:  # noqa: BLE001  # handed on to the plan, which decides
                error = caught
            underway.note(message, response)
            if watch.paused and _comes_of_it(message, response, error):
                error = yield from _interrupted(underway, error)
            if error is None:
                message = inner.send(response)
            else:
                # Told once for each pause, so that the plan's finalizers run undisturbed.
                watch.paused = False
                message = inner.throw(error)
    except StopIteration as end:
        return end.value
    except ScanInterrupted:
        yield from underway.end()
        raise
    finally:
        inner.close()


def _comes_of_it(message: Msg, response: Any, error: Exception | None) -> bool:
    """Whether an answer after a pause is the pause's doing: not the end of a run, a request to abort, or another fault."""
    if error is not None:
        return isinstance(error, FailedStatus | MxplansError)
    closed_run = message.command == "close_run" and response is not None  # the RunEngine answers with its uid
    return not closed_run


def _interrupted(underway: Underway, cause: Exception | None) -> MsgGenerator[Exception]:
    """What the plan gets to know, when all that moved has come to rest; or what else comes up until then."""
    try:
        yield from underway.rest()
    except Exception as other:  # noqa: BLE001  # handed on to the plan, which decides
        return other
    told = ScanInterrupted("there was a pause; what it interrupted does not count and begins again")
    told.__cause__ = cause
    return told
