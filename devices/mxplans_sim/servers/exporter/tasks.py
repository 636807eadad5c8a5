"""Tasks: what takes its time, one at a time, and what is kept of each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime

from mxplans_sim.clock import Clock
from mxplans_sim.servers.exporter.values import Refused

KEPT = 1000
FLAGS = 8
RUNNING, DONE, FAILED = 0, 1, -1
"""Result ids."""


class TaskFault(RuntimeError):
    """A task that did not do what it was to do."""


@dataclass
class Record:
    """What is known of a task; times are seconds since 1970, None before they come."""

    name: str
    start_s: float
    end_s: float | None = None
    output: str | None = None
    fault: str | None = None
    result: int = RUNNING

    def info(self) -> tuple[str, ...]:
        """Name, flags, start, end, output, exception and result id, as text."""
        end = "null" if self.end_s is None else _stamp(self.end_s)
        return (
            self.name,
            str(FLAGS),
            _stamp(self.start_s),
            end,
            self.output or "null",
            self.fault or "null",
            str(self.result),
        )


class Tasks:
    """Runs one task at a time and remembers the last thousand.

    Args:
        clock: Simulated time.
        tell: Called at the begin and at the end of a task.

    Attributes:
        last: Id of the latest task, 0 before the first.
    """

    def __init__(self, clock: Clock, tell: Callable[[], Awaitable[None]]) -> None:
        self.last = 0
        self._clock = clock
        self._tell = tell
        self._records: dict[int, Record] = {}
        self._task: asyncio.Task[None] | None = None
        self._reason = ""

    @property
    def running(self) -> str:
        """Name of the running task, empty for none."""
        return self._records[self.last].name if self._task is not None else ""

    def find(self, number: int) -> Record:
        """What is known of a task.

        Raises:
            Refused: If there was none with this id, or it is forgotten.
        """
        if number not in self._records:
            raise Refused(f"no task {number}, the last one is {self.last} and {KEPT} are remembered")
        return self._records[number]

    def is_running(self, number: int) -> bool:
        """Whether a task has not ended."""
        return self.find(number).end_s is None

    async def start(self, name: str, work: Callable[[], Coroutine[None, None, str]]) -> int:
        """Begin a task; what the work returns is its output.

        Args:
            name: As it is told.
            work: Raises `TaskFault` when it fails.

        Returns:
            The id of the task.

        Raises:
            Refused: If another one runs.
        """
        if self.running:
            raise Refused(f"{name} cannot start, task {self.last} ({self.running}) runs: abort it or wait for its end")
        self.last += 1
        self._records[self.last] = record = Record(name, self._clock.stamp_s())
        self._records.pop(self.last - KEPT, None)
        self._task = asyncio.get_running_loop().create_task(self._run(record, work))
        await self._tell()
        return self.last

    async def abort(self, reason: str) -> None:
        """End the running task."""
        task = self._task
        if task is not None:
            self._reason = reason
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, record: Record, work: Callable[[], Coroutine[None, None, str]]) -> None:
        try:
            record.output = await work()
            record.result = DONE
        except TaskFault as fault:
            record.fault, record.result = str(fault), FAILED
        except asyncio.CancelledError:
            record.fault, record.result = self._reason, FAILED
        except Exception as error:  # noqa: BLE001  a task has no caller: whoever asks for its record is told
            record.fault, record.result = f"{type(error).__name__}: {error}", FAILED
        record.end_s = self._clock.stamp_s()
        self._task = None
        await self._tell()


def _stamp(time_s: float) -> str:
    """Date and time in UTC, to the millisecond.

    >>> _stamp(1.25)
    '1970-01-01 00:00:01.250'
    """
    return datetime.fromtimestamp(time_s, UTC).isoformat(" ", "milliseconds").removesuffix("+00:00")
