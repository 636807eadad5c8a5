"""The camera along the beam."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from ophyd import Component, Device, Kind
from pydantic import Field

from mxplans.errors import DeviceFault, InvalidInput
from mxplans.model.device_settings import DeviceSettings, PvPrefix, TimeoutS
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Choice, ReadOnly, Setting
from mxplans_devices._snapshots import FrameSignal, SnapshotFile, start_snapshot
from mxplans_devices.recorder import TO_MIDDLE, AreaDetectorRecorder, StampMoment

SINGLE = "Single"


class OnAxisViewer(Device):
    """An areaDetector camera; data keys `<name>_um_per_px`, `_beam_x_px`, `_beam_y_px`, `_snapshot_file`.

    `zoom` is configuration (`<name>_zoom`). `frame` (`<name>_frame`) is the image of the last trigger and is read only
    on its own, because an image is too big for an event.

    Args:
        prefix: Prefix of its process variables.
        name: Role.
        root: Folder under which snapshots are written.
        timeout_s: Real seconds until an image or a snapshot has failed.
        stamp: The moment of an exposure that the camera's stamps tell; see `AreaDetectorRecorder`.
        stamp_late_s: How much later than that the stamps are.
    """

    class Settings(DeviceSettings):
        """Settings of an `OnAxisViewer`."""

        prefix: PvPrefix = Field(description="Prefix of its process variables")
        root: Path = Field(description="Folder under which snapshots are written")
        timeout_s: TimeoutS = Field(default=30.0, description="Real seconds until an image or a snapshot has failed")
        stamp: StampMoment = Field(
            default="end", description="The moment of an exposure that the camera's stamps tell; most drivers: its end"
        )
        stamp_late_s: float = Field(default=0.0, description="How much later than that the stamps are")

    zoom = Component(Choice, "Zoom", kind="config")
    um_per_px = Component(ReadOnly, "UmPerPixel_RBV", units="um", kind="normal")
    beam_x_px = Component(ReadOnly, "BeamX_RBV", units="px", kind="normal")
    beam_y_px = Component(ReadOnly, "BeamY_RBV", units="px", kind="normal")
    snapshot_file = Component(SnapshotFile, value="", kind="normal")
    frame = Component(FrameSignal, value=np.zeros((0, 0), dtype=np.uint8), kind="omitted")
    acquire = Component(Setting, "cam1:Acquire", kind="omitted")
    image_mode = Component(Setting, "cam1:ImageMode", string=True, auto_monitor=True, kind="omitted")
    recorder = Component(AreaDetectorRecorder, "", kind="omitted")
    array_data = Component(ReadOnly, "image1:ArrayData", kind="omitted")
    width = Component(ReadOnly, "image1:ArraySize0_RBV", kind="omitted")
    height = Component(ReadOnly, "image1:ArraySize1_RBV", kind="omitted")
    image_id = Component(ReadOnly, "image1:UniqueId_RBV", kind="omitted")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str,
        root: str | Path,
        timeout_s: float = 30.0,
        stamp: StampMoment = "end",
        stamp_late_s: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
        if stamp not in TO_MIDDLE:
            raise InvalidInput(f"{name}: stamp {stamp!r}: allowed are {', '.join(TO_MIDDLE)}")
        self.recorder.stamp, self.recorder.late_s = stamp, stamp_late_s
        self.zoom.selected.kind = Kind.config
        self._root = Path(root)
        self._timeout_s = timeout_s
        self._worker = Worker(self)

    def trigger(self) -> FaultStatus:
        """Take one image that is newer than this call."""
        return self._worker.start(self._expose, "image", self._timeout_s)

    def write_snapshot(self, path: str) -> FaultStatus:
        """Write the last frame as PNG.

        Args:
            path: Relative to the root; folders on the way are made.

        Raises:
            InvalidInput: If the path leaves the root or is not a `.png`.
            DeviceFault: If no image has been taken yet.
        """
        return start_snapshot(self, self._worker, self._root, path, self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer for an image."""
        self._worker.interrupt()

    def _expose(self, task: Task) -> None:
        self.acquire.wait_for_connection()
        self._require_single(task)
        before = self.image_id.get(use_monitor=False)
        task.wait(self.acquire.set(1))
        task.until(
            lambda: self.image_id.get(use_monitor=False) != before,
            f"the camera still shows image {before}; restart its acquisition",
            timeout_s=2.0,
        )
        width, height = int(self.width.get()), int(self.height.get())
        pixels = np.asarray(self.array_data.get(use_monitor=False, timeout=_transfer_s(width * height)))
        if pixels.size < width * height:
            raise DeviceFault(
                f"{self.name}: the image has {pixels.size} pixels, {width} x {height} are announced; trigger again"
            )
        self.frame.put(pixels[: width * height].astype(np.uint8).reshape(height, width))

    def _require_single(self, task: Task) -> None:
        """Single images: one of a running series may have been exposed before this call."""
        if self.image_mode.get() != SINGLE:
            task.wait(self.acquire.set(0))
            task.wait(self.image_mode.set(SINGLE))


def _transfer_s(size_bytes: int) -> float:
    """Real seconds to allow for the transfer of an image: 2 s and 1 s per MB.

    >>> _transfer_s(3_000_000)
    5.0
    """
    return 2.0 + size_bytes / 1e6
