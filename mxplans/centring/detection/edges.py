"""What sharp edges enclose: objects where the light behind them is not known."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.centring.detection import shapes
from mxplans.centring.detection.surface import FloatImage

Bytes = npt.NDArray[np.uint8]

EDGE_MIN = 0.10
"""Change of log intensity over two pixels that only an object makes: shadows and vignetting are broader."""
EDGE_SIGMAS = 8.0
EDGE_DARK = 2.0
"""Dark levels added before the logarithm: the light of a lens falls off steeply where it is nearly black."""
WEAK = 0.6
"""An edge goes on where it is weaker than it must be somewhere, by this factor (hysteresis, as in Canny, 1986)."""
STRONG_MIN_PX = 20
CLOSE_UM = 25.0
"""Half of the gaps that are bridged, where outlines are made of edges alone."""
CLOSE_PX = (4.0, 20.0)
HALO_PX = 2.0
"""How far edges reach out, by the blur and by the step over which they are looked for."""
BLACK = 2.5
"""Opaque, when it is sharp as well: below this many times the dark level."""
SHARP = 0.4
"""Part of an opaque object's outline that is an edge."""
LOOP_UM = 600.0
"""What a border cuts through is no wider, except at the pin's side."""
KERNEL = np.ones((3, 3), np.uint8)


def enclosed(smooth: FloatImage, dark: float, um_per_px: float) -> Bytes:
    """What has sharp edges, filled, up to where its edges are; no shadow and no vignetting, whatever the light is.

    Args:
        smooth: Grey and blurred by a pixel, (height, width); the pin enters from the right.
        dark: Counts below which intensity tells nothing.
        um_per_px: Scale.
    """
    logs = np.asarray(cv2.log(smooth + EDGE_DARK * dark), dtype=np.float32)
    steps = np.asarray(cv2.morphologyEx(logs, cv2.MORPH_GRADIENT, KERNEL), dtype=np.float32)
    edges = _connected(steps, max(EDGE_MIN, EDGE_SIGMAS * float(np.median(steps[::4, ::4]))))
    edges |= _opaque((smooth < BLACK * dark).astype(np.uint8), edges)
    edges = _joined_at_border(edges, um_per_px)
    close_px = float(np.clip(CLOSE_UM / um_per_px, *CLOSE_PX))
    found = np.zeros_like(edges)
    box = shapes.box_around(edges, int(close_px) + 2)
    if box is not None:
        found[box] = shapes.opened(shapes.shrink(shapes.fill(shapes.close(edges[box], close_px)), HALO_PX))
    return found


def _connected(steps: FloatImage, least: float) -> Bytes:
    """Edges that are strong somewhere."""
    labels, stats = shapes.pieces((steps > WEAK * least).astype(np.uint8))
    strong = np.bincount(labels[steps > least], minlength=len(stats)) >= STRONG_MIN_PX
    strong[0] = False
    return np.asarray(strong[labels], dtype=np.uint8)


def _opaque(black: Bytes, edges: Bytes) -> Bytes:
    """Black pieces with sharp outlines; a black corner of the image has none."""
    black = shapes.opened(black)
    if not black.any():
        return black
    labels, stats = shapes.pieces(black)
    rim = labels * (cv2.erode(black, KERNEL, borderValue=(1,)) == 0)
    length = np.bincount(rim.ravel(), minlength=len(stats))
    sharp = np.bincount(rim[shapes.grow(edges, HALO_PX) > 0], minlength=len(stats)) > SHARP * length
    sharp[0] = False
    return np.asarray(sharp[labels], dtype=np.uint8)


def _joined_at_border(seen: Bytes, um_per_px: float) -> Bytes:
    """Join what a border cuts through: what enters at the pin's side is one thing, elsewhere what is as small as a loop."""
    for side, reach in ((seen[:, -3:].T, np.inf), (seen[:, :3].T, LOOP_UM), (seen[:3], LOOP_UM), (seen[-3:], LOOP_UM)):
        along = np.flatnonzero(side.any(axis=0))
        if len(along) and (along[-1] - along[0]) * um_per_px < reach:
            side[:, along[0] : along[-1] + 1] = 1
    return seen
