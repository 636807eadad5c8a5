"""A pause in the middle of a scan: its frames cannot go on where they stopped, so the scan is given up and taken again."""

from __future__ import annotations

from typing import TypeVar

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

    Raises:
        ScanInterrupted: Out of the plan, after its finalizers have run, when there was a pause.
    """
    watch = _PauseWatch()
    return (yield from bpp.rewindable_wrapper(_notice(plan, watch), False))


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
                message = inner.throw(_interrupted(watch)) if watch.paused else inner.send(response)
    except StopIteration as end:
        return end.value


def _interrupted(watch: _PauseWatch, cause: Exception | None = None) -> ScanInterrupted:
    """What the plan gets to know, once for each pause, so that its finalizers run undisturbed."""
    watch.paused = False
    told = ScanInterrupted("the scan was paused; its frames do not count, it is taken again")
    told.__cause__ = cause
    return told
