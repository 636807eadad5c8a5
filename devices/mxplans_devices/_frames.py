"""Frames in HDF5 files: counting them, and the stream documents that lead to them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import h5py
import hdf5plugin  # noqa: F401  registers the compression of the frames
from event_model import compose_stream_resource

from mxplans.errors import DetectorFault

DATASET = "/entry/data/data"
MIMETYPE = "application/x-hdf5"


@dataclass(frozen=True)
class FrameForm:
    """Height, width (px) and numpy type of a frame."""

    height: int
    width: int
    dtype: str

    def data_key(self, source: str) -> dict[str, Any]:
        """Data key of frames that stand in files."""
        return {
            "source": source,
            "dtype": "array",
            "dtype_numpy": self.dtype,
            "shape": [self.height, self.width],
            "dims": ["y", "x"],
            "external": "STREAM:",
        }


def count_frames(path: Path, form: FrameForm) -> int:
    """Frames that really stand in a closed data file.

    Raises:
        DetectorFault: If the file cannot be read or its frames are not as announced.
    """
    try:
        with h5py.File(path, "r") as file:
            data = file[DATASET]
            shape, dtype = tuple(data.shape), data.dtype.str
    except (OSError, KeyError) as error:
        raise DetectorFault(
            f"{path} cannot be read as frames: {error}; look at the file writer and its disk"
        ) from error
    if len(shape) != 3 or shape[1:] != (form.height, form.width) or dtype != form.dtype:
        raise DetectorFault(
            f"{path} holds {shape} {dtype}, frames of {form.height} x {form.width} {form.dtype} were announced; "
            "do not change the detector's region or bit depth while it is armed"
        )
    return int(shape[0])


class FrameStream:
    """Stream documents of one series, whose frames may stand in several files.

    The RunEngine takes one stream_datum per data key and collect, so each call of `documents` leads to one file.

    Args:
        data_key: Key of the frames.
        form: Shape of a frame.
    """

    def __init__(self, data_key: str, form: FrameForm) -> None:
        self._data_key = data_key
        self._form = form
        self._files: list[tuple[Path, int]] = []
        self._emitted = 0

    @property
    def frames(self) -> int:
        """Frames on disk."""
        return sum(count for _, count in self._files)

    def has(self, path: Path) -> bool:
        """Whether a file is known."""
        return any(path == known for known, _ in self._files)

    def add(self, path: Path, count: int) -> None:
        """Take the next closed file."""
        self._files.append((path, count))

    def documents(self, index: int | None = None) -> Iterator[tuple[str, Any]]:
        """Documents of the next file, unless frames beyond `index` stand in it."""
        if self._emitted == len(self._files):
            return
        path, count = self._files[self._emitted]
        if index is not None and sum(n for _, n in self._files[: self._emitted + 1]) > index:
            return
        self._emitted += 1
        resource, compose_datum = compose_stream_resource(
            mimetype=MIMETYPE,
            uri=f"file://localhost{quote(path.resolve().as_posix())}",
            data_key=self._data_key,
            parameters={"dataset": DATASET, "swmr": False, "chunk_shape": [1, self._form.height, self._form.width]},
        )
        yield "stream_resource", resource
        yield "stream_datum", compose_datum({"start": 0, "stop": count})
