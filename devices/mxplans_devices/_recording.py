"""What recorders of cameras have in common: a recording is one long job that somebody ends."""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from ophyd import Device

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.detection import StampedFrame
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._snapshots import Frame

LONGEST_S = 300.0
"""Real seconds after which a recording that nobody ends has failed: the camera must not run for ever."""
MOST_BYTES = 256_000_000
"""Of frames in one recording; those that come later are left out."""


class Recording:
    """The frames of one recording; `bell` rings when there may be a new one, or when it is to end."""

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.ending = False
        self.bell = threading.Event()
        self._frames: dict[float, StampedFrame] = {}
        self._bytes = 0

    @property
    def frames(self) -> tuple[StampedFrame, ...]:
        """In the order of their times."""
        return tuple(self._frames[time_s] for time_s in sorted(self._frames))

    def keep(self, time_s: float, image: Frame) -> None:
        """Keep a frame, unless it is there or there is no room."""
        if time_s not in self._frames and self._bytes + image.nbytes <= MOST_BYTES:
            self._bytes += image.nbytes
            self._frames[time_s] = StampedFrame(time_s, np.asarray(image))

    def end(self) -> None:
        """Take no more frames."""
        self.ending = True
        self.bell.set()


class RecorderJobs:
    """Begins and ends recordings of a device.

    Args:
        device: The recorder; `record(task, recording, begun)` sets `begun` when the camera runs, keeps frames until
            `recording.ending`, and leaves the camera as it was.
        rates_hz: Lowest and highest rate that can be asked for.
        timeout_s: Real seconds until the camera must run, and until it must have ended.
    """

    def __init__(self, device: Any, rates_hz: tuple[float, float] = (0.1, 1000.0), timeout_s: float = 10.0) -> None:
        self._device = device
        self._rates_hz = rates_hz
        self._timeout_s = timeout_s
        self._worker, self._starter = Worker(device), Worker(device)
        self._recording = Recording(0.0)
        self._running: FaultStatus | None = None

    @property
    def frames(self) -> tuple[StampedFrame, ...]:
        """Of the last recording."""
        return self._recording.frames

    def set(self, rate_hz: float) -> FaultStatus:
        """Begin with a rate, end with 0.

        Raises:
            LimitExceeded: If there is no such rate.
            DeviceFault: If a recording runs already.
        """
        low, high = self._rates_hz
        if rate_hz == 0:
            return self._end()
        if not (math.isfinite(rate_hz) and low <= rate_hz <= high):
            raise LimitExceeded(f"{self._device.name}: {rate_hz:g} Hz is not within {low:g}..{high:g} Hz; 0 ends")
        return self._begin(Recording(float(rate_hz)))

    def stop(self) -> None:
        """End, without waiting for it."""
        self._recording.end()

    def _begin(self, recording: Recording) -> FaultStatus:
        begun = threading.Event()
        failures: list[Exception] = []

        def work(task: Task) -> None:
            try:
                self._device.record(task, recording, begun)
            except Exception as error:
                failures.append(error)
                raise
            finally:
                begun.set()

        running = self._worker.start(work, f"recording at {recording.rate_hz:g} Hz", LONGEST_S)
        self._recording, self._running = recording, running

        def wait(task: Task) -> None:
            if not task.listen(begun, self._timeout_s):
                raise DeviceFault(f"{self._device.name}: the camera does not begin to run; look at its controller")
            if failures:
                raise failures[0]

        return self._starter.start(wait, "begin of a recording", self._timeout_s)

    def _end(self) -> FaultStatus:
        running, self._running = self._running, None
        self._recording.end()

        def wait(task: Task) -> None:
            if running is not None:
                task.attend(running)

        return self._starter.start(wait, "end of a recording", self._timeout_s)


class Recorder(Device):
    """A recorder, a part of a viewer. Subclasses have `record`, as `RecorderJobs` wants it.

    Args:
        prefix: Of its process variables, where it has any.
        name: Name in messages.
    """

    def __init__(self, prefix: str = "", *, name: str, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self._jobs = RecorderJobs(self)

    @property
    def frames(self) -> tuple[StampedFrame, ...]:
        """New frames of the last recording, in the order of their times."""
        return self._jobs.frames

    def set(self, value: float) -> FaultStatus:
        """Begin with a rate in Hz, end with 0."""
        return self._jobs.set(value)

    def stop(self, *, success: bool = False) -> None:
        """End."""
        self._jobs.stop()
