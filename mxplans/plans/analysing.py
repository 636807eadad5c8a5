"""Analyses within plans: in a thread of their own, while the RunEngine's loop goes on with its other work.

Python runs one thread at a time. Analyses made of numpy, scipy and OpenCV give way while they compute. Pure Python gives
way every 5 ms, so that each step of the loop is late by as much. One long call into a library that never gives way holds up
everything; that belongs into a process of its own. Linear algebra in as many threads as there are processors leaves none
for the loop.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from time import thread_time
from typing import Any, TypeVar

from bluesky.utils import Msg, MsgGenerator

from mxplans.errors import AnalysisFailed, MxplansError
from mxplans.plans.waiting import wait_for

log = logging.getLogger(__name__)

T = TypeVar("T")
ANALYSIS_TIMEOUT_S = 120.0


def analysed(
    what: str, function: Callable[..., T], *args: Any, timeout_s: float = ANALYSIS_TIMEOUT_S
) -> MsgGenerator[T]:
    """Run a pure function in a thread, and wait for it.

    A pause lets it go on: afterwards its result is waited for, it is not run twice. A stop or an abort does not wait: a
    thread cannot be ended from outside, so it goes on to its end, and nobody looks at its result.

    Args:
        what: The analysis, as a phrase for messages.
        function: Must not touch devices, nor change what others see.
        *args: Of the function.
        timeout_s: Seconds after which it has failed; on a virtual clock computing takes none.

    Returns:
        What the function returns.

    Raises:
        MxplansError: What the function raises, as it is.
        AnalysisFailed: If it raises anything else, with that as its cause.
        DeviceFault: If it does not end in time.
    """
    analysis = _Analysis(what, lambda: function(*args))
    group = f"analysis: {what}"
    yield Msg("trigger", analysis, group=group)
    yield from wait_for(group, timeout_s)
    return analysis.result()


class _Ended:
    """That it has ended, well or not; `bluesky.protocols.Status`.

    Always a success: what went wrong is raised where the plan waits. A failure would be thrown into whatever the plan does
    when the RunEngine hears of it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Any], None]] = []
        self.done = False

    @property
    def success(self) -> bool:
        """Whether it has ended."""
        return self.done

    def add_callback(self, callback: Callable[[Any], None]) -> None:
        """Call at its end, or now when it has ended."""
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Nothing."""
        return None

    def end(self) -> None:
        """It has ended."""
        with self._lock:
            self.done = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            # Behind a stop the RunEngine's loop may be closed by now: then nobody wants to know.
            with suppress(RuntimeError):
                callback(self)


class _Analysis:
    """One call of a function; triggered again, as the RunEngine does behind a pause, it is still the same call."""

    parent = None

    def __init__(self, what: str, call: Callable[[], Any]) -> None:
        self.name = what
        self._call: Callable[[], Any] | None = call
        self._ended: _Ended | None = None
        self._result: Any = None
        self._failure: Exception | None = None

    def trigger(self) -> _Ended | None:
        """Begin, once."""
        if self._ended is None and self._call is not None:
            self._ended = _Ended()
            name = f"analysis: {self.name}"
            threading.Thread(target=self._run, args=(self._call, self._ended), name=name, daemon=True).start()
        return self._ended

    def result(self) -> Any:
        """What the function returned, or raised; nothing of it stays here.

        The RunEngine keeps every object that it has had a message for as long as it runs: images of a whole night.
        """
        result, failure = self._result, self._failure
        self._call, self._result, self._failure = None, None, None
        if failure is not None:
            raise failure
        return result

    def _run(self, call: Callable[[], Any], ended: _Ended) -> None:
        begun_s = thread_time()
        try:
            self._result = call()
        except MxplansError as error:
            self._failure = error
        except Exception as error:  # noqa: BLE001  a thread has no caller: the plan is told, whatever it is
            self._failure = AnalysisFailed(
                f"{self.name} failed: {type(error).__name__}: {error}; the data that it was given are worth a report"
            )
            self._failure.__cause__ = error
        log.debug("%s: %.3f s of CPU", self.name, thread_time() - begun_s)
        ended.end()
