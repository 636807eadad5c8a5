"""Work that takes time, in a thread of its own that ends with its Status. What needs a thread in a device stands here."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any

from ophyd import get_cl
from ophyd.status import Status
from ophyd.utils import StatusTimeoutError

from mxplans.errors import DeviceFault, MxplansError

_GRACE_S = 5.0


class FaultStatus(Status):
    """A Status whose failures, the timeout included, are exceptions of `mxplans.errors`.

    A failure does not stop the device by itself, as ophyd's `DeviceStatus` would: making safe is the plan's affair, and
    a stop that comes late must not hit what the plan has started since.

    Args:
        device: The device that works.
        timeout_s: Real seconds until it fails.
        what: The work, as a phrase for messages.
        fault: Exception of a timeout.
    """

    _exception: BaseException | None

    def __init__(self, device: Any, timeout_s: float, what: str, fault: type[DeviceFault] = DeviceFault) -> None:
        self.what = what
        self._fault = fault
        super().__init__(obj=device, timeout=timeout_s)

    def _settled(self) -> None:
        if isinstance(self._exception, StatusTimeoutError):
            self._exception = self._fault(
                f"{self.obj.name}: {self.what} did not end within {self.timeout:g} s; "
                "check that its controller answers, or raise the timeout in the profile"
            )


class Task:
    """What a job sees of the outside: its deadline, and whether somebody wants it to end.

    Args:
        name: Name of the device, for messages.
        what: The work, as a phrase for messages.
        timeout_s: Real seconds that the work may take.
        fault: Exception to raise.
    """

    def __init__(self, name: str, what: str, timeout_s: float, fault: type[DeviceFault]) -> None:
        self.name = name
        self.what = what
        self.fault = fault
        self._deadline = time.monotonic() + timeout_s
        self._interrupted = threading.Event()
        self._bells: set[Any] = set()
        self.ended = threading.Event()

    def interrupt(self) -> None:
        """Let the work end at its next wait."""
        self._interrupted.set()
        for bell in tuple(self._bells):
            bell.set()

    def listen(self, bell: Any, timeout_s: float) -> bool:
        """Wait for an event that others set, without asking again and again; returns whether it was set.

        Args:
            bell: A `threading.Event`; an interrupt of the work sets it too.
            timeout_s: Real seconds to wait at most; no longer than the whole work may take.

        Raises:
            DeviceFault: If the work was interrupted.
        """
        self._bells.add(bell)
        try:
            self.pause(0.0)
            rung: bool = bell.wait(max(0.0, min(timeout_s, self._deadline - time.monotonic())))
            self.pause(0.0)
        finally:
            self._bells.discard(bell)
        return rung

    def attend(self, status: Any) -> None:
        """Wait for another Status that takes its time, without asking again and again.

        Raises:
            DeviceFault: If time is over or the work was interrupted.
            MxplansError: What the Status says, where it says something of ours.
        """
        bell = threading.Event()
        status.add_callback(lambda _: bell.set())
        if not self.listen(bell, math.inf):
            raise self.fault(f"{self.name}: {self.what} failed: no answer to {status}")
        error = status.exception(timeout=0)
        if isinstance(error, MxplansError):
            raise error
        if error is not None:
            raise self.fault(f"{self.name}: {self.what} failed: {error}") from error

    def pause(self, duration_s: float) -> None:
        """Wait.

        Raises:
            DeviceFault: If the work was interrupted.
        """
        if self._interrupted.wait(duration_s):
            raise self.fault(f"{self.name}: {self.what} was stopped before its end")

    def until(
        self,
        condition: Callable[[], bool],
        missing: str | Callable[[], str],
        timeout_s: float | None = None,
        period_s: float = 0.02,
    ) -> None:
        """Wait until a condition holds.

        Args:
            condition: Asked every `period_s`.
            missing: What to say when it does not come true.
            timeout_s: Real seconds to wait; otherwise as long as the whole work may take.
            period_s: Real seconds between two questions.

        Raises:
            DeviceFault: If time is over or the work was interrupted.
        """
        deadline = self._deadline if timeout_s is None else min(self._deadline, time.monotonic() + timeout_s)
        while not condition():
            if time.monotonic() > deadline:
                text = missing if isinstance(missing, str) else missing()
                raise self.fault(f"{self.name}: {self.what} failed: {text}")
            self.pause(period_s)

    def wait(self, *statuses: Any) -> None:
        """Wait for other Statuses.

        Raises:
            DeviceFault: If one fails, time is over or the work was interrupted.
        """
        for status in statuses:
            self.until(lambda status=status: status.done, f"no answer to {status}", period_s=0.005)  # type: ignore[misc]
            error = status.exception(timeout=0)
            if error is not None:
                raise self.fault(f"{self.name}: {self.what} failed: {error}") from error


class Worker:
    """Runs the work of a device, one job at a time.

    Args:
        device: The device that works.
        fault: Exception for whatever goes wrong outside of `mxplans.errors`.
    """

    def __init__(self, device: Any, fault: type[DeviceFault] = DeviceFault) -> None:
        self._device = device
        self._fault = fault
        self._lock = threading.Lock()
        self._task: Task | None = None

    @property
    def busy(self) -> bool:
        """Whether a job is under way."""
        return self._task is not None

    def start(self, work: Callable[[Task], None], what: str, timeout_s: float) -> FaultStatus:
        """Begin a job; returns at once.

        Args:
            work: Called in a thread with its `Task`.
            what: The work, as a phrase for messages.
            timeout_s: Real seconds it may take.

        Raises:
            DeviceFault: If the last job has not ended.
        """
        task = Task(self._device.name, what, timeout_s, self._fault)
        with self._lock:
            if self._task is not None:
                raise self._fault(
                    f"{self._device.name}: cannot {what} during '{self._task.what}'; wait for its end or stop it"
                )
            self._task = task
        status = FaultStatus(self._device, timeout_s + _GRACE_S, what, self._fault)
        status.add_callback(lambda _: task.interrupt())
        thread = get_cl().thread_class(target=self._run, args=(work, task, status), daemon=True)
        thread.name = f"{self._device.name}: {what}"
        thread.start()
        return status

    def interrupt(self, timeout_s: float = 2.0) -> bool:
        """Let the present job end at its next wait; its Status fails.

        Args:
            timeout_s: Real seconds to wait for that end.

        Returns:
            Whether there was a job.
        """
        task = self._task
        if task is None:
            return False
        task.interrupt()
        task.ended.wait(timeout_s)
        return True

    def _run(self, work: Callable[[Task], None], task: Task, status: FaultStatus) -> None:
        failure: Exception | None = None
        try:
            work(task)
        except MxplansError as error:
            failure = error
        except Exception as error:  # noqa: BLE001  a thread has no caller: the Status carries whatever it is
            failure = self._fault(f"{task.name}: {task.what} failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
        with self._lock:
            self._task = None
        task.ended.set()
        if failure is None:
            status.set_finished()
        else:
            status.set_exception(failure)
