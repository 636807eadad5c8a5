"""The pixels that are read out: the whole detector or a region of it, with gaps between modules and bad pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from mxplans_sim.settings import DetectorSettings
from mxplans_sim.world.seeding import rng_for

Mask = npt.NDArray[np.uint32]

GAP, DEAD, HOT = 1, 2, 8
"""Bits of a pixel mask, as DECTRIS detectors and NXmx have them: no pixel, no counts, too many counts."""


@dataclass(frozen=True)
class Panel:
    """A detector as it is read out.

    Attributes:
        settings: Of the whole detector.
        seed: Of the bad pixels.
        roi: Whether only the region is read out.
    """

    settings: DetectorSettings
    seed: int = 0
    roi: bool = False

    @property
    def nx(self) -> int:
        """Columns."""
        return self.settings.roi.nx if self.roi and self.settings.roi else self.settings.nx

    @property
    def ny(self) -> int:
        """Rows."""
        return self.settings.roi.ny if self.roi and self.settings.roi else self.settings.ny

    @property
    def origin_px(self) -> tuple[int, int]:
        """Column and row of its first pixel on the whole detector."""
        return (self.settings.nx - self.nx) // 2, (self.settings.ny - self.ny) // 2

    @property
    def beam_px(self) -> tuple[float, float]:
        """Column and row of the beam; index = pixel centre."""
        x0, y0 = self.origin_px
        return self.settings.beam_x_px - x0, self.settings.beam_y_px - y0

    @property
    def frame_time_min_s(self) -> float:
        """Shortest time of a frame."""
        region = self.settings.roi
        return region.frame_time_min_s if self.roi and region else self.settings.frame_time_min_s

    @property
    def top(self) -> int:
        """Value of pixels that are in the mask; one less is the largest count."""
        return int(2**self.settings.bit_depth - 1)

    @property
    def dtype(self) -> npt.DTypeLike:
        """Type of a stored pixel."""
        return np.dtype(f"<u{self.settings.bit_depth // 8}")

    @property
    def mask(self) -> Mask:
        """Bits for each pixel that is not to be trusted, 0 for good ones (ny, nx)."""
        return _mask(self)


@lru_cache(maxsize=8)
def _mask(panel: Panel) -> Mask:
    settings = panel.settings
    bits = np.zeros((settings.ny, settings.nx), dtype=np.uint32)
    bits[:, _gaps(settings.nx, settings.modules_x, settings.gap_x_px)] = GAP
    bits[_gaps(settings.ny, settings.modules_y, settings.gap_y_px)] = GAP
    number = settings.dead_px + settings.hot_px
    if number:
        bad = rng_for(panel.seed, "bad pixels").choice(np.flatnonzero(bits == 0), number, replace=False)
        bits.flat[bad[: settings.dead_px]] = DEAD
        bits.flat[bad[settings.dead_px :]] = HOT
    x0, y0 = panel.origin_px
    cut = np.ascontiguousarray(bits[y0 : y0 + panel.ny, x0 : x0 + panel.nx])
    cut.flags.writeable = False
    return cut


@lru_cache(maxsize=8)
def masked_px(panel: Panel) -> npt.NDArray[np.intp]:
    """Flat indices of the pixels in the mask."""
    return np.flatnonzero(panel.mask)


def _gaps(pixels: int, modules: int, gap: int) -> npt.NDArray[np.bool_]:
    """Which of a row of pixels stand between modules."""
    pitch = (pixels - (modules - 1) * gap) // modules + gap
    return np.asarray(np.arange(pixels) % pitch >= pitch - gap)
