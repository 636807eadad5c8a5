"""The recorder of an areaDetector camera: it runs continuously for a while, and every frame is kept with its stamp."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from ophyd import Component

from mxplans.errors import DeviceFault
from mxplans_devices._jobs import Task
from mxplans_devices._recording import LONGEST_S, Recorder, Recording
from mxplans_devices._signals import ReadOnly, Setting
from mxplans_devices._snapshots import Frame

CONTINUOUS = "Continuous"
StampMoment = Literal["begin", "middle", "end"]
TO_MIDDLE: Mapping[str, float] = MappingProxyType({"begin": 0.5, "middle": 0.0, "end": -0.5})
"""From a stamp to the middle of the exposure, in exposures."""
CONNECT_TIMEOUT_S = 5.0


class AreaDetectorRecorder(Recorder):
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
    width = Component(ReadOnly, "image1:ArraySize0_RBV", kind="omitted")
    height = Component(ReadOnly, "image1:ArraySize1_RBV", kind="omitted")
    image_id = Component(ReadOnly, "image1:UniqueId_RBV", kind="omitted")

    def __init__(
        self, prefix: str = "", *, name: str, stamp: StampMoment = "end", late_s: float = 0.0, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.stamp = stamp
        self.late_s = late_s

    def record(self, task: Task, recording: Recording, begun: threading.Event) -> None:
        """Let the camera run and keep its frames until the recording ends."""
        mode, period_s = self.image_mode.get(use_monitor=False), float(self.period.get(use_monitor=False))
        ran = mode == CONTINUOUS and bool(self.acquire.get(use_monitor=False))
        try:
            task.attend(self.acquire.set(0))
            task.attend(self.image_mode.set(CONTINUOUS))
            task.attend(self.period.set(1.0 / recording.rate_hz))
            with self._watched(recording):
                self.acquire.put(1, use_complete=False)  # completes at the end of the acquisition only
                begun.set()
                while not task.listen(recording.bell, LONGEST_S):
                    pass  # until it ends, or the job is interrupted
        finally:
            self._put_back(mode, period_s, ran)

    @contextmanager
    def _watched(self, recording: Recording) -> Iterator[None]:
        """Frames are kept as they are told: for the monitors of images the client needs no round trips.

        The records go by their full names, and only for the time of the recording: whoever reads the same records without
        their field does not share these monitors, and no image is sent when nobody wants it.
        """
        exposure_s = float(self.exposure.get(use_monitor=False))
        shift_s = TO_MIDDLE[self.stamp] * exposure_s - self.late_s
        last, shape = int(self.image_id.get(use_monitor=False)), (int(self.height.get()), int(self.width.get()))
        frames = _Assembly(recording, last, shape, shift_s)
        signals: list[Any] = []
        try:
            # In the order in which areaDetector tells them, so that what is there already goes together as well.
            for name, hear in (
                ("ArrayData", frames.image),
                ("TimeStamp_RBV", frames.stamp),
                ("UniqueId_RBV", frames.number),
            ):
                signal = ReadOnly(f"{self.prefix}image1:{name}.VAL", name=f"{self.name}_{name}", auto_monitor=True)
                signals.append(signal)
                signal.wait_for_connection(timeout=CONNECT_TIMEOUT_S)
                signal.subscribe(hear)
            yield
        except TimeoutError as error:
            raise DeviceFault(f"{self.name}: the camera's images cannot be had ({error}); is its IOC up?") from error
        finally:
            for signal in signals:
                signal.destroy()

    def _put_back(self, mode: str, period_s: float, ran: bool) -> None:
        """The camera as it was, whatever happened: nothing here waits for the work that may have been interrupted."""
        for signal, value in ((self.acquire, 0), (self.image_mode, mode), (self.period, period_s)):
            done = threading.Event()
            with suppress(TimeoutError):
                signal.set(value).add_callback(lambda _, done=done: done.set())
                done.wait(2.0)
        if ran:
            self.acquire.put(1, use_complete=False)


class _Assembly:
    """Puts image, stamp and id of a frame together; what is not told completely is left out.

    Args:
        recording: Gets the frames.
        last: Id of the frame that is there already.
        shape: Rows and columns.
        shift_s: From a stamp to the middle of the exposure.
    """

    def __init__(self, recording: Recording, last: int, shape: tuple[int, int], shift_s: float) -> None:
        self._recording = recording
        self._last = last
        self._shape = shape
        self._shift_s = shift_s
        self._image: Frame | None = None
        self._stamp_s: float | None = None

    def image(self, *, value: Any, **_: Any) -> None:
        """An image has come; what belongs to it follows."""
        pixels = np.asarray(value).ravel()
        size = self._shape[0] * self._shape[1]
        whole = pixels.size >= size
        self._image = pixels[:size].astype(np.uint8).reshape(self._shape) if whole else None
        self._stamp_s = None

    def stamp(self, *, value: Any, **_: Any) -> None:
        """The stamp of the image that has come."""
        self._stamp_s = float(value)

    def number(self, *, value: Any, **_: Any) -> None:
        """The id of the image that has come, the last that is told of it."""
        if int(value) != self._last and self._image is not None and self._stamp_s is not None:
            self._recording.keep(self._stamp_s + self._shift_s, self._image)
        self._last, self._image, self._stamp_s = int(value), None, None
