"""The recorder of a camera that runs by itself and gives its latest frame over HTTP."""

from __future__ import annotations

import threading

import httpx
import numpy as np

from mxplans.errors import DeviceFault
from mxplans_devices._jobs import Task
from mxplans_devices._recording import Recorder, Recording
from mxplans_devices._snapshots import Frame

ANSWER_TIMEOUT_S = 10.0


class HttpRecorder(Recorder):
    """A part of an `MD3Viewer`; `GET /snapshot` must tell begin and end of the exposure, `/status` the frame rate.

    Args:
        prefix: Unused.
        name: Name in messages.
        parent: The viewer, which has the `url`.
    """

    def record(self, task: Task, recording: Recording, begun: threading.Event) -> None:
        """Fetch every so many frames until the recording ends."""
        with httpx.Client(base_url=self.parent.url, timeout=ANSWER_TIMEOUT_S, trust_env=False) as client:
            first, camera_hz = self._status(client)
            begun.set()
            pace = _Pace(first, camera_hz, recording.rate_hz)
            while not task.listen(recording.bell, pace.pause_s) and not recording.ending:
                number, begin_s, end_s, image = self._fetch(client)
                if pace.wants(number, begin_s):
                    recording.keep((begin_s + end_s) / 2, image)

    def _status(self, client: httpx.Client) -> tuple[int, float]:
        """Id of the latest frame, and frames per second."""
        try:
            told = client.get("/status").raise_for_status().json()
            return int(told["id"]), float(told["rate_hz"])
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise self._unusable("status", error) from error

    def _fetch(self, client: httpx.Client) -> tuple[int, float, float, Frame]:
        """The latest frame: id, begin and end of its exposure, image."""
        try:
            response = client.get("/snapshot", params={"format": "raw"}).raise_for_status()
            told = response.headers
            shape = (int(told["X-Frame-Height"]), int(told["X-Frame-Width"]))
            image: Frame = np.frombuffer(response.content, dtype=np.uint8).reshape(shape)
            return int(told["X-Frame-Id"]), float(told["X-Frame-Stamp"]), float(told["X-Frame-End"]), image
        except (httpx.HTTPError, KeyError, ValueError) as error:
            raise self._unusable("snapshot", error) from error

    def _unusable(self, path: str, error: Exception) -> DeviceFault:
        return DeviceFault(
            f"{self.name}: {self.parent.url}/{path} gave no usable frame ({type(error).__name__}: {error}); "
            "check the camera"
        )


class _Pace:
    """Which frames to keep, and how long to wait for the next of them.

    Frames are counted by their ids, and the time between them is taken from their stamps: so the rate is one of the
    camera's time, whatever time the network needs.
    """

    def __init__(self, first: int, camera_hz: float, rate_hz: float) -> None:
        self._step = max(1, round(camera_hz / rate_hz))
        self._last = first
        self._stamp_s: float | None = None
        self._period_s = 1.0 / camera_hz
        self.pause_s = self._period_s * self._step

    def wants(self, number: int, stamp_s: float) -> bool:
        """Whether to keep a frame."""
        if number <= self._last:
            self.pause_s = self._period_s  # it is not there yet, or the camera has stopped
            return False
        if self._stamp_s is not None:
            self._period_s = max(1e-3, (stamp_s - self._stamp_s) / (number - self._last))
        wanted = self._stamp_s is None or number - self._last >= self._step
        if wanted:
            self._last, self._stamp_s = number, stamp_s
            self.pause_s = self._period_s * self._step
        else:
            self.pause_s = self._period_s * (self._step - (number - self._last))
        return wanted
