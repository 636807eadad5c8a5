"""The camera along the beam."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from ophyd import Component, Device, Kind

from mxplans.errors import DeviceFault, InvalidInput
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Choice, Known, ReadOnly, Setting

Frame = npt.NDArray[np.uint8]


class _Image(Known):
    """The frame of the last trigger, (height, width) uint8."""

    def describe(self) -> dict[str, Any]:
        """Type and shape."""
        description: dict[str, Any] = super().describe()
        shape = list(np.shape(self._readback))
        description[self.name] |= {"dtype": "array", "dtype_numpy": "|u1", "shape": shape, "dims": ["y", "x"]}
        return description


class _SnapshotFile(Known):
    """Path of the last snapshot, relative to the viewer's root; setting it writes the present frame there as PNG."""

    def set(self, value: str, **_: Any) -> FaultStatus:
        """Start to write."""
        return self.parent.write_snapshot(value)  # type: ignore[no-any-return]


class OnAxisViewer(Device):
    """An areaDetector-like camera; data keys `<name>_um_per_px`, `_beam_x_px`, `_beam_y_px`, `_snapshot_file`.

    `zoom` is configuration (`<name>_zoom`). `frame` (`<name>_frame`) is the image of the last trigger and is read only
    on its own, because an image is too big for an event.

    Args:
        prefix: Prefix of its process variables.
        name: Role.
        root: Folder under which snapshots are written.
        timeout_s: Real seconds until an image or a snapshot has failed.
    """

    zoom = Component(Choice, "Zoom", kind="config")
    um_per_px = Component(ReadOnly, "UmPerPixel_RBV", units="um", kind="normal")
    beam_x_px = Component(ReadOnly, "BeamX_RBV", units="px", kind="normal")
    beam_y_px = Component(ReadOnly, "BeamY_RBV", units="px", kind="normal")
    snapshot_file = Component(_SnapshotFile, value="", kind="normal")
    frame = Component(_Image, value=np.zeros((0, 0), dtype=np.uint8), kind="omitted")
    acquire = Component(Setting, "Acquire", kind="omitted")
    array_data = Component(ReadOnly, "ArrayData", kind="omitted")
    width = Component(ReadOnly, "ArraySizeX_RBV", kind="omitted")
    height = Component(ReadOnly, "ArraySizeY_RBV", kind="omitted")
    counter = Component(ReadOnly, "ArrayCounter_RBV", kind="omitted")

    def __init__(
        self, prefix: str = "", *, name: str, root: str | Path, timeout_s: float = 30.0, **kwargs: Any
    ) -> None:
        super().__init__(prefix, name=name, **kwargs)
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
        relative = Path(path)
        if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".png":
            raise InvalidInput(f"{self.name}: snapshot {path!r} must be a relative path to a .png, without '..'")
        image: Frame = self.frame.get()
        if not image.size:
            raise DeviceFault(f"{self.name}: there is no image to write to {path!r}; trigger first")

        def work(task: Task) -> None:
            _write_png(self._root, relative, image)
            self.snapshot_file.put(relative.as_posix())

        return self._worker.start(work, f"snapshot {path!r}", self._timeout_s)

    def stop(self, *, success: bool = False) -> None:
        """Wait no longer for an image."""
        self._worker.interrupt()

    def _expose(self, task: Task) -> None:
        self.acquire.wait_for_connection()
        before = self.counter.get(use_monitor=False)
        task.wait(self.acquire.set(1))
        task.until(
            lambda: self.counter.get(use_monitor=False) != before,
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


def _transfer_s(size_bytes: int) -> float:
    """Real seconds to allow for the transfer of an image: 2 s and 1 s per MB.

    >>> _transfer_s(3_000_000)
    5.0
    """
    return 2.0 + size_bytes / 1e6


def _write_png(root: Path, relative: Path, image: Frame) -> None:
    """Write an image under `root`; a link on the way must not lead out of it."""
    target = (root / relative).resolve()
    if not target.is_relative_to(root.resolve()):
        raise InvalidInput(f"snapshot {relative.as_posix()!r} leads out of {root}; use a folder inside")
    target.parent.mkdir(parents=True, exist_ok=True)
    encoded, data = cv2.imencode(".png", image)
    if not encoded:
        raise DeviceFault(f"an image of shape {image.shape} cannot be written as PNG; trigger again")
    target.write_bytes(data.tobytes())
