"""The camera along the beam of a micro-diffractometer: zoom and scale from the exporter, images over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import numpy as np
from ophyd import Component
from pydantic import Field

from mxplans.errors import DeviceFault, LimitExceeded
from mxplans.model.device_settings import HttpUrl, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._snapshots import Frame, FrameSignal, SnapshotFile, start_snapshot
from mxplans_devices.md3._parts import Exported, ExporterSettings, Followed
from mxplans_devices.md3.recorder import HttpRecorder
from mxplans_devices.protocols.exporter import Value

NEW_FRAME_S = 3.0
"""Real seconds in which a camera must show a new frame."""


def _um(scale_mm: Value) -> float | None:
    return round(float(scale_mm) * 1000, 9) if isinstance(scale_mm, int | float) else None


class MD3Zoom(Exported):
    """The zoom, a part of an `MD3Viewer`, set by the number of a level as text; data key is its name.

    Args:
        name: Name, and data key.
        timeout_s: Real seconds until a change has failed.
        parent: The viewer.
    """

    selected = Component(Followed, value="", exporter="CoaxialCameraZoomValue", convert=str, kind="config")

    def __init__(self, prefix: str = "", *, name: str, timeout_s: float = 30.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.selected.name = self.name
        self._timeout_s = timeout_s

    def set(self, value: str | int) -> FaultStatus:
        """Start towards a level; fails with `LimitExceeded` when there is none."""
        wanted = str(value)
        return self.start(lambda task: self._change(task, wanted), f"move to {wanted!r}", self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer; a zoom moves to its end by itself."""
        self._worker.interrupt(timeout_s=0.0)

    def look(self) -> None:
        """Read the level, and what belongs to it."""
        super().look()
        self.parent.look_at_scale()

    def _change(self, task: Task, wanted: str) -> None:
        levels = self.exporter.execute("getZoomRange")
        if not isinstance(levels, tuple) or len(levels) != 2:
            raise DeviceFault(f"{self.name}: getZoomRange answered {levels!r}, two numbers were expected")
        low, high = (int(level) for level in levels)
        if not wanted.isdecimal() or not low <= int(wanted) <= high:
            raise LimitExceeded(f"{self.name} cannot be {wanted!r}; it can be {low} to {high}")
        self.exporter.execute("setCoaxialCameraZoomValue", int(wanted))
        task.until(
            lambda: self.exporter.read("CoaxialCameraZoomValue") == int(wanted),
            lambda: f"the zoom is {self.exporter.read('CoaxialCameraZoomValue')}; look at it",
            period_s=0.05,
        )


class MD3Viewer(Exported):
    """The on-axis camera; data keys `<name>_um_per_px`, `_beam_x_px`, `_beam_y_px`, `_snapshot_file`.

    `zoom` is configuration (`<name>_zoom`). `frame` (`<name>_frame`) is the image of the last trigger and is read only
    on its own, because an image is too big for an event.

    Args:
        prefix: Unused.
        name: Role.
        address: Host and port of the exporter.
        url: Where images come from: `GET /snapshot?format=raw` gives the latest with its size and begin and end of its
            exposure in headers, `GET /status` tells its id, when its exposure began, what the camera's clock says now,
            and frames per second.
        root: Folder under which snapshots are written.
        timeout_s: Real seconds until an image or a snapshot has failed.
    """

    class Settings(ExporterSettings):
        """Settings of an `MD3Viewer`."""

        url: HttpUrl = Field(
            description="Where images come from: a service with `GET /snapshot?format=raw` and `GET /status`"
        )
        root: Path = Field(description="Folder under which snapshots are written")
        timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until an image or a snapshot has failed")

    um_per_px = Component(Followed, value=0.0, exporter="CoaxCamScaleX", convert=_um, units="um", kind="normal")
    beam_x_px = Component(Followed, value=0.0, exporter="BeamPositionHorizontal", units="px", kind="normal")
    beam_y_px = Component(Followed, value=0.0, exporter="BeamPositionVertical", units="px", kind="normal")
    snapshot_file = Component(SnapshotFile, value="", kind="normal")
    frame = Component(FrameSignal, value=np.zeros((0, 0), dtype=np.uint8), kind="omitted")
    zoom = Component(MD3Zoom, kind="config")
    recorder = Component(HttpRecorder, kind="omitted")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        address: str,
        url: str,
        root: str | Path,
        timeout_s: float = 30.0,
        **kwargs: Any,
    ) -> None:
        self.url = url
        super().__init__(prefix, name=name, address=address, **kwargs)
        self._root = Path(root)
        self._timeout_s = timeout_s
        self._camera = Worker(self)

    def look(self) -> None:
        """Read zoom and scale now."""
        self.zoom.look()

    def look_at_scale(self) -> None:
        """Read what belongs to the present zoom."""
        super().look()

    def trigger(self) -> FaultStatus:
        """Take one image that is newer than this call."""
        return self._camera.start(self._expose, "image", self._timeout_s)

    def write_snapshot(self, path: str) -> FaultStatus:
        """Write the last frame as PNG, at a path relative to the root."""
        return start_snapshot(self, self._camera, self._root, path, self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer for an image."""
        self._camera.interrupt(timeout_s=0.0)

    def _expose(self, task: Task) -> None:
        with httpx.Client(base_url=self.url, timeout=self._timeout_s, trust_env=False) as client:
            # The camera's own clock: this one may differ from it.
            _, _, now_s = self._status(client)
            task.until(
                lambda: self._status(client)[1] >= now_s,
                lambda: f"the camera still shows image {self._status(client)[0]}; restart it",
                timeout_s=NEW_FRAME_S,
                period_s=0.02,
            )
            self.frame.put(self._fetch(client))

    def _status(self, client: httpx.Client) -> tuple[int, float, float]:
        """Id and stamp of the latest image, and the stamp of now."""
        try:
            told = client.get("/status").raise_for_status().json()
            return int(told["id"]), float(told["stamp"]), float(told["now"])
        except (httpx.HTTPError, KeyError, TypeError, ValueError) as error:
            raise self._unusable("status", error) from error

    def _fetch(self, client: httpx.Client) -> Frame:
        """The latest image."""
        try:
            response = client.get("/snapshot", params={"format": "raw"}).raise_for_status()
            shape = (int(response.headers["X-Frame-Height"]), int(response.headers["X-Frame-Width"]))
            frame: Frame = np.frombuffer(response.content, dtype=np.uint8).reshape(shape)
        except (httpx.HTTPError, KeyError, ValueError) as error:
            raise self._unusable("snapshot", error) from error
        return frame

    def _unusable(self, path: str, error: Exception) -> DeviceFault:
        return DeviceFault(
            f"{self.name}: {self.url}/{path} gave no usable image ({type(error).__name__}: {error}); check the camera"
        )
