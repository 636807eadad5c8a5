"""The recorder of an areaDetector camera: it runs continuously for a while, and every frame is kept with its stamp."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from ophyd import Component, Device

from mxplans.errors import DeviceFault
from mxplans.model.detection import StampedFrame
from mxplans_devices._jobs import FaultStatus, Task
from mxplans_devices._recording import RecorderJobs, Recording
from mxplans_devices._signals import ReadOnly, Setting
from mxplans_devices._snapshots import Frame

CONTINUOUS = "Continuous"
StampMoment = Literal["begin", "middle", "end"]
TO_MIDDLE: Mapping[str, float] = MappingProxyType({"begin": 0.5, "middle": 0.0, "end": -0.5})
"""From a stamp to the middle of the exposure, in exposures."""
_LOOK_S = 1.0
_TRIES = 3


class AreaDetectorRecorder(Device):
    """A part of an `OnAxisViewer`; the camera's image mode, period and acquisition are at the end as they were.

    areaDetector has no common rule for the moment of its stamps: most drivers take them when a frame has been read, which
    is the end of its exposure and what the transfer takes. `stamp` says which it is; half of the exposure is worked in.

    Args:
        prefix: Prefix of the viewer's process variables.
        name: Name in messages.
        stamp: The moment of an exposure that `TimeStamp_RBV` tells.
        late_s: How much later than that moment the stamps are.
    """

    acquire = Component(Setting, "cam1:Acquire", kind="omitted")
    image_mode = Component(Setting, "cam1:ImageMode", string=True, kind="omitted")
    period = Component(Setting, "cam1:AcquirePeriod", kind="omitted")
    exposure = Component(ReadOnly, "cam1:AcquireTime_RBV", kind="omitted")
    array_data = Component(ReadOnly, "image1:ArrayData", kind="omitted")
    width = Component(ReadOnly, "image1:ArraySize0_RBV", kind="omitted")
    height = Component(ReadOnly, "image1:ArraySize1_RBV", kind="omitted")
    image_id = Component(ReadOnly, "image1:UniqueId_RBV", auto_monitor=True, kind="omitted")
    stamp_s = Component(ReadOnly, "image1:TimeStamp_RBV", kind="omitted")

    def __init__(
        self, prefix: str = "", *, name: str, stamp: StampMoment = "end", late_s: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.stamp = stamp
        self.late_s = late_s
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

    def record(self, task: Task, recording: Recording, begun: threading.Event) -> None:
        """Let the camera run and keep its frames until the recording ends."""
        mode, period_s = self.image_mode.get(use_monitor=False), float(self.period.get(use_monitor=False))
        ran = mode == CONTINUOUS and bool(self.acquire.get(use_monitor=False))
        last = int(self.image_id.get(use_monitor=False))
        task.attend(self.acquire.set(0))
        subscription = self.image_id.subscribe(lambda **_: recording.bell.set(), run=False)
        try:
            task.attend(self.image_mode.set(CONTINUOUS))
            task.attend(self.period.set(1.0 / recording.rate_hz))
            self.acquire.put(1, use_complete=False)  # completes at the end of the acquisition only
            begun.set()
            while not recording.ending:
                if task.listen(recording.bell, _LOOK_S) and not recording.ending:
                    recording.bell.clear()
                    last = self._take(recording, last)
        finally:
            self.image_id.unsubscribe(subscription)
            self._put_back(mode, period_s, ran)

    def _put_back(self, mode: str, period_s: float, ran: bool) -> None:
        """The camera as it was, whatever happened: nothing here waits for the work that may have been interrupted."""
        for signal, value in ((self.acquire, 0), (self.image_mode, mode), (self.period, period_s)):
            done = threading.Event()
            with suppress(TimeoutError):
                signal.set(value).add_callback(lambda _, done=done: done.set())
                done.wait(2.0)
        if ran:
            self.acquire.put(1, use_complete=False)

    def _take(self, recording: Recording, last: int) -> int:
        """Keep the present frame if it is new; returns its id. What changes while it is read is read again."""
        for _ in range(_TRIES):
            number, stamp_s = self._mark()
            if number == last:
                return last
            image = self._image()
            if (number, stamp_s) == self._mark():
                middle_s = stamp_s - self.late_s + TO_MIDDLE[self.stamp] * float(self.exposure.get(use_monitor=False))
                recording.keep(middle_s, image)
                return number
        return last

    def _mark(self) -> tuple[int, float]:
        return int(self.image_id.get(use_monitor=False)), float(self.stamp_s.get(use_monitor=False))

    def _image(self) -> Frame:
        width, height = int(self.width.get()), int(self.height.get())
        pixels = np.asarray(self.array_data.get(use_monitor=False, timeout=2.0 + width * height / 1e6))
        if pixels.size < width * height:
            raise DeviceFault(
                f"{self.name}: a frame has {pixels.size} pixels, {width} x {height} are announced; look at the camera"
            )
        return pixels[: width * height].astype(np.uint8).reshape(height, width)
