"""Sends the steps of one target, one after the other, in a thread of its own."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping

from mxplans.errors import AnswerPending, DeliveryError, TargetRefused, TargetUnreachable
from mxplans_lims.delivery import Target
from mxplans_lims.exporter._backoff import Backoff
from mxplans_lims.outbox import Claim, Outbox, storable

log = logging.getLogger(__name__)

ASKING_GROWTH = 1.3
"""By how much the time between two questions for the same answer grows."""
LOOK_S = 0.5
"""How often an idle sender looks for what other processes put there; this one rings."""


class Sender:
    """Sends what stands in the outbox for a target.

    While the target is away all its steps wait, and one of them is tried now and then: a different one each time, so
    that a single step which a server cannot answer holds up nobody for long.

    Args:
        target: Where to.
        outbox: From where.
        backoff: Between two tries.
        clock: Monotonic seconds.
    """

    def __init__(
        self, target: Target, outbox: Outbox, backoff: Backoff, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._target = target
        self._outbox = outbox
        self._backoff = backoff
        self._clock = clock
        self._away = 0
        self._next_s = 0.0
        self._bell = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name=f"sender {target.name}", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def ring(self) -> None:
        """Say that there may be something new."""
        self._bell.set()

    def stop(self) -> None:
        """Let it end after what is being sent."""
        self._ending = True
        self._bell.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for its end; True if it has come."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def turn(self) -> float:
        """Send one step, if one may go.

        Returns:
            Seconds until it is worth while to look again.

        Raises:
            DeliveryError: If the outbox cannot be used.
        """
        wait_s = self._next_s - self._clock()
        if wait_s > 0:
            return wait_s
        step = self._outbox.claim(self._target.name, self._backoff.most_s)
        if step is None:
            return LOOK_S
        self._send(step)
        return max(0.0, self._next_s - self._clock())

    def _send(self, step: Claim) -> None:
        try:
            ids = _checked(self._target.send(step.step, step.ids))
        except TargetUnreachable as error:
            self._put_off(step, error)
        except AnswerPending as error:
            self._wait_for_answer(step, error)
        except TargetRefused as error:
            self._away = 0
            log.error("%s refuses %s of experiment %s: %s", step.target, step.step.key, step.item_uid, error)
            refusal = str(error)
            self._mark(lambda: self._outbox.refused(step, refusal))
        except Exception as error:
            # What a target must not raise is a fault of its program: tried a few times, then left to people.
            log.exception("%s failed on %s of experiment %s", step.target, step.step.key, step.item_uid)
            reason = traceback.format_exception_only(error)[-1].strip()
            wait_s = self._backoff.wait_s(step.faults + 1)
            self._mark(lambda: self._outbox.failed(step, reason, wait_s))
        else:
            self._away = 0
            self._mark(lambda: self._outbox.done(step, ids))

    def _put_off(self, step: Claim, error: TargetUnreachable) -> None:
        self._away += 1
        if self._away == 1:
            log.warning("%s is away: %s; what is for it waits", step.target, error)
        self._next_s = self._clock() + self._backoff.wait_s(self._away)
        wait_s = self._backoff.wait_s(step.waits + 1)
        self._mark(lambda: self._outbox.unreachable(step, str(error), wait_s))

    def _wait_for_answer(self, step: Claim, error: AnswerPending) -> None:
        """The target works: others go on, and this step asks again, ever more patiently."""
        self._away = 0
        wait_s = min(error.retry_s * ASKING_GROWTH**step.waits, self._backoff.most_s)
        self._mark(lambda: self._outbox.unanswered(step, str(error), error.ids, wait_s))

    def _mark(self, mark: Callable[[], None]) -> None:
        """Note what has become of a step, however long the disk is full: nothing else goes to this target until then."""
        failures = 0
        while True:
            try:
                mark()
                return
            except DeliveryError as error:
                failures += 1
                log.error("%s: what became of a step cannot be noted: %s", self._target.name, error)
                self._bell.clear()  # it may have rung while the step was sent
                if self._ending:
                    raise
                self._bell.wait(self._backoff.wait_s(failures))

    def _run(self) -> None:
        while not self._ending:
            try:
                wait_s = self.turn()
            except DeliveryError as error:
                log.error("%s: %s", self._target.name, error)
                wait_s = LOOK_S
            except Exception:
                # A fault of the program; without its thread the target would get nothing, and nobody would see it.
                log.exception("%s: a step could not be looked at; it goes on", self._target.name)
                wait_s = self._backoff.most_s
            if wait_s > 0:
                self._bell.wait(wait_s)  # a ring only makes it look: what is to wait longer does
                self._bell.clear()
        try:
            self._target.close()
        except Exception:
            log.exception("%s was not closed in good order", self._target.name)


def _checked(ids: Mapping[str, str]) -> dict[str, str]:
    """What a target gave, if it is what it should give: another thing could never be kept."""
    odd = {key: value for key, value in ids.items() if not (isinstance(key, str) and isinstance(value, str))}
    if odd:
        raise TypeError(f"the target gave the identifiers {odd!r}; allowed are texts by key")
    return {storable(key): storable(remote_id) for key, remote_id in ids.items()}
