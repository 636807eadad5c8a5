"""The outline of what stands before the backlight in one on-axis image."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float64]

MIN_AREA_UM2 = 1500.0  # below this it is dust or noise
CLOSE_UM = 30.0  # gaps in an outline that are bridged: bright middles of fibres and of liquid
DARK_LEVEL = 4.0  # counts added before the logarithm, about the noise of a dark pixel
SIGMAS = 6.0
MIN_CONTRAST = 0.06  # in the logarithm of intensity
EDGE_CONTRAST = 0.69  # half of the light is lost: where a blurred edge really is
HALO_MAX_PX = 8.0
WHITE = 255
SATURATED_MAX_FRAC = 0.1  # a well set camera saturates in a few reflections at most


@dataclass(frozen=True)
class Silhouette:
    """What was seen.

    Attributes:
        mask: True where something is, (height, width).
        area_um2: Of the largest object, 0 when nothing was seen.
        threshold_um2: What an object must have to count.
        touches_pin_side: Whether it reaches the side that pins enter from.
    """

    mask: Mask
    area_um2: float
    threshold_um2: float
    touches_pin_side: bool

    @property
    def present(self) -> bool:
        """Whether something is there."""
        return self.area_um2 >= self.threshold_um2

    def extents(self) -> tuple[Array, Array]:
        """First and last row of the object in each column, NaN where there is none."""
        any_row = self.mask.any(axis=0)
        first = np.where(any_row, self.mask.argmax(axis=0), np.nan)
        last = np.where(any_row, len(self.mask) - 1 - self.mask[::-1].argmax(axis=0), np.nan)
        return first, last

    def tip_column(self) -> int | None:
        """Leftmost column of the object: the end away from the pin."""
        columns = np.flatnonzero(self.mask.any(axis=0))
        return int(columns[0]) if len(columns) else None


def find_silhouette(image: Image, um_per_px: float, background: Image | None = None) -> Silhouette:
    """Find the object in an image; the pin enters from the right.

    The image is divided by the background, in logarithms, so that dust and uneven light drop out; what then differs by
    more than six times the noise is the object, gaps in it closed. So low a threshold also takes in the blur around the
    object; that rim is measured, as the distance to where half of the light is lost, and taken off again.

    Args:
        image: Grey, (height, width).
        um_per_px: Scale; all sizes are in um, so that zoom does not matter.
        background: The same view without a sample; without one a smooth surface is fitted.

    Returns:
        The object that touches the pin's side, else the largest one.
    """
    smooth = _blur(image, 1.0)
    if background is None:
        base = fit_background(smooth)
    else:
        base = _blur(background, 1.5)
    contrast = np.log((smooth + DARK_LEVEL) / (base + DARK_LEVEL))
    contrast -= float(np.median(contrast))
    noise = 1.4826 * float(np.median(np.abs(contrast)))
    seen = (np.abs(contrast) > max(SIGMAS * noise, MIN_CONTRAST)).astype(np.uint8)
    closed = _close(seen, um_per_px)
    return _pick(_without_halo(closed, contrast, um_per_px), um_per_px)


def saturated_frac(image: Image) -> float:
    """Part of an image in which the sensor is full, so that it tells nothing.

    >>> saturated_frac(np.array([[255, 255], [255, 180]], dtype=np.uint8))
    0.75
    """
    return float(np.mean(image >= WHITE))


def _blur(image: Image, sigma_px: float) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(image.astype(np.float32), (0, 0), sigma_px), dtype=np.float32)


def fit_background(image: npt.NDArray[np.float32], degree: int = 4, iterations: int = 8) -> npt.NDArray[np.float32]:
    """A smooth bright surface under an image: a polynomial in log intensity, fitted with dark residuals weighted down."""
    height, width = image.shape
    small = cv2.resize(image, (max(width // 16, 8), max(height // 16, 8)), interpolation=cv2.INTER_AREA)
    y, x = np.mgrid[-1 : 1 : small.shape[0] * 1j, -1 : 1 : small.shape[1] * 1j]
    terms = [x**i * y**j for i in range(degree + 1) for j in range(degree + 1 - i)]
    design = np.stack(terms, axis=-1).reshape(small.size, -1)
    logs = np.log(small.ravel() + 2.0)
    weight = (small.ravel() > 0.15 * np.percentile(small, 90)).astype(float)
    fitted = logs
    for _ in range(iterations):
        solution, *_ = np.linalg.lstsq(design * weight[:, None], logs * weight, rcond=None)
        fitted = design @ solution
        residual = logs - fitted
        spread = 1.4826 * float(np.median(np.abs(residual[weight > 0]))) + 0.01
        weight = np.where(residual < -2 * spread, 0.05, np.where(np.abs(residual) > 3 * spread, 0.1, 1.0))
    surface = np.maximum(np.exp(fitted.reshape(small.shape)) - 2.0, 1.0).astype(np.float32)
    return np.asarray(cv2.resize(surface, (width, height), interpolation=cv2.INTER_CUBIC))


def _close(seen: npt.NDArray[np.uint8], um_per_px: float) -> npt.NDArray[np.uint8]:
    """Close gaps and fill holes; the frame is padded, so that an object at the border is not eaten."""
    size = max(3, round(CLOSE_UM / um_per_px) | 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    padded = cv2.copyMakeBorder(seen, size, size, size, size, cv2.BORDER_REPLICATE)
    padded = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)
    padded = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    closed = padded[size:-size, size:-size].copy()
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(closed, contours, -1, 1, cv2.FILLED)
    return np.asarray(closed, dtype=np.uint8)


def _without_halo(
    closed: npt.NDArray[np.uint8], contrast: npt.NDArray[np.float32], um_per_px: float
) -> npt.NDArray[np.uint8]:
    """Take off the rim by which blur makes objects larger, the same all around."""
    core = _close((contrast < -EDGE_CONTRAST).astype(np.uint8), um_per_px)
    height, width = closed.shape
    padded = cv2.copyMakeBorder(closed, 16, 16, 16, 16, cv2.BORDER_REPLICATE)
    depth_px = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[16:-16, 16:-16]
    contours, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return closed
    column, row = np.concatenate(contours)[:, 0].T
    inside = (column > 0) & (row > 0) & (column < width - 1) & (row < height - 1) & (closed[row, column] > 0)
    if not inside.any():
        return closed
    # A contour pixel belongs to the core, and an outermost pixel has depth 1.
    halo_px = min(float(np.median(depth_px[row[inside], column[inside]])) - 1.0, HALO_MAX_PX)
    return np.asarray(depth_px > halo_px, dtype=np.uint8)


def _pick(closed: npt.NDArray[np.uint8], um_per_px: float) -> Silhouette:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    nothing = Silhouette(np.zeros(closed.shape, dtype=bool), 0.0, MIN_AREA_UM2, False)
    if count < 2:
        return nothing
    areas_um2 = stats[:, cv2.CC_STAT_AREA] * um_per_px**2
    areas_um2[0] = 0.0
    at_pin = {int(label) for label in np.unique(labels[:, -4:]) if label}
    large = {label for label in at_pin if areas_um2[label] >= MIN_AREA_UM2}
    chosen = max(large, key=lambda label: areas_um2[label]) if large else int(areas_um2.argmax())
    return Silhouette(labels == chosen, float(areas_um2[chosen]), MIN_AREA_UM2, chosen in at_pin)
