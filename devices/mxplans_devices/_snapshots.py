"""Images of a camera as signals, and snapshots of them as PNG files under a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.errors import DeviceFault, InvalidInput
from mxplans_devices._jobs import FaultStatus, Task, Worker
from mxplans_devices._signals import Known

Frame = npt.NDArray[np.uint8]


class FrameSignal(Known):
    """The frame of the last trigger, (height, width) uint8."""

    def describe(self) -> dict[str, Any]:
        """Type and shape."""
        description: dict[str, Any] = super().describe()
        shape = list(np.shape(self._readback))
        description[self.name] |= {"dtype": "array", "dtype_numpy": "|u1", "shape": shape, "dims": ["y", "x"]}
        return description


class SnapshotFile(Known):
    """Path of the last snapshot, relative to the viewer's root; setting it writes the present frame there as PNG."""

    def set(self, value: str, **_: Any) -> FaultStatus:
        """Start to write."""
        status: FaultStatus = self.parent.write_snapshot(value)
        return status


def start_snapshot(viewer: Any, worker: Worker, root: Path, path: str, timeout_s: float) -> FaultStatus:
    """Start to write a viewer's last frame as PNG.

    Args:
        viewer: Has `frame` and `snapshot_file`.
        worker: Of the viewer.
        root: Folder that no snapshot leaves.
        path: Relative to the root; folders on the way are made.
        timeout_s: Real seconds until it has failed.

    Raises:
        InvalidInput: If the path leaves the root or is not a `.png`.
        DeviceFault: If no image has been taken yet.
    """
    relative = Path(path)
    if relative.is_absolute() or ".." in relative.parts or relative.suffix != ".png":
        raise InvalidInput(f"{viewer.name}: snapshot {path!r} must be a relative path to a .png, without '..'")
    image: Frame = viewer.frame.get()
    if not image.size:
        raise DeviceFault(f"{viewer.name}: there is no image to write to {path!r}; trigger first")

    def work(task: Task) -> None:
        _write_png(root, relative, image)
        viewer.snapshot_file.put(relative.as_posix())

    return worker.start(work, f"snapshot {path!r}", timeout_s)


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
