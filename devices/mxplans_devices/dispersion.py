"""Spots on a frame of a counting detector, by the dispersion test. Pure: arrays in, spots out.

Around a spot counts vary more than Poisson's law allows for their mean; a pixel there that also stands above its
surroundings belongs to the spot. The idea is that of Kabsch's and DIALS's finders (Winter et al., Acta Cryst. D74, 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mxplans.model.acquisition import Spot
from mxplans.model.device_settings import DeviceSettings

Plane = npt.NDArray[np.float32]
Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.int64]
Found = tuple[Array, Array, Array, Array]
"""Of spots: columns, rows (px), photons less background, and their standard errors."""

STATISTICS_TOP = 1e6
"""Brighter pixels count as this in the sums, whose rounding they would spoil; no dispersion is larger for more."""
CORE, RING = 2, 5
"""Half widths (px) of the square that holds a spot, and of the one whose rim shows the background."""
ONE_PIXEL_FRAC = 0.75
"""Of a spot in its brightest pixel: the sharpest true ones have half of it there, a hot pixel all."""
WHOLE_FRAC = 0.8
"""Of a spot's square that must be measured: nearer to a gap its photons are a guess."""


@dataclass(frozen=True)
class SpotGeometry:
    """Where the detector stands. Index = centre of a pixel.

    Attributes:
        wavelength_a: Of the beam.
        distance_mm: From the sample; the detector is normal to the beam.
        beam_x_px: Column of the beam.
        beam_y_px: Row of the beam.
        pixel_x_um: Width of a pixel.
        pixel_y_um: Height of a pixel.
    """

    wavelength_a: float
    distance_mm: float
    beam_x_px: float
    beam_y_px: float
    pixel_x_um: float
    pixel_y_um: float

    def spacing_a(self, x_px: Array, y_px: Array) -> Array:
        """Spacing d of reflections at some places: wavelength / (2 sin theta); infinite in the beam.

        >>> geometry = SpotGeometry(1.0, 100.0, 500.0, 500.0, 100.0, 100.0)
        >>> geometry.spacing_a(np.array([1500.0]), np.array([500.0])).round(4).tolist()
        [1.3066]
        """
        x_mm = (np.asarray(x_px) - self.beam_x_px) * self.pixel_x_um / 1000
        y_mm = (np.asarray(y_px) - self.beam_y_px) * self.pixel_y_um / 1000
        sin_theta = np.sin(0.5 * np.arctan2(np.hypot(x_mm, y_mm), self.distance_mm))
        with np.errstate(divide="ignore"):
            return np.asarray(self.wavelength_a / (2 * sin_theta))


class DispersionSettings(DeviceSettings):
    """When a spot is one."""

    half_width_px: int = Field(
        default=3, ge=1, le=50, description="Of the square around a pixel whose counts are compared"
    )
    dispersion_sigmas: float = Field(
        default=6.0, ge=0, description="By how many of its standard deviations the dispersion exceeds 1"
    )
    pixel_sigmas: float = Field(default=3.0, ge=0, description="By how many a pixel exceeds its surroundings")
    counts_min: float = Field(default=2.0, ge=0, description="A pixel of a spot has more")
    pixels_min: int = Field(default=2, ge=1, description="Strong pixels of a spot")
    pixels_max: int = Field(default=60, ge=1, description="More are a ring, a shadow's edge or the direct beam")
    significance_min: float = Field(default=4.0, ge=0, description="Photons over their standard error")


class DispersionTest:
    """Finds the spots of frames of one detector.

    Args:
        good: Which pixels are measured (height, width): no gaps, no dead or hot ones, not behind the beamstop.
        settings: How sure one must be.
        overload: Counts from which on a pixel is saturated and counts as that.
    """

    def __init__(self, good: Mask, settings: DispersionSettings | None = None, overload: float = math.inf) -> None:
        self._settings = settings or DispersionSettings()
        self._good = np.ascontiguousarray(good)
        self._bad = np.flatnonzero(~self._good)
        self._overload = overload
        size = 2 * self._settings.half_width_px + 1
        self._box = (size, size)
        self._number = self._sum(self._good.astype(np.float32))
        spare = np.maximum(self._number - 1, 1)
        # var / mean > 1 + k sqrt(2 / (n - 1)), with sums s and s2 over n pixels: n s2 > s (s + allowed).
        self._allowed = spare * (1 + self._settings.dispersion_sigmas * np.sqrt(2 / spare))

    def find(self, frame: npt.NDArray[np.generic]) -> Found:
        """Spots of a frame: columns, rows (px), photons less background, and their standard errors, strongest first.

        Raises:
            ValueError: If the frame has another shape than the mask.
        """
        if frame.shape != self._good.shape:
            raise ValueError(
                f"frame of {frame.shape} pixels, the mask has {self._good.shape}; give both the same shape"
            )
        counts = frame.astype(np.float32)
        counts.reshape(-1)[self._bad] = 0.0
        if np.isfinite(self._overload):
            np.minimum(counts, self._overload, out=counts)
        strong = self._strong(counts)
        return self._measured(counts, strong, self._peaks(counts, strong))

    def spots(self, frame: npt.NDArray[np.generic], geometry: SpotGeometry) -> tuple[Spot, ...]:
        """Spots of a frame, strongest first."""
        return as_spots(self.find(frame), geometry)

    def _sum(self, plane: Plane) -> Plane:
        return cv2.boxFilter(plane, cv2.CV_32F, self._box, normalize=False, borderType=cv2.BORDER_CONSTANT)  # type: ignore[return-value]

    def _strong(self, counts: Plane) -> Index:
        """Flat indices of pixels that belong to spots, in order."""
        clipped = np.minimum(counts, np.float32(STATISTICS_TOP))
        total = self._sum(clipped)
        squares = cv2.sqrBoxFilter(clipped, cv2.CV_32F, self._box, normalize=False, borderType=cv2.BORDER_CONSTANT)
        squares = np.multiply(squares, self._number)
        wanted = total + self._allowed
        wanted *= total
        varied = np.flatnonzero((squares > wanted) & (clipped > self._settings.counts_min))
        mean = total.reshape(-1)[varied] / self._number.reshape(-1)[varied]
        above = clipped.reshape(-1)[varied] > mean + self._settings.pixel_sigmas * np.sqrt(np.maximum(mean, 0.3))
        return np.asarray(varied[above])

    def _peaks(self, counts: Plane, strong: Index) -> Index:
        """Row and column of the centre of mass of each group of strong pixels (n, 2), to the nearest pixel."""
        owner = _groups(strong, counts.shape[1])
        weight = counts.reshape(-1)[strong]
        row, column = np.divmod(strong, counts.shape[1])
        area = np.bincount(owner)
        whole = np.maximum(np.bincount(owner, weight), 1e-9)
        centres = np.stack(
            [np.bincount(owner, weight * row) / whole, np.bincount(owner, weight * column) / whole], axis=1
        )
        kept = (area >= self._settings.pixels_min) & (area <= self._settings.pixels_max)
        return np.rint(centres[kept]).astype(np.int64)

    def _measured(self, counts: Plane, strong: Index, peaks: Index) -> Found:
        """Photons and centres of spots, those left out that are no whole spots."""
        height, width = counts.shape
        inside = (peaks >= RING).all(axis=1) & (peaks[:, 0] < height - RING) & (peaks[:, 1] < width - RING)
        peaks = peaks[inside]
        offsets = np.arange(-RING, RING + 1)
        flat = (peaks[:, 0, None, None] + offsets[:, None]) * width + peaks[:, 1, None, None] + offsets
        good = self._good.reshape(-1)[flat]
        values = counts.reshape(-1)[flat].astype(np.float64)
        core = np.maximum(abs(offsets)[:, None], abs(offsets)) <= CORE
        empty = good & ~core & ~np.isin(flat, strong)
        n_empty = np.maximum(empty.sum(axis=(1, 2)), 1)
        level = (values * empty).sum(axis=(1, 2)) / n_empty
        mine = good & core
        n_mine = mine.sum(axis=(1, 2))
        net = (values - level[:, None, None]) * mine
        photons = net.sum(axis=(1, 2))
        # Counts of the spot, and the error of the background that is taken off.
        sigma = np.sqrt(np.maximum((values * mine).sum(axis=(1, 2)), 1.0) + n_mine**2 * level / n_empty)
        weight = np.maximum(net, 0.0)
        whole = np.maximum(weight.sum(axis=(1, 2)), 1e-9)
        x_px = peaks[:, 1] + (weight * offsets).sum(axis=(1, 2)) / whole
        y_px = peaks[:, 0] + (weight * offsets[:, None]).sum(axis=(1, 2)) / whole
        real = (photons > self._settings.significance_min * sigma) & (n_mine >= WHOLE_FRAC * core.sum())
        real &= net.max(axis=(1, 2), initial=0.0) < ONE_PIXEL_FRAC * whole
        order = np.flatnonzero(real)
        order = order[np.argsort(-photons[order], kind="stable")]
        return x_px[order], y_px[order], photons[order], sigma[order]


def _groups(strong: Index, width: int) -> Index:
    """Number of the group of each strong pixel; neighbours, corner to corner as well, are of one group.

    >>> _groups(np.array([11, 12, 22, 55]), 10).tolist()
    [0, 0, 0, 1]
    """
    size = len(strong)
    first, second = [], []
    for offset in (1, width - 1, width, width + 1):
        place = np.minimum(np.searchsorted(strong, strong + offset), size - 1)
        joined = np.flatnonzero(strong[place] == strong + offset) if size else place
        first.append(joined)
        second.append(place[joined])
    one, other = np.concatenate(first), np.concatenate(second)
    graph = coo_array((np.ones(len(one), dtype=np.int8), (one, other)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def as_spots(found: Found, geometry: SpotGeometry) -> tuple[Spot, ...]:
    """What `DispersionTest.find` gives, with spacings."""
    x_px, y_px, photons, sigma = found
    columns = (x_px, y_px, photons, sigma, geometry.spacing_a(x_px, y_px))
    return tuple(
        Spot(x_px=x, y_px=y, intensity=intensity, sigma=error, d_a=d)
        for x, y, intensity, error, d in zip(*(column.tolist() for column in columns), strict=True)
    )
