"""Frames as HDF5 stores them: one chunk each, bitshuffle-LZ4 or plain. HDF5 itself does the work, in memory."""

from __future__ import annotations

import itertools
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import numpy.typing as npt

BITSHUFFLE_LZ4 = dict(hdf5plugin.Bitshuffle(nelems=0, cname="lz4"))
_NAMES = map("frames in memory {}".format, itertools.count())
"""HDF5 wants a name of its own for each file that is open, in memory as well."""
Stack = npt.NDArray[np.unsignedinteger[Any]]


def pack(frames: Stack, compressed: bool) -> list[bytes]:
    """Chunks of frames (n, ny, nx)."""
    if not compressed:
        return [frame.tobytes() for frame in frames]
    with h5py.File(next(_NAMES), "w", driver="core", backing_store=False) as file:
        data = _dataset(file, frames.shape, frames.dtype)
        data[...] = frames
        return [data.id.read_direct_chunk((index, 0, 0))[1] for index in range(len(frames))]


def unpack(chunk: bytes, shape: tuple[int, int], dtype: npt.DTypeLike, compressed: bool) -> Stack:
    """The frame (ny, nx) of a chunk."""
    if not compressed:
        return np.frombuffer(chunk, dtype).reshape(shape)
    with h5py.File(next(_NAMES), "w", driver="core", backing_store=False) as file:
        data = _dataset(file, (1, *shape), dtype)
        data.id.write_direct_chunk((0, 0, 0), chunk)
        return np.asarray(data[0])


def _dataset(file: h5py.File, shape: tuple[int, ...], dtype: npt.DTypeLike) -> h5py.Dataset:
    return file.create_dataset("data", shape, dtype, chunks=(1, *shape[1:]), **BITSHUFFLE_LZ4)
