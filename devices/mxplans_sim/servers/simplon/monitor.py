"""The latest image as a TIFF file, as the monitor gives it. TIFF 6.0: one strip, no compression, gray values."""

from __future__ import annotations

import struct

import numpy as np

from mxplans_sim.servers.simplon.armed import LastImage
from mxplans_sim.servers.simplon.chunks import Stack, unpack

_SHORT, _LONG = 3, 4
_HEADER_BYTES = 8


def image(last: LastImage) -> Stack:
    """The frame (ny, nx)."""
    panel = last.series.panel
    return unpack(last.chunk, (panel.ny, panel.nx), panel.dtype, last.series.compressed)


def tiff(frame: Stack) -> bytes:
    """A frame (ny, nx) of 16 or 32 bits as a file."""
    rows, columns = frame.shape
    content = np.ascontiguousarray(frame, frame.dtype.newbyteorder("<")).tobytes()
    tags = [
        (256, _LONG, columns),
        (257, _LONG, rows),
        (258, _SHORT, 8 * frame.dtype.itemsize),
        (259, _SHORT, 1),  # not compressed
        (262, _SHORT, 1),  # 0 is black
        (273, _LONG, _HEADER_BYTES),
        (277, _SHORT, 1),
        (278, _LONG, rows),
        (279, _LONG, len(content)),
        (339, _SHORT, 1),  # unsigned
    ]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    header = struct.pack("<2sHI", b"II", 42, _HEADER_BYTES + len(content))
    return header + content + struct.pack("<H", len(tags)) + directory + struct.pack("<I", 0)
