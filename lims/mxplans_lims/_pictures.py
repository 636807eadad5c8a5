"""Pictures for the report, as data URIs: small, and drawn from files, never from a server."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import cv2
import h5py
import hdf5plugin  # noqa: F401  registers the compression of the frames
import numpy as np
import numpy.typing as npt

from mxplans_lims.records import ScanRecord

log = logging.getLogger(__name__)

FRAME_SIDE_PX = 256
FRAME_LIMIT_BYTES = 60_000
_WIDTH_PX = 480
_STOPS = np.array([[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]], float)


def data_uri(png: bytes, kind: str = "png") -> str:
    """An image as text that a page can hold."""
    return f"data:image/{kind};base64,{base64.b64encode(png).decode()}"


def camera_picture(path: Path) -> tuple[str, float, int, int] | None:
    """An on-axis image, at most 480 px wide, as JPEG, with its scale, width and height; None when unreadable."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        log.warning("snapshot %s cannot be read; the report goes without it", path)
        return None
    scale = min(1.0, _WIDTH_PX / image.shape[1])
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else image
    _, coded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 80])
    return data_uri(coded.tobytes(), "jpeg"), scale, small.shape[1], small.shape[0]


def frame_picture(scan: ScanRecord) -> str | None:
    """The scan's middle frame, binned to 256 px, logarithmic, dark on light as on film; None without a frame."""
    wanted = scan.frames // 2
    for file in scan.files:
        if wanted >= file.frames:
            wanted -= file.frames
            continue
        try:
            with h5py.File(file.path, "r") as opened:
                frame = np.asarray(opened[file.dataset][wanted])
        except (OSError, KeyError, ValueError) as error:
            log.warning("frame %d of %s cannot be read: %s; the report goes without it", wanted, file.path, error)
            return None
        return data_uri(_png_within(_film(frame), FRAME_LIMIT_BYTES))
    return None


def _film(frame: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Maxima of square bins, so that spots of one pixel stay; masked pixels count nothing."""
    counts = frame.astype(float)
    if frame.dtype.kind == "u":
        counts[counts >= 2.0 ** (8 * frame.dtype.itemsize) - 2] = 0
    side = max(1, -(-max(counts.shape) // FRAME_SIDE_PX))
    rows, columns = (length // side * side for length in counts.shape)
    bins = counts[:rows, :columns].reshape(rows // side, side, columns // side, side)
    seen = np.log1p(bins.max(axis=(1, 3)))
    low, high = np.percentile(seen, 5), max(np.percentile(seen, 99.9), np.log1p(3))
    grey = 255 * (1 - np.clip((seen - low) / max(high - low, 1e-9), 0, 1))
    film: npt.NDArray[np.uint8] = ((grey / 17).round() * 17).astype(np.uint8)  # 16 greys keep the PNG small
    return film


def _png_within(image: npt.NDArray[np.uint8], limit_bytes: int) -> bytes:
    while True:
        _, coded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        png: bytes = coded.tobytes()
        if len(png) <= limit_bytes or min(image.shape) < 32:
            return png
        image = cv2.resize(image, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA).astype(np.uint8)


def colour(fraction: float) -> str:
    """A colour between dark blue (0) and yellow (1), even to the eye.

    >>> colour(0.0), colour(1.0)
    ('#440154', '#fde725')
    """
    place = min(max(fraction, 0.0), 1.0) * (len(_STOPS) - 1)
    below = min(int(place), len(_STOPS) - 2)
    red, green, blue = _STOPS[below] + (place - below) * (_STOPS[below + 1] - _STOPS[below])
    return f"#{round(red):02x}{round(green):02x}{round(blue):02x}"
