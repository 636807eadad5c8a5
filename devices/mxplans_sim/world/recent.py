"""The latest pictures of the cameras, and what is true in each: for services that are given nothing but an image."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Notions = Mapping[str, Mask]
"""Where something is seen, by its name (crystal, loop_inside, loop, stem, pin, foreground), each (H, W)."""

FRAMES_KEPT = 256
_THUMBNAIL = (64, 48)
_FLAT = 1.0
"""Contrast of a thumbnail, gray values, below which it shows nothing to compare."""


@dataclass(frozen=True)
class Seen:
    """One picture that was taken.

    Attributes:
        digest: Of its pixels.
        um_per_px: At the sample.
        notions: Gives the truth; may take a while.
    """

    digest: bytes
    um_per_px: float
    notions: Callable[[], Notions]


class RecentFrames:
    """Remembers pictures by digest and by thumbnail, not the pixels themselves; for use from any thread.

    Args:
        kept: How many.
    """

    def __init__(self, kept: int = FRAMES_KEPT) -> None:
        self._frames: deque[tuple[Seen, npt.NDArray[np.float32] | None]] = deque(maxlen=kept)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._frames)

    def keep(self, pixels: Image, um_per_px: float, notions: Callable[[], Notions]) -> None:
        """Remember a picture, gray (H, W) or colour (H, W, 3)."""
        seen = Seen(_digest(pixels), um_per_px, notions)
        thumbnail = _thumbnail(pixels)
        with self._lock:
            self._frames.append((seen, thumbnail))

    def find(self, pixels: Image, match_frac: float) -> Seen | None:
        """The same picture, or the most similar one if its thumbnail correlates by `match_frac` at least.

        A gray picture in colours is the same; one that was compressed or scaled is similar. The latest of several.
        """
        with self._lock:
            frames = tuple(self._frames)
        digest = _digest(pixels)
        for seen, _ in reversed(frames):
            if seen.digest == digest:
                return seen
        thumbnail = _thumbnail(pixels)
        if thumbnail is None:
            return None
        best, most = None, match_frac
        for seen, other in frames:
            alike = 0.0 if other is None else float(np.dot(thumbnail, other))
            if alike >= most:
                best, most = seen, alike
        return best


def _gray(pixels: Image) -> Image:
    """Gray values of a picture, as they were when its three colours are the same."""
    if pixels.ndim == 2:
        return pixels
    first = pixels[..., 0]
    if np.array_equal(first, pixels[..., 1]) and np.array_equal(first, pixels[..., 2]):
        return np.ascontiguousarray(first)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _digest(pixels: Image) -> bytes:
    gray = _gray(pixels)
    return hashlib.blake2b(gray.tobytes(), digest_size=16, salt=str(gray.shape).encode()[:16]).digest()


def _thumbnail(pixels: Image) -> npt.NDArray[np.float32] | None:
    """A vector of length one without mean, so that the dot product of two is their correlation; None for a flat one."""
    small = cv2.resize(_gray(pixels), _THUMBNAIL, interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    norm = float(np.linalg.norm(small))
    return small / np.float32(norm) if norm > _FLAT * np.sqrt(small.size) else None
