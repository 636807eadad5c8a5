"""The outline of what stands before the light: what differs from the light behind it, up to its true edge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mxplans.centring.detection import shapes
from mxplans.centring.detection.edges import enclosed
from mxplans.centring.detection.surface import FloatImage, fit_surface, follow_light
from mxplans.model.detection import Mask

Bytes = npt.NDArray[np.uint8]

MIN_AREA_UM2 = 1500.0
"""Below this it is dust or noise."""
CLOSE_UM = 15.0
"""Half of the gaps in an outline that are bridged: bright middles of fibres and of liquid."""
CLOSE_PX = (3.0, 14.0)
DARK_LEVEL = 4.0
"""Counts added to light and background, about the noise of a dark pixel."""
DARK_FRAC = 0.05
"""The same, of the bright part of an image: black corners tell nothing."""
LIT_FRAC = 0.3
"""Of the bright part of a background: what is darker does not tell how bright the light is."""
BORDER_MIN = 0.3
"""Part of the border that must be lit, for the border alone to tell it."""
GRID_PX = 6
"""Light and noise are told by every so many pixels."""
SIGMAS = 6.0
MIN_CONTRAST = 0.06
SURFACE_MAX = 0.04
"""A surface that follows the light along the border to this, almost everywhere, is as good as a background."""
SURFACE_PERCENT = 95.0
MISFIT_TIMES = 3.0
"""A surface may be off by more elsewhere than along the border: contrast must be this many times what it is there."""
AROUND_PX = 8.0
"""Blur around an object, which does not tell the light."""
RIM_PX = 21
"""An object's blurred rim is narrower than half of this."""
RIM_LEVEL = 0.5
"""Where a blurred edge really is: half of the way from the light to the object."""
PIN_SIDE_PX = 3
"""What comes as near to the pin's side reaches it."""
NEIGHBOUR_UM = 60.0
"""Pieces no farther from the main one belong to it: liquid that is as bright as the light lies between them."""


@dataclass(frozen=True)
class Outline:
    """What was seen, at the scale at which it was looked for; the pin enters from the right.

    Attributes:
        mask: True where something is, (height, width).
        depth: Part of the light by which each pixel differs from it, (height, width).
        area_um2: Of the largest object, 0 when there is none.
        noise_frac: Standard deviation of the depth where only light is.
        at_pin_side: Whether the object reaches the side from which the pin enters.
        by_edges: Whether no background told the light, and no surface followed it.
    """

    mask: Mask
    depth: FloatImage
    area_um2: float
    noise_frac: float
    at_pin_side: bool
    by_edges: bool

    @property
    def present(self) -> bool:
        """Whether something is there."""
        return self.area_um2 >= MIN_AREA_UM2


def as_light(background: FloatImage) -> FloatImage:
    """A background as `find_outline` wants it: without its noise."""
    return _blur(background, 1.5)


def find_outline(image: FloatImage, um_per_px: float, light: FloatImage | None) -> Outline:
    """Find the object in an image; the pin enters from the right.

    The image is compared with the background, so that dust and uneven light drop out; what differs by more than six
    times the noise is the object, gaps in it closed. So low a threshold also takes in the blur around the object,
    which is peeled off where less than half of the nearby depth is reached. Without a background a smooth surface
    stands in for it. Where none follows the light, as in broad shadows, an object is what sharp edges enclose.

    Args:
        image: Grey, (height, width).
        um_per_px: Its scale.
        light: The same view without a sample, from `as_light`.
    """
    smooth = _blur(image, 1.0)
    base = fit_surface(smooth) if light is None else light
    dark = max(DARK_LEVEL, DARK_FRAC * float(np.percentile(smooth[::8, ::8], 90)))
    base, noise = _levelled(smooth, base)
    white = float(np.percentile(base[::8, ::8], 90))
    misfit = _misfit(smooth, base, dark) if light is None else 0.0
    by_edges = misfit > SURFACE_MAX
    if by_edges:
        found, depth = _by_edges(smooth, base, dark, um_per_px)
    else:
        least = max(MIN_CONTRAST, MISFIT_TIMES * misfit)
        found, depth = _by_contrast(smooth, base, dark, least, SIGMAS * noise, um_per_px)
    mask, area_px, at_pin = _chosen(found, um_per_px)
    return Outline(mask, depth, area_px * um_per_px**2, noise / (white + dark), at_pin, by_edges)


def _by_edges(smooth: FloatImage, base: FloatImage, dark: float, um_per_px: float) -> tuple[Bytes, FloatImage]:
    """What sharp edges enclose; by what part of the light around it all pixels differ."""
    found = enclosed(smooth, dark, um_per_px)
    logs = np.asarray(cv2.log((smooth + dark) / (base + dark)), dtype=np.float32)
    logs -= follow_light(logs, shapes.grow(found, AROUND_PX).astype(bool))
    return found, np.abs(cv2.exp(logs) - 1)


def _by_contrast(
    smooth: FloatImage, base: FloatImage, dark: float, least_frac: float, least: float, um_per_px: float
) -> tuple[Bytes, FloatImage]:
    """What differs from the light by a least part of it and by a least number of counts; by what part all pixels do."""
    off = np.asarray(cv2.absdiff(smooth, base), dtype=np.float32)
    depth = base + np.float32(dark)
    np.divide(off, depth, out=depth)
    seen = ((off > least) & (depth > least_frac)).view(np.uint8)
    found = np.zeros_like(seen)
    box = shapes.box_around(shapes.opened(seen), RIM_PX)
    if box is None:
        return found, depth
    close_px = float(np.clip(CLOSE_UM / um_per_px, *CLOSE_PX))
    inside = shapes.fill(shapes.opened(shapes.close(seen[box], close_px)))
    nearby = cv2.dilate(depth[box], np.ones((RIM_PX, RIM_PX), np.uint8))
    # What sends light back is brighter than the light by any factor; its edge is still where it stops being light.
    core = inside & (depth[box] > RIM_LEVEL * np.minimum(nearby, 1)).astype(np.uint8)
    found[box] = shapes.opened(shapes.fill(shapes.close(core, close_px)) & inside)
    return found, depth


def _blur(image: FloatImage, sigma_px: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), dtype=np.float32)


def _border(shape: tuple[int, ...]) -> Mask:
    """Along the sides at which no pin enters."""
    border = np.zeros(shape, dtype=bool)
    thick = max(shape[0] // 12, 1)
    border[:thick] = border[-thick:] = border[:, :thick] = True
    return border


def _where_light(base: FloatImage) -> Mask:
    """Where to ask for the light: at the lit border; where the corners are black, in all of the lit part."""
    lit: Mask = base > LIT_FRAC * np.percentile(base, 95)
    border = _border(base.shape)
    return lit & border if (lit & border).sum() > BORDER_MIN * border.sum() else lit


def _levelled(smooth: FloatImage, base: FloatImage) -> tuple[FloatImage, float]:
    """The background as bright as the light is now; the standard deviation from it where only light is, in counts."""
    small, behind = smooth[::GRID_PX, ::GRID_PX], base[::GRID_PX, ::GRID_PX]
    where = _where_light(behind)
    small, behind = small[where], behind[where]
    ratio = small / np.maximum(behind, 1)
    # An opaque object may take half of the border.
    lit = ratio >= 0.5 * np.percentile(ratio, 75)
    level = max(float(np.median(ratio[lit])), 1e-3)
    noise = 1.4826 * float(np.median(np.abs(small[lit] - level * behind[lit])))
    return base * np.float32(level), noise


def _misfit(smooth: FloatImage, base: FloatImage, dark: float) -> float:
    """How badly a surface follows the light along the border, whatever the camera's noise is."""
    size = (max(smooth.shape[1] // 8, 8), max(smooth.shape[0] // 8, 8))
    small, behind = (cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (smooth, base))
    off = np.abs(small - behind) / (behind + dark)
    return float(np.percentile(off[_border(off.shape)], SURFACE_PERCENT))


def _chosen(found: Bytes, um_per_px: float) -> tuple[Mask, int, bool]:
    """The piece that reaches the pin's side, else the largest, with what belongs to it; its area; whether it does."""
    mask = np.zeros(found.shape, dtype=bool)
    box = shapes.box_around(found, 0)
    if box is None:
        return mask, 0, False
    labels, stats = shapes.pieces(found[box])
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    large = areas * um_per_px**2 >= MIN_AREA_UM2
    if not large.any():
        return mask, int(areas.max()), False
    right = stats[:, cv2.CC_STAT_LEFT] + stats[:, cv2.CC_STAT_WIDTH] + box[1].start
    at_pin = large & (right >= found.shape[1] - PIN_SIDE_PX)
    main = int(np.where(at_pin, areas, 0).argmax() if at_pin.any() else areas.argmax())
    top = stats[:, cv2.CC_STAT_TOP] + box[0].start <= 0
    bottom = stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] + box[0].start >= len(found)
    # Pieces that leave the image on the same side hang together outside it.
    belongs = large & ((top & top[main]) | (bottom & bottom[main]) | (np.arange(len(areas)) == main))
    if large.sum() > belongs.sum():
        near = shapes.grow((labels == main).astype(np.uint8), NEIGHBOUR_UM / um_per_px)
        belongs |= large & (np.bincount(labels[near > 0], minlength=len(areas)) > 0)
    mask[box] = belongs[labels]
    return mask, int(areas[main]), bool(at_pin.any())
