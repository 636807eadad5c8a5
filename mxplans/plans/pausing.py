"""A pause in the middle of a scan: its frames cannot go on where they stopped, so the scan is given up and taken again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from bluesky import preprocessors as bpp
from bluesky.utils import FailedStatus, Msg, MsgGenerator, ensure_generator

from mxplans.errors import MxplansError

T = TypeVar("T")


class ScanInterrupted(MxplansError):
    """The RunEngine was paused while a scan was running; what was exposed of it does not count."""


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
    watch = _PauseWatch()
    return (yield from bpp.rewindable_wrapper(_notice(plan, watch), False))


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
    yield Msg("null", watch)
    inner = ensure_generator(plan)
    try:
        message = next(inner)
        while True:
            try:
                response = yield message
            except GeneratorExit:
                inner.close()
                raise
            except Exception as error:  # noqa: BLE001  # handed on to the plan, which decides
                # Only a pause is renamed: a request to abort or a fault stays what it is.
                failed = watch.paused and isinstance(error, FailedStatus | MxplansError)
                watch.paused = False
                message = inner.throw(_interrupted(watch, error) if failed else error)
            else:
                told = watch.paused and not _closed_run(message, response)
                message = inner.throw(_interrupted(watch)) if told else inner.send(response)
    except StopIteration as end:
        return end.value


def _closed_run(message: Msg, response: Any) -> bool:
    """Whether a run was closed just now; the RunEngine answers with its uid."""
    return message.command == "close_run" and response is not None


def _interrupted(watch: _PauseWatch, cause: Exception | None = None) -> ScanInterrupted:
    """What the plan gets to know, once for each pause, so that its finalizers run undisturbed."""
    watch.paused = False
    told = ScanInterrupted("the scan was paused; its frames do not count, it is taken again")
    told.__cause__ = cause
    return told
